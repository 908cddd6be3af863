import { describe, expect, it } from '@jest/globals';
import { CLAIM_GRACE_MS } from '../../../src/commands/branch/hook-steps.js';
import { INTENTS_PER_BRANCH_MAX } from '../../../src/domain/branch/branch.decider.js';
import { DomainError } from '../../../src/domain/errors.js';
import type { HookMoment, HookRun } from '../../../src/ports/hook-runner.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import { intentOf } from '../../support/samples/branch.samples.js';
import { LOG_KINDS } from './node-log.js';
import type { Operation } from './operations.js';
import { mergeOfSource } from './sources.js';
import { Died, dies, Stage } from './stage.js';
import { TestHooks, type Hook } from './test-hooks.js';

const LIMIT_MS = 10_000;
const agrees: Hook = async () => true;
const refuses: Hook = async () => false;
const never: Hook = () => new Promise(() => undefined);

const operations: Readonly<Record<string, Operation>> = {
  commit: { kind: 'commit' },
  merge: mergeOfSource,
  delete: { kind: 'delete' },
};

/** Nodes with hooks over one log; on an asked operation alone when one is named. */
async function staged(kind: (typeof LOG_KINDS)[number], asked?: HookMoment['operation']) {
  const stage = await Stage.open(kind);
  const begun = new Map<string, string[]>();
  const nodeWith = (hook: Hook, limitMs = LIMIT_MS) => {
    const only = asked && { operations: [asked] };
    return stage.node({}, new TestHooks(begun, 'a node', { limitMs, hook, ...only }));
  };
  return { stage, begun, nodeWith };
}

