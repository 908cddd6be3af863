import { describe, expect, it } from '@jest/globals';
import { CreateBranch } from '../../../src/commands/branch/create-branch.js';
import {
  ChangeBranchRules,
  ChangeBranchRulesHandler,
} from '../../../src/commands/repository/change-branch-rules.js';
import { RuleEnforcement } from '../../../src/commands/repository/rule-enforcement.js';
import { SweepRules } from '../../../src/commands/repository/sweep-rules.js';
import type { BranchId, ObjectPath } from '../../../src/domain/model.js';
import type { BlockedAction } from '../../../src/domain/repository/branch-rules.js';
import { stagingStream, stagingToken } from '../../../src/domain/staging/staging.stream.js';
import { RepositoriesView } from '../../../src/projections/repositories.view.js';
import {
  hardResetWish,
  intentOf,
  mergeWish,
  resetWish,
  work,
} from '../../support/samples/branch.samples.js';
import { lake, uid } from '../../support/samples/repository.samples.js';
import type { Node } from './node.js';
import { requestOf } from './operations.js';
import { Died, dies, Stage } from './stage.js';

const BOTH: readonly BlockedAction[] = ['staging_write', 'commit'];
let count = 0;

const enforcementOf = (node: Node) =>
  new RuleEnforcement(node.ports.kv, node.streams, node.successors.protection);

const changes = (node: Node, change: ChangeBranchRules['change']) =>
  new ChangeBranchRulesHandler(node.places, node.streams, enforcementOf(node)).execute(
    new ChangeBranchRules(lake.name, change, requestOf(`rules-${count++}`)),
  );

const protects = (node: Node, pattern = 'w*', blocks = BOTH) =>
  changes(node, { type: 'AddBranchRule', rule: { pattern, blocks } });
const frees = (node: Node, pattern = 'w*') => changes(node, { type: 'RemoveBranchRule', pattern });

async function sweepRules(stage: Stage): Promise<void> {
  const node = stage.node();
  const view = new RepositoriesView(node.ports.kv);
  await new SweepRules(node.ports.ids, view, enforcementOf(node)).run();
  await stage.world.catchUp();
}

const creates = (node: Node, branch: BranchId = work) => {
  const wish = { branch, sourceRef: 'main', isHidden: false, isForced: false };
  return node.createBranch.execute(new CreateBranch(lake.name, wish, requestOf(`new-${count++}`)));
};

const isOpen = async (stage: Stage, ordinal: number, life = 0) => {
  const token = stagingToken({ uid, branch: work, life, ordinal });
  const { revision, isClosed } = await stage.world.log.end(stagingStream(token));
  return revision >= 0 && !isClosed;
};

const noWrite = { kind: 'refused', code: 'protected_branch_write' };
const noCommit = { kind: 'refused', code: 'protected_branch_commit' };

