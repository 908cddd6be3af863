import { describe, expect, it } from '@jest/globals';
import { Branches } from '../../src/commands/branch/branches.js';
import { TokenFolding } from '../../src/commands/branch/fold-tokens.js';
import { HardResetBranch } from '../../src/commands/branch/hard-reset-branch.js';
import { SweepFolds } from '../../src/commands/branch/sweep-folds.js';
import { DomainError } from '../../src/domain/errors.js';
import { ordinalsOf } from '../../src/domain/staging/staging.stream.js';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import { BranchesView } from '../../src/projections/branches.view.js';
import { partitions } from '../../src/projections/kv-keys.js';
import { RepositoriesView } from '../../src/projections/repositories.view.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { StatObject } from '../../src/queries/stat-object.js';
import type { ObjectPath } from '../../src/domain/model.js';
import { lake, Lake, main } from './lake.js';

const page = { after: '', amount: 1_000 };
const list = new ListObjects(lake, 'main', page, { prefix: '', delimiter: '' });

/** Intents that fail and leave what they sealed: a hard reset wants a clean branch. */
async function sealInVain({ moraine }: Lake, times: number, put: (time: number) => Promise<void>) {
  for (let time = 0; time < times; time++) {
    await put(time);
    const wish = { ref: 'main', isForced: false };
    const reset = new HardResetBranch(lake, main, wish, moraine.newRequest());
    await expect(moraine.execute(reset)).rejects.toThrow(DomainError);
  }
}

async function tokensOf({ moraine }: Lake): Promise<number> {
  const { kv } = moraine.adapters;
  const { uid } = await new RepositoriesView(kv).get(lake);
  const record = await new BranchesView(kv).get(uid, main);
  if (!record) throw new Error('main is there');
  return ordinalsOf(record.tokens).length;
}

/** Folds until nothing is folded any more, as another node does. */
async function fold({ moraine }: Lake): Promise<void> {
  const { log, kv, clock, ids } = moraine.adapters;
  const branches = new Branches(log, { cachedBranches: 10, cachedOutcomes: 10 });
  await new SweepFolds({ kv, clock, ids }, new TokenFolding(kv, branches)).run();
}

describe('sealed tokens that no intent takes', () => {
  it('are folded into few, whatever comes behind them, and show what they showed', async () => {
    const at = await Lake.open();
    await at.put('main', 'committed', '0');
    await at.commit('main');
    let most = 0;
    for (let round = 0; round < 6; round++) {
      await sealInVain(at, 10, async (time) => {
        await at.put('main', `p${round}-${time}`, `${time}`);
        await at.put('main', 'often', `${round}-${time}`);
        if (time === 5) await at.remove('main', 'committed', `p${round}-4`);
        if (time === 7) await at.put('main', 'committed', 'again');
      });
      const before = await at.moraine.ask(list);
      await fold(at);
      expect(await at.moraine.ask(list)).toEqual(before);
      most = Math.max(most, await tokensOf(at));
    }
    expect(most).toBeLessThanOrEqual(10);
    const shown = await at.moraine.ask(list);
    expect(shown.items).toHaveLength(6 * 9 + 2);
    await at.moraine.sweep();
    await at.moraine.sweep();
    expect(await at.moraine.ask(list)).toEqual(shown);
    const stat = new StatObject(lake, 'main', 'often' as ObjectPath);
    expect((await at.moraine.ask(stat)).entry.checksum).toBe('5-9');
    for (const view of ['staging', 'branches']) {
      const report = await at.moraine.rebuilder.rebuild(view, { swap: false });
      expect(report.differingCount).toBe(0);
    }
    await at.commit('main');
    expect((await at.moraine.ask(list)).items.map(({ path }) => path)).toEqual(
      shown.items.map(({ path }) => path),
    );
    expect(await tokensOf(at)).toBe(1);
    await at.moraine.close();
  });

  it('are left to the next commit when one is asked for while they are folded', async () => {
    const at = await Lake.open();
    await sealInVain(at, 12, (time) => at.put('main', `p${time}`, `${time}`));
    const { kv } = at.moraine.adapters;
    if (!(kv instanceof MemoryKvStore)) throw new Error('the store is in memory');
    const read = kv.read.bind(kv);
    let isAsked = false;
    kv.read = async (reads) => {
      const isFold = reads.some(({ partition }) => partition.endsWith('/idle'));
      if (isFold && !isAsked) {
        isAsked = true;
        await at.put('main', 'late', '1');
        await at.commit('main');
      }
      return read(reads);
    };
    await fold(at);
    kv.read = read;
    expect(isAsked).toBe(true);
    expect((await at.moraine.ask(list)).items).toHaveLength(13);
    expect(await tokensOf(at)).toBe(1);
    await at.moraine.close();
  });

  it('leave their rows to the sweeper', async () => {
    const at = await Lake.open();
    await sealInVain(at, 12, (time) => at.put('main', `p${time}`, `${time}`));
    await fold(at);
    await at.moraine.sweep();
    await at.moraine.sweep();
    const { kv } = at.moraine.adapters;
    const [rows = []] = await kv.read([
      { kind: 'scan', partition: partitions.closedTokens, limit: 100 },
    ]);
    expect(rows).toHaveLength(1);
    await at.moraine.close();
  });
});
