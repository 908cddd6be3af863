import { describe, expect, it } from '@jest/globals';
import { partitions } from '../../../src/projections/kv-keys.js';
import { stagingToken } from '../../../src/domain/staging/staging.stream.js';
import { intentOf, work } from '../../support/samples/branch.samples.js';
import { uid } from '../../support/samples/repository.samples.js';
import { staged } from '../../support/samples/staging.samples.js';
import { requestOf } from './operations.js';
import { Died, dies, place, Stage } from './stage.js';

describe('what a node leaves half done when it dies', () => {
  it('an intent that was accepted is completed by a sweep elsewhere', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'v0');
    node.hooks.after('IntentRequested', dies);
    await expect(stage.perform(node, intentOf('i'))).rejects.toThrow(Died);
    await stage.sweep();
    expect((await stage.controlTypes()).at(-1)).toBe('Committed');
    expect(await stage.seen()).toEqual({ a: 'v0' });
  });

  it('an intent that was accepted is completed by the next one who asks', async () => {
    const stage = await Stage.open();
    const [node, next] = [stage.node(), stage.node()];
    await stage.put(node, 'v0');
    node.hooks.after('IntentRequested', dies);
    await expect(stage.perform(node, intentOf('i'))).rejects.toThrow(Died);
    await stage.put(next, 'v1');
    expect(await stage.commit(next)).toMatchObject({ kind: 'commit' });
    const types = (await stage.controlTypes()).filter((type) => type === 'Committed');
    expect(types).toHaveLength(2);
  });

  it('a deletion that was accepted is completed by a sweep elsewhere', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'v0');
    node.hooks.after('BranchDeletionRequested', dies);
    await expect(stage.does(node, { kind: 'delete' })).rejects.toThrow(Died);
    expect(await stage.seen()).toEqual({ a: 'v0' });
    await stage.sweep();
    expect(await stage.seen()).toBeNull();
  });

  it('a deletion that was accepted is completed by a writer who comes by', async () => {
    const stage = await Stage.open();
    const [node, writer] = [stage.node(), stage.node()];
    node.hooks.after('BranchDeletionRequested', dies);
    await expect(stage.does(node, { kind: 'delete' })).rejects.toThrow(Died);
    expect(await stage.put(writer, 'v0')).toEqual({ kind: 'refused', code: 'branch_not_found' });
    expect(await stage.seen()).toBeNull();
  });

  it('rows that are dropped in slices are dropped to the end', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    const many = Array.from({ length: 1_500 }, (_, at) => staged(`p${at}`));
    await node.writer.write(place, many, requestOf('many'));
    await stage.perform(node, intentOf('i'));
    await node.sweep.run();
    stage.world.clock.advance(2_000);
    node.hooks.after('StagedRowsDropped', dies);
    await expect(node.sweep.run()).rejects.toThrow(Died);
    const partition = partitions.staging(stagingToken({ uid, branch: work, life: 0, ordinal: 0 }));
    const left = async () =>
      (await stage.world.kv.read([{ kind: 'scan', partition, limit: 2000 }]))[0];
    expect(await left()).toHaveLength(500);
    await stage.sweep();
    expect(await left()).toHaveLength(0);
    expect(Object.keys((await stage.seen()) ?? {})).toHaveLength(1_500);
  });
});