describe.each(LOG_KINDS)('hooks, on a log whose groups are %s', (kind) => {
  describe.each(Object.entries(operations))('of a %s', (name, operation) => {
    const asked = operation.kind as HookMoment['operation'];
    const prepared = async (hook: Hook) => {
      const all = await staged(kind, asked);
      const node = all.nodeWith(hook);
      if (name === 'commit') await all.stage.put(node, 'v0');
      return { ...all, node };
    };

    it('are run once, and when they agree it is done', async () => {
      const runs: HookRun[] = [];
      const { stage, node } = await prepared(async (run) => runs.push(run) > 0);
      expect(await stage.does(node, operation)).toMatchObject({ kind: operation.kind });
      expect(runs).toMatchObject([{ operation: asked, set: 'the only set' }]);
      const types = await stage.controlTypes();
      expect(types.slice(-3, -1)).toEqual(['HookClaimed', 'HookVerdict']);
    });

    it('refuse it, and the branch goes on', async () => {
      const { stage, node } = await prepared(refuses);
      const refused = { kind: 'refused', code: 'precondition_failed' };
      expect(await stage.does(node, operation)).toEqual(refused);
      expect(await stage.controlTypes()).not.toContain('BranchDeleted');
      expect(await stage.put(node, 'v1')).toEqual({ kind: 'put' });
    });

    it('whose node dies in the middle are not run again: it is interrupted', async () => {
      const { stage, node, begun, nodeWith } = await prepared(never);
      void stage.does(node, operation, 'asked').catch(() => undefined);
      await stage.until(async () => begun.size === 1);
      node.hooks.die();
      const helper = nodeWith(agrees);
      stage.world.clock.advance(LIMIT_MS);
      await helper.sweep.run();
      expect((await stage.controlTypes()).at(-1)).toBe('HookClaimed');
      stage.world.clock.advance(CLAIM_GRACE_MS);
      await helper.sweep.run();
      expect((await stage.controlEvents()).at(-1)).toMatchObject({ reason: 'hook_interrupted' });
      expect(begun.size).toBe(1);
      expect(await stage.put(helper, 'v1')).toEqual({ kind: 'put' });
    });

    it('that nobody has claimed when their node dies are run by another one', async () => {
      const { stage, node, begun, nodeWith } = await prepared(never);
      node.hooks.before('HookClaimed', dies);
      await expect(stage.does(node, operation, 'asked')).rejects.toThrow(Died);
      const helper = nodeWith(agrees);
      await stage.until(async () => {
        await helper.sweep.run();
        return !(await stage.controlTypes()).includes('HookClaimed')
          ? false
          : (await stage.pendingCount()) === 0;
      });
      expect([...begun.values()]).toEqual([['a node']]);
    });
  });

  it('whose claim had no answer are run by the node that finds its own claim', async () => {
    const { stage, nodeWith, begun } = await staged(kind);
    const node = nodeWith(agrees);
    await stage.put(node, 'v0');
    node.hooks.after('HookClaimed', async () => {
      throw new UnknownOutcome('nobody said');
    });
    expect(await stage.commit(node)).toMatchObject({ kind: 'commit' });
    expect(begun.size).toBe(1);
  });

  it('whose verdict had no answer have given it all the same', async () => {
    const { stage, nodeWith, begun } = await staged(kind);
    const node = nodeWith(agrees);
    await stage.put(node, 'v0');
    node.hooks.before('HookVerdict', async () => {
      throw new UnknownOutcome('nobody said');
    });
    expect(await stage.commit(node)).toMatchObject({ kind: 'commit' });
    expect(begun.size).toBe(1);
  });

  it('that take too long are over at the time that their claim says', async () => {
    const { stage, nodeWith } = await staged(kind);
    let signal: AbortSignal | undefined;
    const node = nodeWith((run) => {
      ({ signal } = run);
      return new Promise(() => undefined);
    });
    await stage.put(node, 'v0');
    const committing = stage.commit(node);
    await stage.until(async () => signal !== undefined);
    stage.world.clock.advance(LIMIT_MS);
    expect(await committing).toEqual({ kind: 'refused', code: 'precondition_failed' });
    expect(signal?.aborted).toBe(true);
    expect((await stage.controlEvents()).at(-1)).toMatchObject({ reason: 'hook_interrupted' });
  });

  it('keep what is behind them waiting, and writers not at all', async () => {
    const { stage, nodeWith } = await staged(kind);
    const answer = Promise.withResolvers<boolean>();
    const [slow, other] = [nodeWith(() => answer.promise), nodeWith(agrees)];
    await stage.put(slow, 'v0');
    const first = stage.commit(slow, 'first');
    await stage.until(async () => (await stage.controlTypes()).includes('HookClaimed'));
    expect(await stage.put(other, 'v1')).toEqual({ kind: 'put' });
    const second = stage.commit(other, 'second');
    await stage.until(async () => (await stage.pendingCount()) === 2);
    answer.resolve(true);
    expect(await Promise.all([first, second])).toMatchObject([
      { kind: 'commit' },
      { kind: 'commit' },
    ]);
  });

  it('a caller waits no longer than it may: its intent is named, and completes', async () => {
    const { stage, nodeWith } = await staged(kind);
    const answer = Promise.withResolvers<boolean>();
    const node = nodeWith(() => answer.promise, 600_000);
    await stage.put(node, 'v0');
    const performing = stage.perform(node, intentOf('i'));
    await stage.until(async () => (await stage.controlTypes()).includes('HookClaimed'));
    stage.world.clock.advance(60_001);
    await expect(performing).rejects.toEqual(new DomainError('intent_pending', { intent: 'i' }));
    answer.resolve(true);
    await stage.until(async () => (await stage.controlTypes()).includes('HookVerdict'));
    await node.sweep.run();
    expect((await stage.controlTypes()).at(-1)).toBe('Committed');
    stage.world.clock.advance(600_000);
  });

  it('a full queue takes no more, and nothing of what it refuses is in the log', async () => {
    const { stage, nodeWith } = await staged(kind);
    const node = nodeWith(never, 600_000);
    await stage.put(node, 'v0');
    for (let count = 0; count < INTENTS_PER_BRANCH_MAX; count++) {
      stage.perform(node, intentOf(`i${count}`)).catch(() => undefined);
    }
    await stage.until(async () => (await stage.pendingCount()) === INTENTS_PER_BRANCH_MAX);
    const { revision } = await stage.view(node);
    const waitingCount = INTENTS_PER_BRANCH_MAX;
    const busy = new DomainError('branch_busy', { waitingCount });
    await expect(stage.perform(node, intentOf('late'))).rejects.toEqual(busy);
    expect((await stage.view(node)).revision).toBe(revision);
    node.hooks.die();
    stage.world.clock.advance(600_000);
  });
});
