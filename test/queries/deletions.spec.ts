import { describe, expect, it } from '@jest/globals';
import { Branches } from '../../src/commands/branch/branches.js';
import { TokenFolding } from '../../src/commands/branch/fold-tokens.js';
import { SweepFolds } from '../../src/commands/branch/sweep-folds.js';
import { HardResetBranch } from '../../src/commands/branch/hard-reset-branch.js';
import { ResetBranch } from '../../src/commands/branch/reset-branch.js';
import { RESTATED_MAX } from '../../src/domain/branch/branch.events.js';
import { DomainError } from '../../src/domain/errors.js';
import type { BranchId, ObjectPath } from '../../src/domain/model.js';
import { DiffBranch } from '../../src/queries/diff-branch.js';
import { DiffRefs } from '../../src/queries/diff-refs.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { seed } from '../support/seed.js';
import { SeededRandom } from '../support/seeded-random.js';
import { everyPage, lake, Lake } from './lake.js';
import { removeAll, stageAll } from './many-objects.js';

const branch = 'main' as BranchId;
const HISTORIES = 4;
const STEPS = 60;
const PATHS = Array.from({ length: 90 }, (_, at) => `${at % 3}/${String(at).padStart(2, '0')}`)
  .sort()
  .map((path) => path as ObjectPath);

/** Paths and what stands there. */
type Content = Map<string, string>;

/** A branch as plain maps: what is committed, and what it shows. */
class Model {
  committed: Content = new Map();
  shown: Content = new Map();

  commit(): void {
    this.committed = new Map(this.shown);
  }

  differences(base: Content): string[] {
    const paths = [...new Set([...base.keys(), ...this.shown.keys()])].sort();
    return paths.flatMap((path) => {
      const [was, is] = [base.get(path), this.shown.get(path)];
      if (was === is) return [];
      return [`${was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'} ${path}`];
    });
  }
}

async function step(at: Lake, model: Model, random: SeededRandom): Promise<void> {
  const from = random.below(PATHS.length);
  const some = PATHS.slice(from, from + 1 + random.below(40));
  const kind = random.below(14);
  const [first = ''] = some;
  if (kind < 3) {
    for (const path of some.slice(0, 12)) {
      const text = `${random.below(1_000_000)}`;
      await at.put('main', path, text);
      model.shown.set(path, text);
    }
  } else if (kind < 9) {
    const paths = kind === 8 ? some.filter(() => random.below(3) > 0) : some;
    for (let cut = 0; cut < paths.length;) {
      const batch = paths.slice(cut, (cut += 1 + random.below(20)));
      await at.remove('main', ...batch);
      for (const path of batch) model.shown.delete(path);
    }
  } else if (kind === 9) {
    await at.commit('main');
    model.commit();
  } else if (kind === 10 || kind === 12) {
    await sealInVain(at);
  } else if (kind === 13) {
    await fold(at);
  } else {
    const isPrefix = random.below(2) === 0;
    const prefix = first.slice(0, 3);
    const scope = isPrefix
      ? ({ kind: 'prefix', prefix } as const)
      : ({ kind: 'object', path: first as ObjectPath } as const);
    const wish = { scope, isForced: false };
    await at.moraine.execute(new ResetBranch(lake, branch, wish, at.moraine.newRequest()));
    const isReset = (path: string) => (isPrefix ? path.startsWith(prefix) : path === first);
    for (const path of PATHS.filter(isReset)) {
      const was = model.committed.get(path);
      if (was === undefined) model.shown.delete(path);
      else model.shown.set(path, was);
    }
  }
}

/** As the sweeper does of a branch with many sealed tokens, here of one with two. */
async function fold({ moraine }: Lake): Promise<void> {
  const { log, kv, clock, ids } = moraine.adapters;
  const branches = new Branches(log, { cachedBranches: 10, cachedOutcomes: 10 });
  await new SweepFolds({ kv, clock, ids }, new TokenFolding(kv, branches, 1)).run();
}

/** A hard reset wants a clean branch: on another one it fails, and leaves what it sealed. */
async function sealInVain({ moraine }: Lake): Promise<void> {
  const wish = { ref: 'main', isForced: false };
  const reset = new HardResetBranch(lake, branch, wish, moraine.newRequest());
  await moraine.execute(reset).catch((error: unknown) => {
    if (!(error instanceof DomainError)) throw error;
  });
}

async function check(at: Lake, model: Model, random: SeededRandom): Promise<void> {
  const amount = 1 + random.below(40);
  const plain = { prefix: '', delimiter: '' };
  const grouped = { prefix: '', delimiter: '/' };
  const listed = await everyPage(amount, (page) =>
    at.moraine.ask(new ListObjects(lake, 'main', page, plain)),
  );
  expect(listed.map(({ path }) => path)).toEqual([...model.shown.keys()].sort());
  const groups = await everyPage(1, (page) =>
    at.moraine.ask(new ListObjects(lake, 'main', page, grouped)),
  );
  const folders = [...model.shown.keys()].map((path) => path.slice(0, 2));
  expect(groups.map(({ path }) => path)).toEqual([...new Set(folders)].sort());
  const uncommitted = await everyPage(amount, (page) =>
    at.moraine.ask(new DiffBranch(lake, branch, page, plain)),
  );
  expect(uncommitted.map(({ type, path }) => `${type} ${path}`)).toEqual(
    model.differences(model.committed),
  );
  const between = { left: 'root', right: 'main$', kind: 'two-dot' } as const;
  const whole = await everyPage(amount, (page) =>
    at.moraine.ask(new DiffRefs(lake, between, page, plain)),
  );
  expect(whole.map(({ type, path }) => `${type} ${path}`)).toEqual(model.differences(new Map()));
}

describe('whatever was deleted, staged, sealed, reset and committed', () => {
  for (let history = 0; history < HISTORIES; history++) {
    it(`listings and diffs are those of a plain map, SEED=${seed + history}`, async () => {
      const random = new SeededRandom(seed + history);
      const at = await Lake.open();
      await at.branch('root');
      const model = new Model();
      for (let steps = 0; steps < STEPS; steps++) {
        await step(at, model, random);
        await check(at, model, random);
      }
      const report = await at.moraine.rebuilder.rebuild('staging', { swap: false });
      expect(report.differingCount).toBe(0);
      await at.moraine.close();
    }, 60_000);
  }

  it('a reset brings back what lies in the middle of a run, more than it says again', async () => {
    const at = await Lake.open();
    const named = (folder: string, count: number) =>
      Array.from({ length: count }, (_, nth) => `${folder}/${String(nth).padStart(4, '0')}`);
    const many = named('m', RESTATED_MAX + 1);
    const paths = [...named('a', 60), ...many, ...named('z', 60)];
    await stageAll(at, paths);
    await at.commit('main');
    await removeAll(at, paths);
    const wish = { scope: { kind: 'prefix', prefix: 'm' }, isForced: false } as const;
    await at.moraine.execute(new ResetBranch(lake, branch, wish, at.moraine.newRequest()));
    const page = { after: '', amount: 2 * RESTATED_MAX };
    const list = new ListObjects(lake, 'main', page, { prefix: '', delimiter: '' });
    expect((await at.moraine.ask(list)).items.map(({ path }) => path)).toEqual(many);
    await at.moraine.close();
  });
});