describe('H7: a rule that blocks', () => {
  it('holds when it is answered, on every node, whatever they remember', async () => {
    const stage = await Stage.open();
    const [writer, other, protector] = [stage.node(), stage.node(), stage.node()];
    await stage.put(writer, 'v0');
    await stage.put(other, 'v1');
    await protects(protector);
    expect(await stage.put(writer, 'late')).toEqual(noWrite);
    expect(await stage.commit(other)).toEqual(noCommit);
    expect(await stage.seen()).toEqual({ a: 'v1' });
    expect(await isOpen(stage, 0)).toBe(false);
  });

  it('is not overtaken by a commit that names the next token meanwhile', async () => {
    const stage = await Stage.open();
    const [committer, writer, protector] = [stage.node(), stage.node(), stage.node()];
    await stage.put(writer, 'v0');
    protector.hooks.before('WritesBlocked', async () => {
      await stage.commit(committer);
    });
    await protects(protector);
    expect(await isOpen(stage, 1)).toBe(false);
    expect(await stage.put(writer, 'late')).toEqual(noWrite);
    expect(await stage.seen()).toEqual({ a: 'v0' });
  });

  it('is not overtaken by a commit that read the branch before it', async () => {
    const stage = await Stage.open();
    const [committer, protector] = [stage.node(), stage.node()];
    await stage.put(committer, 'v0');
    committer.hooks.before('IntentRequested', () => protects(protector));
    expect(await stage.commit(committer)).toEqual(noCommit);
    expect((await stage.controlTypes()).filter((type) => type === 'IntentRequested')).toEqual([]);
  });

  it('lets through what was acknowledged before it, and what was asked for before it', async () => {
    const stage = await Stage.open();
    const [committer, protector] = [stage.node(), stage.node()];
    await stage.put(committer, 'v0');
    committer.hooks.after('IntentRequested', () => protects(protector));
    expect(await stage.commit(committer)).toMatchObject({ kind: 'commit' });
    expect(await stage.put(committer, 'late')).toEqual(noWrite);
  });

  it('forbids every way in but a merge', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'v0');
    await stage.commit(node);
    await protects(node);
    const remove = { kind: 'remove', path: 'a' as ObjectPath } as const;
    expect(await stage.does(node, remove)).toEqual(noWrite);
    const { state } = await stage.view(node);
    if (state.status !== 'live') throw new Error('it is there');
    const { commitId, metaRangeId } = state.head;
    const refused = [
      ['revert', { kind: 'revert', commit: commitId, parentNumber: 0, allowsEmpty: false }],
      ['pick', { kind: 'cherry-pick', commit: commitId, parentNumber: 1 }],
      ['import', { kind: 'import', source: metaRangeId, replaced: [] }],
      ['reset', resetWish],
      ['hard', hardResetWish],
    ] as const;
    for (const [name, wish] of refused) {
      await expect(stage.perform(node, intentOf(name, wish))).rejects.toThrow('protected branch');
    }
    const wish = { ...mergeWish, source: commitId, allowsEmpty: true } as typeof mergeWish;
    expect(await stage.perform(node, intentOf('merge', wish))).toMatchObject({ type: 'Merged' });
    expect(await isOpen(stage, 1)).toBe(false);
    expect(await isOpen(stage, 2)).toBe(false);
  });

  it('may block either, and several over one branch block together', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await protects(node, 'work', ['commit']);
    expect(await stage.put(node, 'v0')).toEqual({ kind: 'put' });
    expect(await stage.commit(node)).toEqual(noCommit);
    await protects(node, '*', ['staging_write']);
    expect(await stage.put(node, 'v1')).toEqual(noWrite);
    await frees(node, 'work');
    expect(await stage.put(node, 'v1')).toEqual(noWrite);
    expect(await stage.commit(node)).toMatchObject({ kind: 'commit' });
    await frees(node, '*');
    expect(await stage.put(node, 'v2')).toEqual({ kind: 'put' });
    expect(await stage.seen()).toEqual({ a: 'v2' });
  });

  it('is gone for everybody when its removal is answered', async () => {
    const stage = await Stage.open();
    const [writer, protector] = [stage.node(), stage.node()];
    await stage.put(writer, 'v0');
    await protects(protector);
    expect(await stage.put(writer, 'late')).toEqual(noWrite);
    await frees(protector);
    expect(await stage.put(writer, 'v1')).toEqual({ kind: 'put' });
    expect(await stage.commit(stage.node())).toMatchObject({ kind: 'commit' });
    await stage.sweep();
  });

  it('is not lifted by one who acts on rules that are older', async () => {
    const stage = await Stage.open();
    const [slow, fast, writer] = [stage.node(), stage.node(), stage.node()];
    await stage.put(writer, 'v0');
    await protects(fast);
    slow.hooks.before('WritesAllowed', () => protects(fast, 'work'));
    await frees(slow);
    expect(await stage.put(writer, 'late')).toEqual(noWrite);
    expect(await stage.seen()).toEqual({ a: 'v0' });
  });

  it('that is gone again does not stay, whoever was slow to say it', async () => {
    const stage = await Stage.open();
    const [slow, fast, writer] = [stage.node(), stage.node(), stage.node()];
    await stage.put(writer, 'v0');
    slow.hooks.before('WritesBlocked', () => frees(fast));
    slow.hooks.after('WritesBlocked', dies);
    await expect(protects(slow)).rejects.toThrow(Died);
    // Nobody sweeps: the rules are asked by the writer itself.
    expect(await stage.put(writer, 'v1')).toEqual({ kind: 'put' });
  });

  it('that is lifted by a commit lets it seal the token that came with it', async () => {
    const stage = await Stage.open();
    const [committer, protector, slow] = [stage.node(), stage.node(), stage.node()];
    await stage.put(committer, 'v0');
    await protects(protector);
    slow.hooks.after('BranchRulesSet', dies);
    await expect(frees(slow)).rejects.toThrow(Died);
    // It is told "closed" of the token before, and lifts the rule itself.
    expect(await stage.commit(committer)).toMatchObject({ kind: 'commit' });
    expect(await isOpen(stage, 1)).toBe(false);
    expect(await isOpen(stage, 2)).toBe(true);
  });

  it.each(['BranchRulesSet', 'WritesBlocked', 'TokenClosed'])(
    'is finished by a sweep, when its node died behind %s',
    async (step) => {
      const stage = await Stage.open();
      const node = stage.node();
      await stage.put(node, 'v0');
      node.hooks.after(step, dies);
      await expect(protects(node)).rejects.toThrow(Died);
      await sweepRules(stage);
      expect(await isOpen(stage, 0)).toBe(false);
      expect(await stage.put(stage.node(), 'late')).toEqual(noWrite);
      expect(await new RepositoriesView(stage.world.kv).withPendingRules(1)).toEqual([]);
    },
  );
});

