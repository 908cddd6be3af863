import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPostgresStores, type PostgresStores } from '../../src/app/postgres-stores.js';
import { FolderArchive } from '../../src/event-log/archive/folder-archive.js';
import { connectorOf } from '../../src/event-log/postgres/connect.js';
import { PostgresLogSeal } from '../../src/event-log/postgres/postgres-log-seal.js';
import { NotOfThisArchive } from '../../src/migration/streams/archive-errors.js';
import { exportStreams } from '../../src/migration/streams/export-streams.js';
import { importStreams } from '../../src/migration/streams/import-streams.js';
import { toAppends } from '../../src/migration/streams/to-append.js';
import { verifyEvents, verifyViews } from '../../src/migration/streams/verify-streams.js';
import type { RecordedEvent } from '../../src/ports/event-log.js';
import type { ViewSlots } from '../../src/ports/view-slots.js';
import { allProjections, inlineProjection } from '../../src/projections/all-projections.js';
import { makeHistory } from '../moves/long-history.js';
import { inMemory, type TestMoraine } from '../support/moraine.js';
import { context, newEvent } from '../support/new-events.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { seed } from '../support/seed.js';

const OWN = { eventsPerAppend: 100 };

let source: TestMoraine;
let folder: string;
let archive: FolderArchive;
let events: readonly RecordedEvent[];
let wanted: readonly string[];

beforeAll(async () => {
  source = await inMemory();
  await makeHistory(source, { seed, eventCount: 1_500 });
  // What JSON holds and a text in a database does not.
  const odd = newEvent({ data: { text: 'NUL \u0000, half a pair \ud800, é, 日本' } });
  await source.adapters.log.append([{ stream: 'odd', expected: 'none', events: [odd] }], context);
  folder = await mkdtemp(join(tmpdir(), 'moraine-loading-'));
  archive = new FolderArchive(folder);
  const scope = { kind: 'all' } as const;
  await exportStreams(source.adapters.log, archive, { scope, after: 0, partEventsMax: 300 });
  const read = (await archive.parts()).map((part) => archive.read(part));
  events = (await Promise.all(read)).flat();
  // As the appends themselves have written them.
  wanted = await onDatabase(async ({ slots, log }) => {
    await importStreams(log, archive, OWN);
    return digestsOf(slots);
  });
}, 120_000);

afterAll(async () => {
  await source?.close();
  await rm(folder, { recursive: true, force: true });
});

async function onDatabase<Result>(
  work: (stores: PostgresStores, database: TestDatabase) => Promise<Result>,
): Promise<Result> {
  const database = await freshDatabase();
  const { connection } = database;
  const stores = await openPostgresStores({ connection, project: inlineProjection() });
  try {
    return await work(stores, database);
  } finally {
    await stores.close();
    await database.drop();
  }
}

/** Of every view: how many rows, and a hash of all of them. */
async function digestsOf(slots: ViewSlots): Promise<readonly string[]> {
  const digests: string[] = [];
  for (const { slot, view, state } of await slots.list()) {
    const { rowCount, sha256 } = await slots.digest(slot);
    if (state === 'active') digests.push(`${view} ${rowCount} ${sha256}`);
  }
  return digests.sort();
}

async function expectTheSame({ log, slots }: PostgresStores): Promise<void> {
  const eventCount = events.length;
  expect(await verifyEvents(log, archive, {})).toEqual({ eventCount, difference: undefined });
  expect(await digestsOf(slots)).toEqual(wanted);
  const views = await verifyViews(slots, archive, allProjections);
  expect(views.filter(({ differingCount }) => differingCount > 0)).toEqual([]);
}

