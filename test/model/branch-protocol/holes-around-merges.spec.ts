import { describe, expect, it } from '@jest/globals';
import type { ObjectPath } from '../../../src/domain/model.js';
import type { Node } from './node.js';
import type { Operation } from './operations.js';
import { sources } from './sources.js';
import { dies, Stage } from './stage.js';

const [zero, one] = sources.map(({ id }) => id);
const merge = (ref = zero ?? ''): Operation => ({
  kind: 'merge',
  ref,
  strategy: 'default',
  isSquash: false,
});
const putIfAbsent = (path: string): Operation => ({
  kind: 'put if absent',
  path: path as ObjectPath,
  value: 'mine',
});
const reset = (scope: Extract<Operation, { kind: 'reset' }>['scope']): Operation => ({
  kind: 'reset',
  scope,
});
const put = (path: string, value: string): Operation => ({
  kind: 'put',
  path: path as ObjectPath,
  value,
});

/** Lets a merge of `a` be asked for, by a node that dies before it is built. */
async function mergePending(stage: Stage): Promise<void> {
  const dying = stage.node();
  dying.hooks.after('IntentRequested', dies);
  await expect(stage.does(dying, merge())).rejects.toThrow('it died');
}

describe('H3: a conditional put beside a pending merge', () => {
  it('helps it first, and then finds what it brought', async () => {
    const stage = await Stage.open();
    await mergePending(stage);
    expect(await stage.seen()).toEqual({});
    const answer = await stage.does(stage.node(), putIfAbsent('a'));
    expect(answer).toEqual({ kind: 'refused', code: 'path_exists' });
    expect(await stage.seen()).toEqual({ a: 'from-0' });
  });

  it('lands where the merge brought nothing', async () => {
    const stage = await Stage.open();
    await mergePending(stage);
    expect(await stage.does(stage.node(), putIfAbsent('b'))).toEqual({ kind: 'put if absent' });
    expect(await stage.seen()).toEqual({ a: 'from-0', b: 'mine' });
  });

  it('looks again when one is asked for and done between its look and its write', async () => {
    const stage = await Stage.open();
    const [writer, merger] = [stage.node(), stage.node()];
    await stage.does(writer, putIfAbsent('b'));
    await stage.commit(writer);
    writer.hooks.before('ObjectStaged', async () => {
      expect(await stage.does(merger, merge())).toMatchObject({ kind: 'merge' });
    });
    const answer = await stage.does(writer, putIfAbsent('a'));
    expect(answer).toEqual({ kind: 'refused', code: 'path_exists' });
  });
});

describe('H4: a merge closes its token, an empty one too', () => {
  it('so that no write that looked before it lands behind it unseen', async () => {
    const stage = await Stage.open();
    const [writer, merger] = [stage.node(), stage.node()];
    // Names a token that stays empty.
    await stage.commit(writer);
    writer.hooks.before('ObjectStaged', async () => {
      await stage.does(merger, merge());
    });
    expect(await stage.does(writer, putIfAbsent('a'))).toMatchObject({ code: 'path_exists' });
    const types = await stage.controlTypes();
    expect(types.filter((type) => type === 'IntentRequested')).toHaveLength(2);
  });
});

describe('H5: a merge that lost its race seals the newest token', () => {
  it('and not the one that it saw', async () => {
    const stage = await Stage.open();
    const [merger, committer, writer] = [stage.node(), stage.node(), stage.node()];
    await stage.put(writer, 'v0');
    await stage.does(writer, { kind: 'commit' });
    merger.hooks.before('IntentRequested', async () => {
      await stage.does(committer, put('b', 'v1'));
      await stage.commit(committer);
    });
    expect(await stage.does(merger, merge(one))).toMatchObject({ code: 'merge_conflict' });
    const requests = (await stage.controlEvents()).filter(({ type }) => type === 'IntentRequested');
    expect(requests.at(-1)).toMatchObject({ upto: 2, opens: 3 });
  });
});

