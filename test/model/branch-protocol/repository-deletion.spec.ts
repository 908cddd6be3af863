import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { CreateBranch } from '../../../src/commands/branch/create-branch.js';
import { decodeEvent } from '../../../src/domain/event-types.js';
import { branchStream } from '../../../src/domain/branch/branch.stream.js';
import type { BranchId } from '../../../src/domain/model.js';
import { repositoryStream } from '../../../src/domain/repository/repository.stream.js';
import { stagingStream, stagingToken } from '../../../src/domain/staging/staging.stream.js';
import { READ_EVENTS_MAX } from '../../../src/ports/event-log.js';
import { partitions } from '../../../src/projections/kv-keys.js';
import { work } from '../../support/samples/branch.samples.js';
import { lake, uid } from '../../support/samples/repository.samples.js';
import { deleteRepository } from './aggregate-operations.js';
import type { Node } from './node.js';
import { requestOf } from './operations.js';
import { mergeOfSource } from './sources.js';
import { Died, dies, Stage } from './stage.js';

const deletes = (node: Node, id = 'gone') => deleteRepository(node, requestOf(id));

const creates = (node: Node, branch: BranchId) => {
  const wish = { branch, sourceRef: 'main', isHidden: false, isForced: false };
  return node.createBranch.execute(new CreateBranch(lake.name, wish, requestOf(`new-${branch}`)));
};

/** Begins to create a branch, and returns what lets its event through. */
async function held(stage: Stage, name: string): Promise<() => Promise<void>> {
  const node = stage.node();
  const gate = Promise.withResolvers<void>();
  const isThere = Promise.withResolvers<void>();
  node.hooks.before('BranchCreated', () => {
    isThere.resolve();
    return gate.promise;
  });
  const creating = creates(node, name as BranchId);
  await isThere.promise;
  return async () => {
    gate.resolve();
    await creating;
  };
}

describe('the deletion of a repository', () => {
  it('H8: is seen by whoever opens the first token of a branch made behind it', async () => {
    const stage = await Stage.open();
    const [creator, deleter, writer, committer] = Array.from({ length: 4 }, () => stage.node());
    if (!creator || !deleter || !writer || !committer) throw new Error('four nodes');
    // Both remember the repository, and see no reason to ask for it again.
    for (const node of [writer, committer]) await node.places.repository(lake.name);
    creator.hooks.before('BranchCreated', () => deletes(deleter));
    await stage.does(deleter, { kind: 'delete' });
    await creates(creator, work);
    const refusal = { kind: 'refused', code: 'repository_not_found' };
    expect(await stage.put(writer, 'lost')).toEqual(refusal);
    expect(await stage.commit(committer)).toEqual(refusal);
    const token = stagingToken({ uid, branch: work, life: 3, ordinal: 0 });
    expect(await stage.world.log.end(stagingStream(token))).toMatchObject({ revision: -1 });
  });

  it('H8: is seen by whoever asks for something of a branch that is only sent', async () => {
    const stage = await Stage.open();
    const [creator, deleter] = [stage.node(), stage.node()];
    await stage.does(creator, { kind: 'delete' });
    let asking: Promise<unknown> | undefined;
    const created = Promise.withResolvers<void>();
    creator.hooks.after('BranchCreated', async () => void nextTurn().then(created.resolve));
    // Sent behind it, and there when that is accepted.
    creator.hooks.before('IntentRequested', () => created.promise);
    creator.hooks.before('BranchCreated', async () => {
      // All here is in memory: by the next turn everybody has come as far as they can.
      await nextTurn();
      asking = stage.does(creator, mergeOfSource);
      await nextTurn();
      await deletes(deleter);
    });
    await creates(creator, work);
    expect(await asking).toEqual({ kind: 'refused', code: 'repository_not_found' });
    const options = { from: 0, direction: 'forward', limit: READ_EVENTS_MAX } as const;
    const events = await stage.world.log.read(branchStream(uid, work), options);
    expect(events.map(({ type }) => type)).not.toContain('IntentRequested');
  });

  it('takes away rows of branches that come in while rows go', async () => {
    const stage = await Stage.open();
    const deleter = stage.node();
    const [first, second] = await Promise.all(
      ['late-1', 'late-2'].map((name) => held(stage, name)),
    );
    deleter.hooks.after('BranchDeleted', async () => first?.());
    deleter.hooks.after('RepositoryRowsDropped', async () => second?.());
    await deletes(deleter);
    expect(await partitionsOf(stage)).toEqual([[], [], []]);
  });

  for (const step of [
    'RepositoryDeletionRequested',
    'BranchDeletionRequested',
    'BranchDeleted',
    'RepositoryRowsDropped',
  ]) {
    it(`is finished by a sweep after its node died behind ${step}`, async () => {
      const stage = await Stage.open();
      const node = stage.node();
      await stage.put(node, 'v0');
      node.hooks.after(step, dies);
      await expect(deletes(node)).rejects.toThrow(Died);
      await stage.sweep();
      expect(await partitionsOf(stage)).toEqual([[], [], []]);
      expect((await repositoryEvents(stage)).at(-1)).toMatchObject({ type: 'RepositoryPurged' });
    });
  }

  it('is finished once, when two nodes do it at the same time', async () => {
    const stage = await Stage.open();
    const [one, other] = [stage.node(), stage.node()];
    one.hooks.before('RepositoryPurged', () => deletes(other, 'again').catch(() => undefined));
    one.hooks.before('BranchDeleted', () => other.sweep.run());
    await deletes(one);
    const types = (await repositoryEvents(stage)).map(({ type }) => type);
    expect(types.filter((type) => type === 'RepositoryPurged')).toHaveLength(1);
    expect(await partitionsOf(stage)).toEqual([[], [], []]);
  });
});

async function repositoryEvents(stage: Stage) {
  const options = { from: 0, direction: 'forward', limit: READ_EVENTS_MAX } as const;
  return (await stage.world.log.read(repositoryStream(lake.name), options)).map(decodeEvent);
}

/** Returns what is left of the repository in the views. */
const partitionsOf = (stage: Stage) =>
  stage.world.kv.read(
    [partitions.branches(uid), partitions.commits(uid), partitions.tags(uid)].map((partition) => ({
      kind: 'scan' as const,
      partition,
      limit: 10,
    })),
  );