describe(`events that are loaded, seed ${seed}`, () => {
  it('make the log and the views that appends make, byte for byte, in the order they had', () =>
    onDatabase(async (stores) => {
      const { log, loader } = stores;
      const report = await importStreams(log, archive, { ...OWN, loader });
      expect(report).toEqual({ writtenCount: events.length, knownCount: 0 });
      await expectTheSame(stores);
      const [first] = await log.readAll({ after: 0, limit: 1 });
      const last = await log.readAll({ after: events.length - 1, limit: 10 });
      expect([first, ...last].map((event) => event?.id)).toEqual(
        [events[0], events.at(-1)].map((event) => event?.id),
      );
      expect(last[0]?.position).toBe(events.length);
      const again = await importStreams(log, archive, { ...OWN, loader });
      expect(again).toEqual({ writtenCount: 0, knownCount: events.length });
    }));

  it('go on where appends of any length were cut off', () =>
    onDatabase(async (stores) => {
      const { log, loader } = stores;
      const known = events.slice(0, 1_000 + (seed % 100));
      for (const append of toAppends(known, 37)) {
        await log.append([append], append.events[0]?.recorded ?? context);
      }
      const { writtenCount, knownCount } = await importStreams(log, archive, { ...OWN, loader });
      expect({ writtenCount, knownCount }).toEqual({
        writtenCount: events.length - known.length,
        knownCount: known.length,
      });
      await expectTheSame(stores);
    }));

  it('are written once, whenever the connection breaks and whatever was done by then', () =>
    onDatabase(async (stores, database) => {
      const { log, loader } = stores;
      const done = new AbortController();
      let cuts = 0;
      const cutting = (async () => {
        while (!done.signal.aborted) {
          const ended = await database.query(`SELECT pg_terminate_backend(pid)
            FROM pg_stat_activity WHERE application_name = 'moraine load' AND state = 'active'`);
          cuts += ended.length;
          await wait(cuts < 20 ? 5 : 200);
        }
      })();
      await importStreams(log, archive, { ...OWN, loader }).finally(() => done.abort());
      await cutting;
      expect(cuts).toBeGreaterThan(0);
      await expectTheSame(stores);
    }));

  it('are refused as appends are where other events stand, and leave nothing behind', () =>
    onDatabase(async (stores) => {
      const { log, loader } = stores;
      const at = events.findIndex(({ revision }, index) => revision === 0 && index > 800);
      const { stream } = events[at] as RecordedEvent;
      const [first] = toAppends(events.slice(0, 1), 1);
      if (first) await log.append([first], context);
      const other = newEvent({});
      await log.append([{ stream, expected: 'none', events: [other] }], context);
      await expect(importStreams(log, archive, { ...OWN, loader })).rejects.toThrow(
        NotOfThisArchive,
      );
      expect((await log.end(stream)).revision).toBe(0);
      const behind = events.slice(at + 1).find((event) => event.revision === 0);
      if (behind) expect((await log.end(behind.stream)).revision).toBe(-1);
    }));

  it('are not taken by a log that is sealed', () =>
    onDatabase(async ({ log, loader }, { connection }) => {
      const seal = new PostgresLogSeal(() => connectorOf(connection)('seal'));
      await seal.seal('moved');
      await expect(importStreams(log, archive, { ...OWN, loader })).rejects.toMatchObject({
        name: 'LogSealed',
        message: 'moved',
      });
      expect(await log.lastPosition()).toBe(0);
    }));

  it('are not taken where their stream ends before them, or behind where they begin', () =>
    onDatabase(async ({ log, loader }) => {
      const recorded = [{ ...newEvent({}), recorded: context }];
      const loaded = async (expected: number) => {
        const prepared = loader.prepare([{ stream: 'gap', expected, events: recorded }]);
        return prepared && (await loader.load(prepared));
      };
      expect(await loaded(4)).toBe(false);
      expect(await log.end('gap')).toEqual({ revision: -1, isClosed: false });
      expect([await loaded(-1), await loaded(-1), await loaded(1)]).toEqual([true, false, false]);
      expect([await log.end('gap'), await log.lastPosition()]).toEqual([
        { revision: 0, isClosed: false },
        1,
      ]);
    }));

  it('are none when a stream lacks one of them, or when a text is none', () =>
    onDatabase(async ({ loader }) => {
      const [run = []] = [toAppends(events.slice(0, 50), 1)];
      expect(loader.prepare(run)).toBeDefined();
      const gap = run.filter((_, index) => index !== run.length - 2);
      const isGap = gap.some(({ stream }) => stream === run.at(-2)?.stream);
      expect(loader.prepare(gap) === undefined).toBe(isGap);
      const wrong = [...run, { stream: 'a\0b', expected: -1, events: run[0]?.events ?? [] }];
      expect(loader.prepare(wrong)).toBeUndefined();
    }));
});
