import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Clock } from '../ports/clock.js';
import { WarmUp } from './warm-up.js';

class Patient extends Clock {
  override nowMs(): number {
    return 0;
  }

  override async sleep(_ms: number): Promise<void> {
    await turn();
    await turn();
  }
}

describe('the warm-up of a server', () => {
  it('is ended with the server', async () => {
    let isEnded = false;
    const errors: unknown[] = [];
    const warmUp = new WarmUp(
      async (signal) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        isEnded = true;
        signal.throwIfAborted();
      },
      new Patient(),
      (error) => errors.push(error),
    );
    warmUp.start();
    for (let turns = 0; turns < 5; turns++) await turn();
    await warmUp.stop();
    expect([isEnded, errors]).toEqual([true, []]);
  });

  it('is not begun when the server ends before', async () => {
    let isBegun = false;
    const warmUp = new WarmUp(
      async () => void (isBegun = true),
      new Patient(),
      () => undefined,
    );
    warmUp.start();
    await warmUp.stop();
    expect(isBegun).toBe(false);
  });

  it('is done twice, for what is compiled anew meanwhile', async () => {
    let count = 0;
    const warmUp = new WarmUp(
      async () => void count++,
      new Patient(),
      () => undefined,
    );
    warmUp.start();
    for (let turns = 0; turns < 20; turns++) await turn();
    await warmUp.stop();
    expect(count).toBe(2);
  });

  it('harms nobody when it fails', async () => {
    const errors: unknown[] = [];
    const fails = async () => {
      throw new Error('no thread');
    };
    const warmUp = new WarmUp(fails, new Patient(), (error) => errors.push(error));
    warmUp.start();
    for (let turns = 0; turns < 5; turns++) await turn();
    await warmUp.stop();
    expect(errors).toEqual([new Error('no thread')]);
  });
});
