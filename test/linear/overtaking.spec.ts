import { describe, expect, it } from '@jest/globals';
import { inMemory } from '../support/moraine.js';
import { BusTarget } from './bus-target.js';
import { prepare, yielding } from './in-memory.js';
import type { Answer, Operation } from './operations.js';

const WRITERS = 4;
const WRITES_EACH = 8;
const MOVERS = 4;
/** Operations that may be done while one write waits: a few of each who moves the branch. */
const PASSED_MAX = 60;

describe('beside those who commit and merge without a pause', () => {
  it('a conditional write is passed by a few of them, and then lands', async () => {
    const node = await inMemory((adapters) => yielding(adapters, 1));
    const target = new BusTarget('lake', () => node);
    const send = async (operation: Operation) => (await target.send(operation)).answer;
    const over = new AbortController();
    let movedCount = 0;
    const always = async (move: (name: string) => Promise<Answer>) => {
      for (let turn = 0; !over.signal.aborted; turn++, movedCount++) await move(`${turn}`);
    };
    const putAndCommit = async (branch: string, path: string) => {
      await send({ do: 'put', branch, path, body: path, isIfAbsent: false });
      return send({ do: 'commit', branch, message: path });
    };
    const mergeInto = async (branch: string, source: string, path: string) => {
      await putAndCommit(source, path);
      return send({ do: 'merge', branch, source, message: path, strategy: 'default' });
    };
    const passed: number[] = [];
    const writeToFreeNames = async (who: number) => {
      for (let turn = 0; turn < WRITES_EACH; turn++) {
        const [path, before] = [`free-${who}/${turn}`, movedCount];
        const put = { do: 'put', branch: 'main', path, body: path, isIfAbsent: true } as const;
        expect(await send(put)).toEqual({ is: 'done' });
        passed.push(movedCount - before);
      }
    };
    try {
      await prepare(node, 'lake');
      const movers = Array.from({ length: MOVERS }, async (_, who) => {
        const source = `source-${who}`;
        await send({ do: 'create', branch: source, source: 'main' });
        await Promise.all([
          always((turn) => putAndCommit('main', `committer-${who}/${turn}`)),
          always((turn) => mergeInto('main', source, `merger-${who}/${turn}`)),
        ]);
      });
      try {
        await Promise.all(Array.from({ length: WRITERS }, (_, who) => writeToFreeNames(who)));
      } finally {
        over.abort();
        await Promise.all(movers);
      }
    } finally {
      await node.close();
    }
    expect(movedCount).toBeGreaterThan(PASSED_MAX);
    expect(Math.max(...passed)).toBeLessThanOrEqual(PASSED_MAX);
  });
});
