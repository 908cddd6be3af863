import { describe, expect, it, jest } from '@jest/globals';
import type { BranchId, CommitId } from '../../src/domain/model.js';
import { DomainError } from '../../src/domain/errors.js';
import { HardResetBranch } from '../../src/commands/branch/hard-reset-branch.js';
import type { Page } from '../../src/shared/page.js';
import { DiffBranch } from '../../src/queries/diff-branch.js';
import { DiffRefs } from '../../src/queries/diff-refs.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { lake, Lake } from './lake.js';
import { readsOf, removeAll, removeSideBySide, stageAll } from './many-objects.js';

const RESULTS = 100;
const page = { after: '', amount: RESULTS };
const plain = { prefix: '', delimiter: '' };
const branch = 'main' as BranchId;

/** Names in their order, whatever their number. */
const named = (folder: string, count: number, end = '') =>
  Array.from({ length: count }, (_, at) => `${folder}${String(at).padStart(7, '0')}${end}`);

/** test/bench/tombstones.js asks for more than there is time for in each run. */
const TOLD_SIZES = process.env['TOMBSTONES']?.split(',').map(Number);
if (TOLD_SIZES) jest.setTimeout(3_600_000);

type Question = (at: Lake) => Promise<Page<unknown>>;

const questions: Readonly<Record<string, Question>> = {
  listing: (at) => at.moraine.ask(new ListObjects(lake, 'main', page, plain)),
  'listing of the prefix': (at) =>
    at.moraine.ask(new ListObjects(lake, 'main', page, { prefix: 'dead/', delimiter: '' })),
  'listing by delimiter': (at) =>
    at.moraine.ask(new ListObjects(lake, 'main', page, { prefix: '', delimiter: '/' })),
  'uncommitted diff': (at) => at.moraine.ask(new DiffBranch(lake, branch, page, plain)),
  'uncommitted diff by delimiter': (at) =>
    at.moraine.ask(new DiffBranch(lake, branch, page, { prefix: '', delimiter: '/' })),
  'diff with the head': (at) => refDiff(at, 'main'),
  'diff with the beginning': (at) => refDiff(at, 'root'),
};

const refDiff = (at: Lake, left: string) =>
  at.moraine.ask(new DiffRefs(lake, { left, right: 'main$', kind: 'two-dot' }, page, plain));

/** Rows and blocks of each question, as far as it returned so many results. */
async function costs(
  prepare: (at: Lake, count: number) => Promise<void>,
  results: Readonly<Record<string, number>>,
  ofItsOwn = [1_000, 20_000],
): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  const sizes = TOLD_SIZES ?? ofItsOwn;
  for (const count of sizes) {
    const at = await Lake.open();
    await at.branch('root');
    await prepare(at, count);
    const reads = readsOf(at);
    for (const [name, question] of Object.entries(questions)) {
      reads();
      const { items } = await question(at);
      expect(`${name}: ${items.length}`).toBe(`${name}: ${results[name]}`);
      found[name] = [...(found[name] ?? []), reads()];
    }
    await at.moraine.close();
  }
  return found;
}

function expectEven(found: Record<string, number[]>): void {
  if (TOLD_SIZES)
    console.error(`COSTS ${expect.getState().currentTestName} ${JSON.stringify(found)}`);
  for (const [name, [few, many]] of Object.entries(found)) {
    if (few === undefined || many === undefined) throw new Error('two costs');
    expect(`${name}: ${few} and ${many}: ${many < 2 * few}`).toMatch(/true$/);
    expect(many).toBeLessThan(12 * RESULTS);
  }
}

describe('a page costs the same over few deletions and over many', () => {
  const all = Object.fromEntries(Object.keys(questions).map((name) => [name, RESULTS]));

  it('of committed objects, a folder of nothing else', async () => {
    const found = await costs(
      async (at, count) => {
        await stageAll(at, [...named('dead/', count), ...named('live', RESULTS)]);
        await at.commit('main');
        await removeAll(at, named('dead/', count));
      },
      {
        ...all,
        'listing of the prefix': 0,
        'uncommitted diff by delimiter': 1,
      },
      [1_000, 100_000],
    );
    expectEven(found);
  });

  it('of committed objects, deleted by eight clients side by side', async () => {
    const found = await costs(
      async (at, count) => {
        await stageAll(at, [...named('dead/', count), ...named('live', RESULTS)]);
        await at.commit('main');
        await removeSideBySide(at, named('dead/', count), count < 100_000 ? 20 : 1_000);
      },
      { ...all, 'listing of the prefix': 0, 'uncommitted diff by delimiter': 1 },
    );
    expectEven(found);
  });

  it('of objects that were staged in the same token, each beside a committed one', async () => {
    const found = await costs(async (at, count) => {
      await stageAll(at, named('dead/', count, '/kept'));
      await at.commit('main');
      await stageAll(at, named('dead/', count, '/gone'));
      await removeAll(at, named('dead/', count, '/gone'));
      await stageAll(at, named('live', RESULTS));
    }, all);
    expectEven(found);
  });

  it('of objects in a sealed token that no intent took', async () => {
    const found = await costs(
      async (at, count) => {
        const { id } = await at.commit('main');
        await stageAll(at, [...named('dead/', count), ...named('live', RESULTS)]);
        await sealInVain(at, id);
        await removeAll(at, named('dead/', count));
      },
      { ...all, 'listing of the prefix': 0 },
    );
    expectEven(found);
  });

  it('one by one, from the last to the first', async () => {
    const found = await costs(
      async (at, count) => {
        await stageAll(at, [...named('dead/', count), ...named('live', RESULTS)]);
        await at.commit('main');
        for (const path of named('dead/', count).toReversed()) await at.remove('main', path);
      },
      { ...all, 'listing of the prefix': 0, 'uncommitted diff by delimiter': 1 },
      [250, 2_000],
    );
    expectEven(found);
  });
});

/** A hard reset wants a clean branch: it fails, and leaves the token that it sealed. */
async function sealInVain(at: Lake, id: CommitId): Promise<void> {
  const { moraine } = at;
  const reset = new HardResetBranch(
    lake,
    branch,
    { ref: id, isForced: false },
    moraine.newRequest(),
  );
  await expect(moraine.execute(reset)).rejects.toThrow(DomainError);
}
