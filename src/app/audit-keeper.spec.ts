import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Clock } from '../ports/clock.js';
import { AuditKeeper } from './audit-keeper.js';

/** Time that goes on only when somebody sleeps or works. */
class Elapsing extends Clock {
  ms = 0;
  readonly sleeps: number[] = [];

  override nowMs(): number {
    return this.ms;
  }

  override async sleep(ms: number): Promise<void> {
    this.sleeps.push(ms);
    this.ms += ms;
    await turn();
  }
}

/** Returns how long it paused after each piece of work, which takes 10 ms each. */
async function pauses(of: {
  readonly busyPart: number;
  readonly built?: { eventCount: number; behindCount: number };
  readonly fails?: boolean;
}): Promise<{ slept: readonly number[]; errors: number }> {
  const clock = new Elapsing();
  let errors = 0;
  let pieces = 0;
  const done = Promise.withResolvers<void>();
  const buildSome = async () => {
    clock.ms += 10;
    if (++pieces === 3) done.resolve();
    if (of.fails) throw new Error('away');
    return of.built ?? { eventCount: 1_000, behindCount: 0 };
  };
  const keeper = new AuditKeeper({ buildSome }, clock, {
    elapsedMs: () => clock.ms,
    busyPart: () => of.busyPart,
    onError: () => errors++,
  });
  keeper.start();
  await done.promise;
  await keeper.stop();
  return { slept: clock.sleeps.slice(1, 3), errors };
}

describe('the keeper of the audit index', () => {
  it('takes a hundredth of what those take who work', async () => {
    expect((await pauses({ busyPart: 1 })).slept).toEqual([990, 990]);
    expect((await pauses({ busyPart: 0.5 })).slept).toEqual([1_980, 1_980]);
  });

  it('makes haste when nobody works, or when whoever asks would wait', async () => {
    expect((await pauses({ busyPart: 0.1 })).slept).toEqual([40, 40]);
    const built = { eventCount: 1_000, behindCount: 1_000_000 };
    expect((await pauses({ busyPart: 1, built })).slept).toEqual([90, 90]);
  });

  it('looks now and then when there is nothing to do, or the log is away', async () => {
    const built = { eventCount: 0, behindCount: 0 };
    expect((await pauses({ busyPart: 0, built })).slept).toEqual([30_000, 30_000]);
    const failing = await pauses({ busyPart: 0, fails: true });
    expect(failing.slept).toEqual([30_000, 30_000]);
    expect(failing.errors).toBeGreaterThanOrEqual(2);
  });
});
