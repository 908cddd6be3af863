import { describe, expect, it } from '@jest/globals';
import { intentOf } from '../../support/samples/branch.samples.js';
import { Stage } from './stage.js';

describe('a branch that was deleted and created again', () => {
  it('keeps its open token although a writer was told "closed" of the same one', async () => {
    const stage = await Stage.open();
    const [writer, other] = [stage.node(), stage.node()];
    await stage.put(writer, 'old');
    await stage.recreate(other);
    await stage.put(other, 'new');
    await stage.put(writer, 'newer');
    expect(await stage.seen()).toEqual({ a: 'newer' });
    expect((await stage.controlTypes()).filter((type) => type === 'TokenRotated')).toHaveLength(2);
  });

  it('keeps its open token although a commit was told "closed" of the same one', async () => {
    const stage = await Stage.open();
    const [committer, other] = [stage.node(), stage.node()];
    await stage.put(committer, 'old');
    await stage.recreate(other);
    await stage.put(other, 'new');
    expect(await stage.commit(committer)).toMatchObject({ kind: 'commit' });
    expect(await stage.put(other, 'newer')).toEqual({ kind: 'put' });
    expect(await stage.seen()).toEqual({ a: 'newer' });
  });

  it('is sealed under a rule, although a commit was told "closed" of the same token', async () => {
    const stage = await Stage.open();
    const [committer, other] = [stage.node(), stage.node()];
    await stage.put(committer, 'old');
    await stage.recreate(other);
    await stage.put(other, 'new');
    await stage.says({ type: 'WritesBlocked', ruleRevision: 1 });
    expect(await stage.commit(committer)).toMatchObject({ kind: 'commit' });
    expect(await stage.put(other, 'newer')).toMatchObject({ code: 'protected_branch_write' });
    expect(await stage.seen()).toEqual({ a: 'new' });
  });

  it('gets its first token from a writer who named one in the life before', async () => {
    const stage = await Stage.open();
    const [writer, other] = [stage.node(), stage.node()];
    writer.hooks.before('ObjectStaged', () => stage.recreate(other));
    expect(await stage.put(writer, 'mine')).toEqual({ kind: 'put' });
    expect(await stage.seen()).toEqual({ a: 'mine' });
  });

  it('answers again what became of an intent in the life before', async () => {
    const stage = await Stage.open();
    const [asker, other] = [stage.node(), stage.node()];
    await stage.put(asker, 'old');
    asker.hooks.after('IntentRequested', () => stage.recreate(other));
    const first = await stage.perform(asker, intentOf('twice'));
    expect(first).toMatchObject({ type: 'Committed' });
    expect(await stage.perform(stage.node(), intentOf('twice'))).toEqual(first);
    expect(await stage.seen()).toEqual({});
  });
});