describe('H6: a merge consumes what it sealed, effective or not', () => {
  it('so that an entry that said nothing cannot hide what it brought', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.does(node, merge());
    // The head has this very object.
    await stage.put(node, 'from-0');
    expect(await stage.does(node, merge(one))).toMatchObject({ kind: 'merge' });
    expect(await stage.seen()).toEqual({ a: 'from-0', m: 'from-1' });
    expect(await stage.does(node, { kind: 'revert', ref: zero ?? '' })).toMatchObject({
      kind: 'revert',
    });
    expect(await stage.seen()).toEqual({ m: 'from-1' });
    expect(await stage.commit(node)).toEqual({ kind: 'refused', code: 'no_changes' });
  });

  it('refuses a branch with an entry that says something, and leaves it', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'mine');
    expect(await stage.does(node, merge())).toEqual({ kind: 'refused', code: 'dirty_branch' });
    expect(await stage.seen()).toEqual({ a: 'mine' });
    expect(await stage.commit(node)).toMatchObject({ kind: 'commit' });
  });

  it('leaves no token behind when nothing comes of it', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'mine');
    await stage.commit(node);
    for (let times = 0; times < 3; times++) {
      expect(await stage.does(node, merge())).toMatchObject({ code: 'merge_conflict' });
    }
    const { state } = await stage.view(node);
    expect(state).toMatchObject({ tokens: { lo: 4, hi: 4 } });
  });
});

describe('H21: the order of requests decides what a reset takes', () => {
  /** Asks for a commit, by a node that dies before it is built. */
  async function commitPending(stage: Stage): Promise<void> {
    const dying = stage.node();
    dying.hooks.after('IntentRequested', dies);
    await expect(stage.commit(dying)).rejects.toThrow('it died');
  }

  async function withThreeWrites(scope: Parameters<typeof reset>[0]) {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.does(node, put('a', 'committed'));
    await commitPending(stage);
    await stage.does(node, put('b', 'discarded'));
    await stage.does(node, put('c', 'discarded too'));
    const late = stage.node();
    node.hooks.after('IntentRequested', async () => {
      await stage.does(late, put('b/later', 'kept'));
    });
    expect(await stage.does(node, reset(scope))).toEqual({ kind: 'reset' });
    return stage;
  }

  it('a commit before it takes its tokens, and what is written after it stays', async () => {
    const stage = await withThreeWrites({ kind: 'all' });
    expect(await stage.seen()).toEqual({ a: 'committed', 'b/later': 'kept' });
    await stage.sweep();
  });

  it('of a part of the paths, the rest stays too, and the views are as the log says', async () => {
    const stage = await withThreeWrites({ kind: 'prefix', prefix: 'b' });
    const left = { a: 'committed', c: 'discarded too', 'b/later': 'kept' };
    expect(await stage.seen()).toEqual(left);
    await stage.sweep();
    expect(await stage.commit(stage.node())).toMatchObject({ kind: 'commit' });
    expect(await stage.seen()).toEqual(left);
  });

  it('a removal that is thrown away shows the object again', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'v0');
    await stage.commit(node);
    await stage.does(node, { kind: 'remove', path: 'a' as ObjectPath });
    expect(await stage.seen()).toEqual({});
    await stage.does(node, reset({ kind: 'object', path: 'a' as ObjectPath }));
    expect(await stage.seen()).toEqual({ a: 'v0' });
  });
});

describe('a hard reset', () => {
  it('is counted from the head that stands when it is its turn', async () => {
    const stage = await Stage.open();
    const [resetter, committer] = [stage.node(), stage.node()];
    const commits: Node[] = [committer];
    for (const value of ['v0', 'v1']) {
      await stage.put(committer, value);
      await stage.commit(committer);
    }
    resetter.hooks.before('IntentRequested', async () => {
      for (const node of commits) {
        await stage.put(node, 'v2');
        await stage.commit(node);
      }
    });
    expect(await stage.does(resetter, { kind: 'hard reset', ref: 'work~1' })).toEqual({
      kind: 'hard reset',
    });
    // Not v0, which was one back when it looked: that would lose two commits for one.
    expect(await stage.seen()).toEqual({ a: 'v1' });
  });

  it('is refused over what is staged: it would show over another tree than its own', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'v0');
    await stage.commit(node);
    await stage.does(node, put('b', 'staged'));
    const dirty = { kind: 'refused', code: 'dirty_branch' };
    expect(await stage.does(node, { kind: 'hard reset', ref: 'work~1' })).toEqual(dirty);
    expect(await stage.seen()).toEqual({ a: 'v0', b: 'staged' });
  });

  it('leaves nothing of a write that had no effect: over another head it would', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'v0');
    await stage.commit(node);
    await stage.put(node, 'v1');
    await stage.commit(node);
    await stage.put(node, 'v1');
    await stage.does(node, { kind: 'hard reset', ref: 'work~1' });
    expect(await stage.seen()).toEqual({ a: 'v0' });
  });
});
