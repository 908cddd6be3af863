import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EventId, RepositoryId } from '../../src/domain/model.js';
import { FolderArchive } from '../../src/event-log/archive/folder-archive.js';
import { MemoryEventLog } from '../../src/event-log/memory-event-log.js';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import { MemoryViewSlots } from '../../src/kv-adapter/memory-view-slots.js';
import { NotOfThisArchive } from '../../src/migration/streams/archive-errors.js';
import { exportStreams } from '../../src/migration/streams/export-streams.js';
import { importStreams } from '../../src/migration/streams/import-streams.js';
import { RepositoryUnknown } from '../../src/migration/streams/scope.js';
import { verifyEvents, verifyViews } from '../../src/migration/streams/verify-streams.js';
import { EventArchive } from '../../src/ports/event-archive.js';
import type { EventLog, RecordedEvent } from '../../src/ports/event-log.js';
import type { ViewSlots } from '../../src/ports/view-slots.js';
import { CorruptData } from '../../src/ports/store-errors.js';
import { allProjections, inlineProjection } from '../../src/projections/all-projections.js';
import { RepositoriesView } from '../../src/projections/repositories.view.js';
import { histories } from '../model/histories.js';
import { runHistory } from '../model/run-history.js';
import { inMemory, type TestMoraine } from '../support/moraine.js';
import { seed } from '../support/seed.js';

const ALL = { scope: { kind: 'all' }, after: 0, partEventsMax: 20 } as const;
const IMPORT = { eventsPerAppend: 500 };
const STEPS = 30;

let source: TestMoraine;
let log: EventLog;
const repositories: RepositoryId[] = [];

beforeAll(async () => {
  source = await inMemory();
  ({ log } = source.adapters);
  await fc.assert(
    fc.asyncProperty(histories(STEPS), async (steps) => {
      repositories.push(await runHistory(source, steps));
    }),
    { seed, numRuns: 6 },
  );
  // Whatever the seed makes, there are parts enough.
  const upload = { do: 'upload', branch: 'main', path: 'a' } as const;
  const commit = { do: 'commit', branch: 'main', allowsEmpty: false } as const;
  const turns = Array.from({ length: 20 }, (_, turn) => [{ ...upload, body: `${turn}` }, commit]);
  repositories.push(await runHistory(source, turns.flat()));
});

afterAll(() => source.close());

/** A log with its views, and nothing in it. */
function emptyLog() {
  const kv = new MemoryKvStore();
  const target = new MemoryEventLog({ kv, project: inlineProjection() });
  return { kv, target, slots: new MemoryViewSlots(kv) };
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'moraine-archive-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function eventsOf(of: EventLog): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (;;) {
    const page = await of.readAll({ after: events.at(-1)?.position ?? 0, limit: 1000 });
    if (page.length === 0) return events;
    events.push(...page);
  }
}

/** Every view there is was compared, and none differs. */
async function expectSameViews(slots: ViewSlots, archive: EventArchive): Promise<void> {
  const verified = await verifyViews(slots, archive, allProjections);
  expect(verified.map(({ view, differingCount }) => [view, differingCount])).toEqual(
    allProjections.map(({ name }) => [name, 0]),
  );
}

/** Dies in its nth call. */
class Dying extends EventArchive {
  #left: number;

  constructor(
    private readonly of: EventArchive,
    calls: number,
  ) {
    super();
    this.#left = calls;
  }

  about = () => this.of.about();
  parts = () => this.of.parts();
  begin = (...of: Parameters<EventArchive['begin']>) => this.of.begin(...of);

  async append(...of: Parameters<EventArchive['append']>) {
    this.#count();
    return this.of.append(...of);
  }

  async read(...of: Parameters<EventArchive['read']>) {
    this.#count();
    return this.of.read(...of);
  }

  #count(): void {
    if (this.#left-- <= 0) throw new Error('died');
  }
}