describe('H8: a rule and a branch that is being created', () => {
  it('meet, when the rule comes between: who opens the first token asks for rules', async () => {
    const stage = await Stage.open();
    const [creator, protector, writer, committer] = Array.from({ length: 4 }, () => stage.node());
    if (!creator || !protector || !writer || !committer) throw new Error('four nodes');
    await stage.does(protector, { kind: 'delete' });
    creator.hooks.before('BranchCreated', () => protects(protector));
    await creates(creator);
    expect(await stage.put(writer, 'lost')).toEqual(noWrite);
    expect(await stage.commit(committer)).toEqual(noCommit);
    expect(await isOpen(stage, 0, 3)).toBe(false);
  });

  it('meet, when the rule comes after: it finds the branch in the list', async () => {
    const stage = await Stage.open();
    const [writer, protector] = [stage.node(), stage.node()];
    writer.hooks.before('TokenRotated', () => protects(protector));
    expect(await stage.put(writer, 'lost')).toEqual(noWrite);
    expect(await stage.seen()).toEqual({});
  });

  it('meet, when a write comes before the branch was told: the writer tells it', async () => {
    const stage = await Stage.open();
    const [writer, protector] = [stage.node(), stage.node()];
    protector.hooks.before('WritesBlocked', async () => {
      expect(await stage.put(writer, 'lost')).toEqual(noWrite);
    });
    await protects(protector);
    expect(await isOpen(stage, 0)).toBe(false);
    expect(await stage.seen()).toEqual({});
  });

  it('meet in a later life of the branch too', async () => {
    const stage = await Stage.open();
    const [node, writer] = [stage.node(), stage.node()];
    await protects(node);
    await stage.recreate(node);
    expect(await stage.put(writer, 'lost')).toEqual(noWrite);
    await frees(node);
    expect(await stage.put(writer, 'v1')).toEqual({ kind: 'put' });
    await stage.sweep();
  });

  it('let a merge into a branch that nobody has written to', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await protects(node);
    const { state } = await stage.view(node);
    if (state.status !== 'live') throw new Error('it is there');
    const source = state.head.commitId;
    const wish = { ...mergeWish, source, allowsEmpty: true } as typeof mergeWish;
    expect(await stage.perform(node, intentOf('merge', wish))).toMatchObject({ type: 'Merged' });
    expect(await stage.put(node, 'lost')).toEqual(noWrite);
  });
});
