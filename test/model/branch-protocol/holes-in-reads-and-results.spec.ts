import { describe, expect, it } from '@jest/globals';
import type { BranchPlace } from '../../../src/commands/branch/branches.js';
import { branchDecider } from '../../../src/domain/branch/branch.decider.js';
import type { BranchEvent } from '../../../src/domain/branch/branch.events.js';
import { fold } from '../../../src/domain/decider.js';
import type { ObjectPath } from '../../../src/domain/model.js';
import { stagingStream, stagingToken } from '../../../src/domain/staging/staging.stream.js';
import { newEvent, contextOf } from '../../../src/commands/new-events.js';
import { MemoryCommittedStore } from '../../support/memory-committed-store.js';
import {
  committed,
  created,
  discarded,
  failed,
  intentOf,
  mergeWish,
  requested,
  resetWish,
  rotated,
  work,
} from '../../support/samples/branch.samples.js';
import { lake, uid } from '../../support/samples/repository.samples.js';
import { staged } from '../../support/samples/staging.samples.js';
import { Node } from './node.js';
import { requestOf, type Operation } from './operations.js';
import { Random } from './random.js';
import { Scheduler } from './scheduler.js';
import { Stage } from './stage.js';
import { SteppedKv } from './stepped-kv.js';

const put = (path: string, value: string): Operation => ({
  kind: 'put',
  path: path as ObjectPath,
  value,
});

/** Lists on a node of its own, and does something before each of its reads but the first. */
async function listedWhile(stage: Stage, amount: number, between: () => Promise<void>) {
  const scheduler = new Scheduler(new Random(1));
  const { log, kv, clock, ids, committed: trees } = stage.world;
  const ports = { log, kv: new SteppedKv(kv, 'R', scheduler), committed: trees, clock, ids };
  const answer = stage.does(new Node(ports), { kind: 'list', amount });
  await scheduler.run(async () => {
    if (scheduler.steps > 0) await between();
  });
  const result = await answer;
  if (result.kind !== 'list') throw new Error(`a listing was answered: ${result.kind}`);
  return result.page.items.map((item) => (item.kind === 'object' ? item.entry.checksum : ''));
}

describe('a read sees one state', () => {
  it('H12: of a branch that is written to while it is listed', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    let count = 0;
    const both = async () => {
      count++;
      for (const path of ['a', 'b']) await stage.does(node, put(path, `${path}${count}`));
    };
    await both();
    const [a, b] = await listedWhile(stage, 1000, both);
    expect([a, b]).toEqual([`a${a?.slice(1)}`, `b${a?.slice(1)}`]);
    expect(count).toBeGreaterThan(1);
  });

  it('H13: of a branch that is committed and written to while it is listed', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    let count = 0;
    const both = async () => {
      if (++count > 6) return;
      await stage.does(node, put('b', `v${count}`));
      await stage.commit(node);
      await stage.does(node, put('a', `v${count}`));
    };
    await both();
    const [a, b] = await listedWhile(stage, 1000, both);
    // `a` is written behind the commit of `b`: whoever sees the new one sees the other.
    expect(a).toBe(b);
    expect(count).toBeGreaterThan(2);
  });

  it('H14: of one node what was acknowledged by another', async () => {
    const stage = await Stage.open();
    const [writer, reader] = [stage.node(), stage.node()];
    for (const value of ['v0', 'v1', 'v2']) {
      await stage.put(writer, value);
      const answer = await stage.does(reader, { kind: 'stat', path: 'a' as ObjectPath });
      expect(answer).toEqual({ kind: 'stat', value });
      if (value === 'v1') await stage.commit(writer);
    }
  });
});