describe(`an archive of a log, seed ${seed}`, () => {
  it('holds every event as it is, and makes a log that is the same, views included', () =>
    withFolder(async (folder) => {
      const archive = new FolderArchive(folder);
      const exported = await exportStreams(log, archive, ALL);
      const { target, slots } = emptyLog();
      const imported = await importStreams(target, archive, IMPORT);
      expect(imported).toEqual({ writtenCount: exported.eventCount, knownCount: 0 });
      const bare = (event: RecordedEvent) => ({ ...event, position: 0 });
      expect((await eventsOf(target)).map(bare)).toEqual((await eventsOf(log)).map(bare));
      expect(await verifyEvents(target, archive, {})).toEqual({
        eventCount: exported.eventCount,
        difference: undefined,
      });
      await expectSameViews(slots, archive);
    }));

  it('makes the same streams and views of a log that does not keep the order of calls', () =>
    withFolder(async (folder) => {
      const archive = new FolderArchive(folder);
      await exportStreams(log, archive, ALL);
      const { target, slots } = emptyLog();
      await importStreams(target, archive, { isSideBySide: true, eventsPerAppend: 3 });
      expect(await verifyEvents(target, archive, {})).toMatchObject({ difference: undefined });
      await expectSameViews(slots, archive);
    }));

  it('goes on where it was, wherever either way is cut off', () =>
    withFolder(async (folder) => {
      const archive = new FolderArchive(folder);
      for (let calls = 0; ; calls++) {
        const isDone = await exportStreams(log, new Dying(archive, 2), ALL).then(
          () => true,
          () => false,
        );
        if (isDone) break;
        expect(calls).toBeLessThan(100);
      }
      expect((await archive.parts()).length).toBeGreaterThan(3);
      const { target } = emptyLog();
      for (let calls = 2; ; calls++) {
        // Each part is read once to look whether it is in, so it gets a little further each time.
        const isDone = await importStreams(target, new Dying(archive, calls), IMPORT).then(
          () => true,
          () => false,
        );
        if (isDone) break;
        expect(calls).toBeLessThan(100);
      }
      expect(await verifyEvents(target, archive, {})).toMatchObject({ difference: undefined });
    }));

  it('takes what came since, and brings it over', () =>
    withFolder(async (folder) => {
      const other = await inMemory();
      const archive = new FolderArchive(folder);
      const { target } = emptyLog();
      const upload = { do: 'upload', branch: 'main', path: 'a', body: 'one' } as const;
      for (const body of ['one', 'two', 'three']) {
        await runHistory(other, [{ ...upload, body }]);
        await exportStreams(other.adapters.log, archive, ALL);
        await importStreams(target, archive, IMPORT);
      }
      expect(await verifyEvents(target, archive, {})).toMatchObject({ difference: undefined });
      expect(await exportStreams(other.adapters.log, archive, ALL)).toMatchObject({
        eventCount: 0,
      });
      await other.close();
    }));

  it('names a flipped byte, a lost line and a lost file, and takes a torn end for none', () =>
    withFolder(async (folder) => {
      const archive = new FolderArchive(folder);
      await exportStreams(log, archive, ALL);
      const file = join(folder, 'events-00000002.ndjson.gz');
      const bytes = await readFile(file);
      const flipped = Uint8Array.from(bytes);
      flipped[40] = (flipped[40] ?? 0) ^ 1;
      await writeFile(file, flipped);
      const { target } = emptyLog();
      await expect(importStreams(target, archive, IMPORT)).rejects.toThrow(
        'events-00000002.ndjson.gz is not what was written',
      );
      await rm(file);
      await expect(verifyEvents(log, archive, {})).rejects.toThrow(CorruptData);
      await writeFile(file, bytes);
      const list = join(folder, 'parts.ndjson');
      const text = await readFile(list);
      await truncate(list, text.length - 5);
      const parts = await archive.parts();
      await exportStreams(log, archive, ALL);
      expect((await archive.parts()).length).toBe(parts.length + 1);
      expect(await readFile(list, 'utf8')).toBe(text.toString());
      await writeFile(list, text.toString().split('\n').slice(1).join('\n'));
      await expect(archive.parts()).rejects.toThrow('parts.ndjson: line 1');
    }));

  it('is compared event by event, and the first difference is named', () =>
    withFolder(async (folder) => {
      const archive = new FolderArchive(folder);
      await exportStreams(log, archive, ALL);
      const { target } = emptyLog();
      const events = await eventsOf(log);
      const odd = 45;
      for (const [index, { stream, revision, ...event }] of events.entries()) {
        const { data, ...rest } = event;
        const changed = index === odd ? { ...data, more: 1 } : data;
        await target.append(
          [{ stream, expected: revision - 1, events: [{ ...rest, data: changed }] }],
          event,
        );
      }
      const { stream, revision } = events[odd] as RecordedEvent;
      expect(await verifyEvents(target, archive, {})).toEqual({
        eventCount: odd + 1,
        difference: { number: odd + 1, stream, revision, what: 'data' },
      });
    }));

  it('finds what the log has and it has not', () =>
    withFolder(async (folder) => {
      const archive = new FolderArchive(folder);
      const { target } = emptyLog();
      await exportStreams(log, archive, ALL);
      await importStreams(target, archive, IMPORT);
      const created = (await eventsOf(log)).find(({ type: one }) => one === 'RepositoryCreated');
      const event = { ...created, id: randomUUID() as EventId };
      const { id, type, data, version } = event as RecordedEvent;
      const append = {
        stream: 'repository-more',
        expected: 'none',
        events: [{ id, type, data, version }],
      };
      await target.append([append as never], event as never);
      const { eventCount, difference } = await verifyEvents(target, archive, {});
      expect(difference).toEqual({
        number: eventCount + 1,
        stream: 'repository-more',
        revision: 0,
        what: 'extra',
      });
    }));

  it('does not go where something else is, and no other log goes into it', () =>
    withFolder(async (folder) => {
      const archive = new FolderArchive(folder);
      await exportStreams(log, archive, ALL);
      const other = await inMemory();
      await runHistory(other, []);
      await expect(importStreams(other.adapters.log, archive, IMPORT)).rejects.toThrow(
        NotOfThisArchive,
      );
      await expect(
        exportStreams(log, archive, { scope: { kind: 'all' }, after: 5 }),
      ).rejects.toThrow(NotOfThisArchive);
      await expect(
        importStreams(log, new FolderArchive(join(folder, 'none')), IMPORT),
      ).rejects.toThrow('there is no archive');
      await other.close();
    }));
});

