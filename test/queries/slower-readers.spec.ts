import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { BranchId, RepositoryId } from '../../src/domain/model.js';
import { GetBranch } from '../../src/queries/get-branch.js';
import { BusTarget } from '../linear/bus-target.js';
import { prepare, twoInMemory } from '../linear/in-memory.js';
import { over } from '../linear/planted/defect.js';

const main = new GetBranch('lake' as RepositoryId, 'main' as BranchId);

describe('a read of a branch', () => {
  it('shows what it has read itself, not what a slower reader has noted meanwhile', async () => {
    const held: (() => void)[] = [];
    let isHolding = false;
    const nodes = await twoInMemory((adapters, node) => {
      const { kv } = adapters;
      if (node === 1) return adapters;
      const read: typeof kv.read = async (reads) => {
        const rows = await kv.read(reads);
        if (isHolding) await new Promise<void>((resolve) => held.push(resolve));
        return rows;
      };
      return { ...adapters, kv: over(kv, { read }) };
    });
    const release = async (...which: readonly number[]): Promise<void> => {
      for (const index of which) held[index]?.();
      await turn();
    };
    await prepare(nodes[1], 'lake');
    const elsewhere = new BusTarget('lake', () => nodes[1]);
    const commit = async (path: string): Promise<unknown> => {
      await elsewhere.send({ do: 'put', branch: 'main', path, body: path, isIfAbsent: false });
      const { answer } = await elsewhere.send({ do: 'commit', branch: 'main', message: path });
      return answer.is === 'done' && answer.commit;
    };
    await nodes[0].ask(main);
    await commit('first');
    isHolding = true;
    const slower = nodes[0].ask(main);
    await turn();
    const newest = await commit('second');
    const reader = nodes[0].ask(main);
    await turn();
    await release(1);
    await release(2, 0);
    isHolding = false;
    expect((await reader).commitId).toBe(newest);
    await release(...held.keys());
    await slower;
    for (const node of nodes) await node.close();
  });
});
