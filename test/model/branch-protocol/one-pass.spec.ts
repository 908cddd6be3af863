import { describe, expect, it } from '@jest/globals';
import type { BranchEvent } from '../../../src/domain/branch/branch.events.js';
import { intentOf } from '../../support/samples/branch.samples.js';
import { LOG_KINDS } from './node-log.js';
import { Died, dies, Stage } from './stage.js';

const ASKED = ['first', 'second', 'third'] as const;

/** A branch with three commits asked for, one behind the other, and nobody left who builds them. */
async function threeQueued(stage: Stage): Promise<void> {
  for (const name of ASKED) {
    const node = stage.node();
    await stage.put(node, name);
    node.hooks.after('IntentRequested', dies);
    await expect(stage.perform(node, intentOf(name))).rejects.toThrow(Died);
  }
  expect(await stage.pendingCount()).toBe(ASKED.length);
}

const commits = async (stage: Stage) =>
  (await stage.controlEvents()).filter(
    (event): event is Extract<typeof event, BranchEvent & { type: 'Committed' }> =>
      event.type === 'Committed',
  );

describe.each(LOG_KINDS)('several queued commits, on a log whose groups are %s', (kind) => {
  it('are completed by one append, in their order, each on the one before it', async () => {
    const stage = await Stage.open(kind);
    await threeQueued(stage);
    const helper = stage.node();
    helper.hooks.after('Committed', dies);
    await expect(stage.commit(helper)).rejects.toThrow(Died);
    const made = await commits(stage);
    expect(made.map(({ intentId }) => intentId)).toEqual(ASKED);
    expect(made.map(({ commit }) => commit.parents)).toEqual([
      [expect.any(String)],
      [made[0]?.commit.id],
      [made[1]?.commit.id],
    ]);
    expect(await stage.seen()).toEqual({ a: 'third' });
  });
});