describe('a request says everything that its result depends on', () => {
  it('H15: commits by their ids, so that a source may move', async () => {
    expect(mergeWish).toMatchObject({ source: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const stage = await Stage.open();
    const node = stage.node();
    await stage.recreate(node);
    const [createdLast] = (await stage.controlEvents()).slice(-1);
    const id = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(createdLast).toMatchObject({ type: 'BranchCreated', head: { commitId: id } });
  });

  it('H16: two versions of the program may name a tree in two ways: the first stands', async () => {
    const stage = await Stage.open();
    const { log, kv, clock, ids, committed: trees } = stage.world;
    const named = new MemoryCommittedStore(trees.trees, 'newer');
    const newer = new Node({ log, kv, clock, ids, committed: named });
    const asker = stage.node();
    await stage.put(asker, 'v0');
    // The asker has built its own result when the helper's is recorded.
    asker.hooks.before('Committed', () => newer.intents.help(placeOf(), requestOf('helper')));
    const answer = await stage.commit(asker);
    const recorded = (await stage.controlEvents()).find(({ type }) => type === 'Committed');
    expect(answer).toEqual({ kind: 'commit', commit: (recorded as { commit: unknown }).commit });
    expect((await stage.controlTypes()).filter((type) => type === 'Committed')).toHaveLength(1);
  });
});

describe('what is over stays over', () => {
  it('H17: a token whose rows were dropped is not open, and cannot be opened again', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'v0');
    await stage.commit(node);
    await stage.sweep();
    const stream = stagingStream(stagingToken({ uid, branch: work, life: 0, ordinal: 0 }));
    const events = await stage.world.log.read(stream, { from: 0, direction: 'forward', limit: 9 });
    expect(events.at(-1)).toMatchObject({ type: 'StagedRowsDropped' });
    const context = contextOf(requestOf('late'), stage.world.clock);
    const late = newEvent(staged('a'), 'late', 0);
    const open = [{ stream, expected: 'open' as const, events: [late] }];
    await expect(stage.world.log.append(open, context)).rejects.toMatchObject({ reason: 'closed' });
    const again = newEvent({ type: 'TokenOpened' }, 'late', 1);
    const none = [{ stream, expected: 'none' as const, events: [again] }];
    await expect(stage.world.log.append(none, context)).rejects.toThrow('expected none');
  });

  it('H18: the same commit, asked for again elsewhere, gets the first answer', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'v0');
    const first = await stage.commit(node, 'once');
    await stage.put(node, 'v1');
    await stage.sweep();
    expect(await stage.commit(stage.node(), 'once')).toEqual(first);
    expect(await stage.seen()).toEqual({ a: 'v1' });
  });
});

describe('results', () => {
  it('H19: what was built is kept when its append loses to a request', async () => {
    const stage = await Stage.open();
    const [slow, other] = [stage.node(), stage.node()];
    let builds = 0;
    const { committed: trees } = slow.ports;
    const apply = trees.apply.bind(trees);
    trees.apply = (...asked) => {
      builds++;
      return apply(...asked);
    };
    await stage.put(slow, 'v0');
    slow.hooks.before('Committed', async () => {
      other.hooks.after('IntentRequested', () => new Promise(() => undefined));
      void stage.perform(other, intentOf('second'));
      await new Promise<void>((resolve) => void setImmediate(resolve));
    });
    expect(await stage.commit(slow)).toMatchObject({ kind: 'commit' });
    // One for the first, one for the one that came between; none of them twice.
    expect(builds).toBe(2);
  });

  it('H20: "no changes" is true of the seal: a later write is not committed', async () => {
    const stage = await Stage.open();
    const [committer, writer] = [stage.node(), stage.node()];
    committer.hooks.after('IntentRequested', async () => {
      await stage.put(writer, 'later');
    });
    expect(await stage.commit(committer)).toEqual({ kind: 'refused', code: 'no_changes' });
    expect(await stage.seen()).toEqual({ a: 'later' });
    expect(await stage.commit(committer)).toMatchObject({ kind: 'commit' });
  });

  it('H21: the order of requests decides what a reset takes (of the fold)', () => {
    const asked = [created, rotated(0), requested('c', 0), requested('r', 1, resetWish)];
    const lo = (...events: BranchEvent[]) =>
      fold(branchDecider, [...asked, ...events]).status === 'live'
        ? fold(branchDecider, [...asked, ...events])
        : undefined;
    expect(lo(committed('c'))).toMatchObject({ tokens: { lo: 1, hi: 2 } });
    expect(lo(committed('c'), discarded('r', [1, 1]))).toMatchObject({ tokens: { lo: 2, hi: 2 } });
    expect(lo(failed('c'))).toMatchObject({ tokens: { lo: 0, hi: 2 } });
    expect(lo(failed('c'), discarded('r', [0, 1]))).toMatchObject({ tokens: { lo: 2, hi: 2 } });
  });

  it('H22: what is absent is removed without a word, and only the view may say so', async () => {
    const stage = await Stage.open();
    const [stale, other] = [stage.node(), stage.node()];
    const remove: Operation = { kind: 'remove', path: 'a' as ObjectPath };
    const positions = async () => (await stage.world.log.readAll({ after: 0, limit: 99 })).length;
    await stage.put(stale, 'v0');
    await stage.commit(other);
    await stage.does(stale, remove);
    expect(await stage.seen()).toEqual({});
    const before = await positions();
    expect(await stage.does(other, remove)).toEqual({ kind: 'remove' });
    expect(await positions()).toBe(before);
    await stage.put(other, 'v1');
    expect(await stage.does(stale, remove)).toEqual({ kind: 'remove' });
    expect(await stage.seen()).toEqual({});
  });
});

const placeOf = (): BranchPlace => ({ repository: lake, branch: work });
