import { describe, expect, it } from '@jest/globals';
import { branchDecider } from '../../../src/domain/branch/branch.decider.js';
import { fold } from '../../../src/domain/decider.js';
import type { ObjectPath } from '../../../src/domain/model.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import { place, Stage } from './stage.js';

const own = { ownTokens: 10 };
const other = { kind: 'put', path: 'b' as ObjectPath, value: 'other' } as const;

/** A node that has opened the branch's token, and so knows all that comes into it. */
async function opened() {
  const stage = await Stage.open();
  const node = stage.node(own);
  await stage.put(node, 'v0');
  await stage.commit(node);
  let appendCount = 0;
  const append = node.hooks.append.bind(node.hooks);
  node.hooks.append = (...of) => {
    appendCount++;
    return append(...of);
  };
  return { stage, node, appends: () => appendCount };
}

describe('a commit of what this process alone has written', () => {
  it('is one append: the request and its result, one behind the other', async () => {
    const { stage, node, appends } = await opened();
    await stage.put(node, 'v1');
    expect(await stage.commit(node)).toMatchObject({ kind: 'commit' });
    expect(appends()).toBe(2);
    expect((await stage.controlTypes()).slice(-2)).toEqual(['IntentRequested', 'Committed']);
    const whole = fold(branchDecider, await stage.controlEvents());
    expect(node.branches.cached(place)?.state).toEqual(whole);
  });

  it('takes what another has written meanwhile, in the ordinary way', async () => {
    const { stage, node, appends } = await opened();
    const second = stage.node(own);
    await stage.put(node, 'v1');
    node.hooks.before('Committed', async () => {
      await stage.does(second, other);
    });
    expect(await stage.commit(node)).toMatchObject({ kind: 'commit' });
    expect(appends()).toBe(4);
    expect(await stage.commit(second)).toEqual({ kind: 'refused', code: 'no_changes' });
  });

  it('takes what another had written before', async () => {
    const { stage, node } = await opened();
    const second = stage.node(own);
    await stage.does(second, other);
    await stage.put(node, 'v1');
    expect(await stage.commit(node)).toMatchObject({ kind: 'commit' });
    expect(await stage.commit(second)).toEqual({ kind: 'refused', code: 'no_changes' });
  });

  it('is asked for in the ordinary way while something is pending', async () => {
    const { stage, node } = await opened();
    const second = stage.node();
    second.hooks.after('IntentRequested', async () => {
      throw new UnknownOutcome('nobody said');
    });
    await stage.put(node, 'v1');
    expect(await stage.commit(second)).toEqual({ kind: 'unknown' });
    expect(await stage.commit(node)).toEqual({ kind: 'refused', code: 'no_changes' });
    expect((await stage.controlTypes()).slice(-2)).toEqual(['Committed', 'IntentFailed']);
  });

  it('is there when the answer to its append was lost', async () => {
    const { stage, node } = await opened();
    await stage.put(node, 'v1');
    node.hooks.after('Committed', async () => {
      throw new UnknownOutcome('nobody said');
    });
    expect(await stage.commit(node)).toEqual({ kind: 'unknown' });
    expect(await stage.commit(stage.node())).toEqual({ kind: 'refused', code: 'no_changes' });
  });

  it('says "no changes" of nothing', async () => {
    const { stage, node } = await opened();
    expect(await stage.commit(node)).toEqual({ kind: 'refused', code: 'no_changes' });
    await stage.put(node, 'v0');
    expect(await stage.commit(node)).toEqual({ kind: 'refused', code: 'no_changes' });
  });
});
