import { describe, expect, it } from '@jest/globals';
import type { PendingIntent } from '../../domain/branch/branch.state.js';
import type { IntentId } from '../../domain/model.js';
import { Follower, FOLLOWER_NAPS_MS } from './follower.js';

const own = (name: string) => name.startsWith('own');
const follower = (napsMs: readonly number[] = [5, 10]) => new Follower(own, napsMs);
const queue = (...names: readonly string[]): readonly PendingIntent[] =>
  names.map((name) => {
    const intentId = name as IntentId;
    return { kind: 'delete', intentId, hookSet: undefined, claim: undefined, verdict: undefined };
  });

describe('an intent that waits in a queue', () => {
  it('is built at once where it was asked for, with nobody else before it', () => {
    expect(follower().napMs(queue('own-1', 'other'))).toBeUndefined();
    expect(follower().napMs(queue())).toBeUndefined();
  });

  it('is left to the node whose intent is before it, also when that one is done', () => {
    const behind = follower();

    expect(behind.napMs(queue('other', 'own-1'))).toBe(5);
    expect(behind.napMs(queue('own-1'))).toBe(5);
    expect(behind.napMs(queue('own-1'))).toBe(10);
  });

  it('is helped when the queue stands still, and waited for anew when it moves', () => {
    const behind = follower();

    expect(behind.napMs(queue('other-1', 'own-1'))).toBe(5);
    expect(behind.napMs(queue('other-1', 'own-1'))).toBe(10);
    expect(behind.napMs(queue('other-2', 'own-1'))).toBe(5);
    expect(behind.napMs(queue('other-2', 'own-1'))).toBe(10);
    expect(behind.napMs(queue('other-2', 'own-1'))).toBeUndefined();
    expect(behind.napMs(queue('other-2', 'own-1'))).toBeUndefined();
  });

  it('is helped after less than a second, whoever died before it', () => {
    const lookedOnMs = FOLLOWER_NAPS_MS.reduce((sum, ms) => sum + ms, 0);

    expect(lookedOnMs).toBeGreaterThan(300);
    expect(lookedOnMs).toBeLessThan(1_000);
  });
});
