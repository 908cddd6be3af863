import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Adapters } from '../../src/app/adapters.module.js';
import { Clock } from '../../src/ports/clock.js';
import { twoInMemory, prepare } from '../linear/in-memory.js';
import { BusTarget } from '../linear/bus-target.js';
import { over } from '../linear/planted/defect.js';
import { StoreUnavailable } from '../../src/ports/store-errors.js';
import type { TestMoraine } from '../support/moraine.js';

const PATIENCE_MS = 750;
const dead = () => Promise.reject(new StoreUnavailable('this node is gone'));

/** Stands where a test puts it. */
class SetClock extends Clock {
  ms = 1_000_000;

  nowMs(): number {
    return this.ms;
  }

  async sleep(): Promise<void> {}
}

/** The first node never records a result: it asks for what it wants, and stops. */
const stopping = (adapters: Adapters, node: number): Adapters => {
  const { log } = adapters;
  return {
    ...adapters,
    log: over(log, {
      append: (appends, context) => {
        const isResult = appends.some(({ events }) => events.some(({ type }) => RESULTS.has(type)));
        return isResult && node === 0 ? dead() : log.append(appends, context);
      },
    }),
  };
};

const RESULTS = new Set(['Committed', 'IntentFailed']);

describe('a queue that stands still', () => {
  let nodes: readonly [TestMoraine, TestMoraine];
  let clock: SetClock;
  const at = (node: number) => new BusTarget('lake', () => nodes[node] ?? nodes[0]);
  const put = (branch: string, path: string) =>
    at(1).send({ do: 'put', branch, path, body: path, isIfAbsent: false });
  const head = async (branch: string) => (await at(1).send({ do: 'head', branch })).answer;
  /** Asks the node that stops for a commit; nobody else hears of it. */
  const requested = async (branch: string): Promise<void> => {
    await put(branch, branch);
    const before = await nodes[0].adapters.log.readAll({ after: 0, limit: 1000 });
    void at(0).send({ do: 'commit', branch, message: branch });
    for (;;) {
      await turn();
      const now = await nodes[0].adapters.log.readAll({ after: 0, limit: 1000 });
      if (now.length > before.length) return;
    }
  };

  beforeEach(async () => {
    nodes = await twoInMemory(stopping);
    clock = new SetClock();
    await prepare(nodes[0], 'lake');
  });
  afterEach(async () => {
    await nodes[1].close();
  });

  const helperOf = (node: TestMoraine, errors: unknown[] = []) => {
    const limits = { patienceMs: PATIENCE_MS, onError: (error: unknown) => errors.push(error) };
    return node.helper(limits, clock);
  };

  it('is helped on when the patience is over, and not before', async () => {
    const helper = helperOf(nodes[1]);
    const first = await head('dev');
    await requested('dev');
    for (const elapsedMs of [0, PATIENCE_MS - 1]) {
      clock.ms = 1_000_000 + elapsedMs;
      await helper.run();
      await helper.idle();
      expect(await head('dev')).toEqual(first);
    }
    clock.ms = 1_000_000 + PATIENCE_MS;
    await helper.run();
    await helper.idle();
    expect(await head('dev')).not.toEqual(first);
  });

  it('is given its time anew when something came of it meanwhile', async () => {
    const helper = helperOf(nodes[1]);
    await requested('dev');
    await helper.run();
    clock.ms += PATIENCE_MS;
    // Completes what was there, and leaves another behind.
    await at(1).send({ do: 'commit', branch: 'dev', message: 'another' });
    await put('dev', 'more');
    const before = await head('dev');
    await requested('dev');
    await helper.run();
    await helper.idle();
    expect(await head('dev')).toEqual(before);
  });
});