describe('an archive of one repository', () => {
  it('holds all of its streams and no other, and goes beside others under another name', () =>
    withFolder(async (folder) => {
      const [name] = repositories as [RepositoryId];
      const archive = new FolderArchive(folder);
      const scope = { kind: 'repository', name } as const;
      await exportStreams(log, archive, { scope, after: 0 });
      const other = await inMemory();
      await runHistory(other, []);
      const as = 'moved' as RepositoryId;
      await importStreams(other.adapters.log, archive, { ...IMPORT, as });
      expect(await verifyEvents(other.adapters.log, archive, { as })).toMatchObject({
        difference: undefined,
      });
      const was = await new RepositoriesView(source.adapters.kv).get(name);
      const is = await new RepositoriesView(other.adapters.kv).get(as);
      expect(is).toEqual({ ...was, name: as });
      const ofUid = (events: readonly RecordedEvent[]) =>
        events.filter(({ stream }) => stream.includes(was.uid)).length;
      expect(ofUid(await eventsOf(other.adapters.log))).toBe(ofUid(await eventsOf(log)));
      await other.close();
    }));

  it('leaves out a neighbour whose name begins as its own', () =>
    withFolder(async (folder) => {
      const { target } = emptyLog();
      const created = (await eventsOf(log)).find(({ type }) => type === 'RepositoryCreated');
      const { type, version, data, ...context } = created as RecordedEvent;
      for (const name of ['part', 'partial']) {
        const record = { ...(data['repository'] as object), name, uid: `${name}uid` };
        const event = { id: randomUUID() as EventId, type, version };
        const append = {
          stream: `repository-${name}`,
          expected: 'none' as const,
          events: [{ ...event, data: { ...data, repository: record } }],
        };
        await target.append([append], context);
      }
      const archive = new FolderArchive(folder);
      const scope = { kind: 'repository', name: 'part' } as const;
      expect(await exportStreams(target, archive, { scope, after: 0 })).toMatchObject({
        eventCount: 1,
      });
    }));

  it('is refused when there is no such repository', () =>
    withFolder(async (folder) => {
      const scope = { kind: 'repository', name: 'nobody' } as const;
      await expect(
        exportStreams(log, new FolderArchive(folder), { scope, after: 0 }),
      ).rejects.toThrow(RepositoryUnknown);
      expect(await readdir(folder)).toEqual([]);
    }));
});

describe('an archive from a position on', () => {
  it('goes behind what stands before it, and nowhere else', () =>
    withFolder(async (folder) => {
      const whole = new FolderArchive(join(folder, 'whole'));
      const rest = new FolderArchive(join(folder, 'rest'));
      await exportStreams(log, whole, ALL);
      const middle = (await whole.parts())[1]?.lastPosition ?? 0;
      await exportStreams(log, rest, { scope: { kind: 'all' }, after: middle });
      const { target } = emptyLog();
      await expect(importStreams(target, rest, IMPORT)).rejects.toThrow(NotOfThisArchive);
      const events = await eventsOf(log);
      for (const { stream, revision, ...event } of events) {
        if (event.position > middle) break;
        await target.append([{ stream, expected: revision - 1, events: [event] }], event);
      }
      await importStreams(target, rest, IMPORT);
      expect(await verifyEvents(target, whole, {})).toMatchObject({ difference: undefined });
    }));
});
