import { describe, expect, it, jest } from '@jest/globals';
import { encodeEvent, type DomainEvent } from '../domain/event-types.js';
import { eventIdOf } from '../domain/event-id.js';
import type { CommandId, CommitId, RepositoryUid, TagId } from '../domain/model.js';
import { tagStream } from '../domain/tag/tag.stream.js';
import { MemoryEventLog } from '../event-log/memory-event-log.js';
import { MemoryKvStore } from '../kv-adapter/memory-kv-store.js';
import { MemoryViewSlots } from '../kv-adapter/memory-view-slots.js';
import type { InlineProjection, NewEvent } from '../ports/event-log.js';
import { fromUtf8 } from '../shared/bytes.js';
import { allProjections, inlineProjection } from './all-projections.js';
import { Rebuilder, UnknownProjection } from './rebuild.js';
import { TagsView } from './tags.view.js';

const uid = 'd0000000000000000000' as RepositoryUid;
const commitId = 'c'.repeat(64) as CommitId;
const project = inlineProjection();

function open(inline: InlineProjection) {
  const kv = new MemoryKvStore();
  const slots = new MemoryViewSlots(kv);
  const log = new MemoryEventLog({ kv, project: inline });
  const rebuilder = new Rebuilder(log, slots, allProjections);
  let count = 0;
  const append = async (tag: string, event: DomainEvent) => {
    const commandId = `command-${++count}` as CommandId;
    const newEvent = { id: eventIdOf(commandId, 0), ...encodeEvent(event) } as NewEvent;
    const context = { atMs: 0, caller: 'tester', requestId: 'r', commandId };
    const stream = tagStream(uid, tag as TagId);
    await log.append([{ stream, expected: 'any', events: [newEvent] }], context);
  };
  return { kv, log, slots, rebuilder, append };
}

describe('a rebuild', () => {
  it('equals the live view, byte for byte', async () => {
    const { rebuilder, append } = open(project);
    await append('v1', { type: 'TagCreated', commitId });
    await append('v2', { type: 'TagCreated', commitId });
    await append('v1', { type: 'TagDeleted', commitId });
    const report = await rebuilder.rebuild('tags', { swap: false });
    expect(report).toMatchObject({ events: 3, writes: 3, differingCount: 0, isSwapped: false });
  });

  it('names the row of an event that the live view has skipped', async () => {
    const { rebuilder, append } = open((event) =>
      event.stream.endsWith('-v2') ? [] : project(event),
    );
    await append('v1', { type: 'TagCreated', commitId });
    await append('v2', { type: 'TagCreated', commitId });
    const report = await rebuilder.rebuild('tags', { swap: false });
    expect(report.differingCount).toBe(1);
    const [row] = report.differing;
    expect(row && [row.partition, fromUtf8(row.key)]).toEqual([`tags/${uid}`, 'v2']);
    expect(row?.left).toBeUndefined();
    expect(row?.right).toBeDefined();
  });

  it('of several views reads the log once, and tells of each what it is', async () => {
    const { log, rebuilder, append } = open((event) =>
      event.stream.endsWith('-v2') ? [] : project(event),
    );
    for (let tag = 0; tag < 1_700; tag++) {
      await append(`v${tag}`, { type: 'TagCreated', commitId });
    }
    const reads = jest.spyOn(log, 'readAll');
    const names = allProjections.map(({ name }) => name);
    const reports = await rebuilder.rebuildAll(names, { swap: true });
    const whole = reads.mock.calls.filter(([{ after }]) => after < 1_000);
    expect(whole).toHaveLength(1);
    expect(reports.map(({ projection, events }) => [projection, events])).toEqual(
      names.map((name) => [name, 1_700]),
    );
    const differing = reports.filter(({ differingCount }) => differingCount > 0);
    expect(differing).toMatchObject([{ projection: 'tags', differingCount: 1, writes: 1_700 }]);
    expect(await rebuilder.rebuild('tags', { swap: false })).toMatchObject({ differingCount: 0 });
  });

  it('puts what it built in the place of a view that is wrong', async () => {
    const { kv, rebuilder, append } = open(() => []);
    await append('v1', { type: 'TagCreated', commitId });
    const view = new TagsView(kv);
    expect(await view.get(uid, 'v1' as TagId)).toBeUndefined();
    const report = await rebuilder.rebuild('tags', { swap: true });
    expect(report).toMatchObject({ differingCount: 1, isSwapped: true });
    expect(await view.get(uid, 'v1' as TagId)).toEqual({ commitId });
    expect(await rebuilder.rebuild('tags', { swap: false })).toMatchObject({ differingCount: 0 });
  });

  it('is refused of a view that nobody knows, naming those there are', async () => {
    const { rebuilder } = open(project);
    const refused = rebuilder.rebuild('labels', { swap: false });
    await expect(refused).rejects.toThrow(UnknownProjection);
    await expect(refused).rejects.toThrow('tags');
  });

  it('is made at the start of every view that another version wrote, and of no other', async () => {
    const { log, slots, rebuilder, append } = open(project);
    await append('v1', { type: 'TagCreated', commitId });
    expect(await rebuilder.bringUpToDate()).toHaveLength(allProjections.length);
    expect(await rebuilder.bringUpToDate()).toEqual([]);
    const newer = allProjections.map((one) => (one.name === 'tags' ? { ...one, version: 2 } : one));
    const reports = await new Rebuilder(log, slots, newer).bringUpToDate();
    expect(reports).toMatchObject([{ projection: 'tags', writes: 1, isSwapped: true }]);
  });

  it('leaves no slot behind', async () => {
    const { rebuilder, append } = open(project);
    await append('v1', { type: 'TagCreated', commitId });
    await rebuilder.rebuild('tags', { swap: true });
    await rebuilder.rebuild('tags', { swap: false });
    const listed = await rebuilder.list();
    expect(listed.every(({ isBuilding }) => !isBuilding)).toBe(true);
  });
});
