import { beforeEach, describe, expect, it } from '@jest/globals';
import { Clock } from '../../ports/clock.js';
import { BranchTraffic } from './branch-traffic.js';

/** A clock that stands; its sleepers are woken by hand. */
class StandingClock extends Clock {
  readonly #sleepers: (() => void)[] = [];

  nowMs(): number {
    return 1_700_000_000_000;
  }

  sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#sleepers.push(resolve);
      signal?.addEventListener('abort', () => resolve());
    });
  }

  /** Lets every wait that is under way run out. */
  async pass(): Promise<void> {
    for (const wake of this.#sleepers.splice(0)) wake();
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const forever = new Promise<never>(() => {});

let clock: StandingClock;
let traffic: BranchTraffic;
beforeEach(() => {
  clock = new StandingClock();
  traffic = new BranchTraffic(clock);
});

/** Two operations at once make a branch busy. */
function makeBusy(): void {
  void traffic.during('b', () => forever);
  void traffic.during('b', () => forever);
}

/** Begins a seal, and returns whether it may go on by now. */
function seal(): () => Promise<boolean> {
  let mayGoOn = false;
  void traffic.beforeSeal('b').then(() => (mayGoOn = true));
  return async () => {
    await settled();
    return mayGoOn;
  };
}

/** Begins a write, and returns whether it may go on by now. */
function write(): () => Promise<boolean> {
  let mayGoOn = false;
  void Promise.resolve(traffic.beforeWrite('b')).then(() => (mayGoOn = true));
  return async () => {
    await settled();
    return mayGoOn;
  };
}

const areOn = (writes: readonly (() => Promise<boolean>)[]): Promise<boolean[]> =>
  Promise.all(writes.map((isOn) => isOn()));

describe('a seal', () => {
  it('does not wait on a branch where nobody else is', async () => {
    expect(await seal()()).toBe(true);
  });

  it('does not wait when there is something to seal', async () => {
    makeBusy();
    traffic.wrote('b');
    expect(await seal()()).toBe(true);
  });

  it('waits on a busy branch for a write, and goes with it', async () => {
    makeBusy();
    const mayGoOn = seal();
    expect(await mayGoOn()).toBe(false);
    traffic.wrote('b');
    expect(await mayGoOn()).toBe(true);
  });

  it('waits once when nobody comes, and those behind it not at all', async () => {
    makeBusy();
    const mayGoOn = seal();
    await clock.pass();
    expect(await mayGoOn()).toBe(true);
    expect(await seal()()).toBe(true);
  });

  it('waits on while somebody who sealed is yet to be answered, and could not write', async () => {
    makeBusy();
    traffic.wrote('b');
    traffic.lineUp('b').sealed();
    let answer = (): void => {};
    void traffic.answering('b', () => new Promise<void>((resolve) => (answer = resolve)));
    const mayGoOn = seal();
    await clock.pass();
    await clock.pass();
    expect(await mayGoOn()).toBe(false);

    answer();
    await clock.pass();
    // The one who was answered has its time as well, and uses it.
    expect(await mayGoOn()).toBe(false);
    traffic.wrote('b');
    expect(await mayGoOn()).toBe(true);
  });

  it('goes on at last, however long somebody is not answered', async () => {
    makeBusy();
    traffic.lineUp('b').sealed();
    void traffic.answering('b', () => forever);
    const mayGoOn = seal();
    for (let waits = 0; waits < 12; waits++) await clock.pass();
    expect(await mayGoOn()).toBe(true);
  });

  it('does not wait when most of those who are there wait, and so cannot write', async () => {
    makeBusy();
    const first = traffic.lineUp('b');
    expect(await seal()()).toBe(false);
    traffic.lineUp('b');
    expect(await seal()()).toBe(true);
    first.leave();
    expect(await seal()()).toBe(false);
  });
});

describe('a write', () => {
  it('goes on at once where no seal waits', () => {
    makeBusy();
    traffic.wrote('b');
    expect(traffic.beforeWrite('b')).toBeUndefined();
  });

  it('goes on at once as the first for a seal that waits', () => {
    makeBusy();
    traffic.lineUp('b');
    expect(traffic.beforeWrite('b')).toBeUndefined();
  });

  it('lets a seal that has its write go first, so that the next has one too', async () => {
    makeBusy();
    const lined = traffic.lineUp('b');
    traffic.lineUp('b');
    traffic.wrote('b');
    const isOn = write();
    expect(await isOn()).toBe(false);
    lined.sealed();
    expect(await isOn()).toBe(true);
  });

  it('leaves the other writes that wait to the other seals', async () => {
    makeBusy();
    const seals = [traffic.lineUp('b'), traffic.lineUp('b'), traffic.lineUp('b')];
    traffic.wrote('b');
    const writes = [write(), write(), write()];
    seals[0]?.sealed();
    expect(await areOn(writes)).toEqual([true, false, false]);
    traffic.wrote('b');
    seals[1]?.sealed();
    expect(await areOn(writes)).toEqual([true, true, false]);
  });

  it('goes on beside others when more writes than commits come', async () => {
    makeBusy();
    const seals = [traffic.lineUp('b'), traffic.lineUp('b')];
    traffic.wrote('b');
    const writes = Array.from({ length: 5 }, write);
    expect(await areOn(writes)).toEqual([false, false, false, false, false]);
    seals[0]?.sealed();
    expect(await areOn(writes)).toEqual([true, true, true, false, false]);
  });

  it('waits for no seal that is given up, and for none for long', async () => {
    makeBusy();
    const lined = traffic.lineUp('b');
    traffic.wrote('b');
    const [first, second] = [write(), write()];
    expect(await first()).toBe(false);
    await clock.pass();
    expect(await first()).toBe(true);
    expect(await second()).toBe(true);
    const third = write();
    lined.leave();
    expect(await third()).toBe(true);
  });
});
