import { describe, expect, it } from '@jest/globals';
import { created, intentId } from '../../../test/support/samples/branch.samples.js';
import { branchDecider } from '../../domain/branch/branch.decider.js';
import { assert } from '../../shared/assert.js';
import type { BranchFold } from './branches.js';
import { Follower, FOLLOWER_NAPS_MS } from './follower.js';

const own = (name: string) => name.startsWith('own');
const follower = (napsMs: readonly number[] = [5, 10]) => new Follower(own, napsMs);

/** A branch with deletions in its queue, after `begunBy` came to it when it was empty. */
function fold(begunBy: string | undefined, ...names: readonly string[]): BranchFold {
  const state = branchDecider.evolve(branchDecider.initial, created);
  assert(state.status === 'live', 'a branch that was created');
  const queue = names.map((name) => {
    const rest = { hookSet: undefined, claim: undefined, verdict: undefined };
    return { kind: 'delete', intentId: intentId(name), ...rest } as const;
  });
  const begun = begunBy === undefined ? undefined : intentId(begunBy);
  return { state: { ...state, queue }, revision: 9, begunBy: begun };
}

describe('an intent that waits in a queue', () => {
  it('is built at once where the queue was begun, also by one that is done', () => {
    expect(follower().napMs(fold('own-1', 'own-1', 'other'))).toBeUndefined();
    expect(follower().napMs(fold('own-1', 'other', 'own-2'))).toBeUndefined();
  });

  it('is built where nobody knows of a queue', () => {
    expect(follower().napMs(undefined)).toBeUndefined();
    expect(follower().napMs(fold(undefined))).toBeUndefined();
  });

  it('is left to the node that began the queue, also when it is the first', () => {
    const behind = follower();

    expect(behind.napMs(fold('other', 'other', 'own-1'))).toBe(5);
    expect(behind.napMs(fold('other', 'own-1', 'own-2'))).toBe(5);
    expect(behind.napMs(fold('other', 'own-1', 'own-2'))).toBe(10);
  });

  it('is helped when the queue stands still, and waited for anew when it moves', () => {
    const behind = follower();

    expect(behind.napMs(fold('other-1', 'other-1', 'own-1'))).toBe(5);
    expect(behind.napMs(fold('other-1', 'other-1', 'own-1'))).toBe(10);
    expect(behind.napMs(fold('other-1', 'other-2', 'own-1'))).toBe(5);
    expect(behind.napMs(fold('other-1', 'other-2', 'own-1'))).toBe(10);
    expect(behind.napMs(fold('other-1', 'other-2', 'own-1'))).toBeUndefined();
    expect(behind.napMs(fold('other-1', 'other-2', 'own-1'))).toBeUndefined();
  });

  it('is helped after less than a second, whoever died before it', () => {
    const lookedOnMs = FOLLOWER_NAPS_MS.reduce((sum, ms) => sum + ms, 0);

    expect(lookedOnMs).toBeGreaterThan(300);
    expect(lookedOnMs).toBeLessThan(1_000);
  });
});
