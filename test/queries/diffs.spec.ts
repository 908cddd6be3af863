import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DomainError } from '../../src/domain/errors.js';
import type { BranchId } from '../../src/domain/model.js';
import { DiffBranch } from '../../src/queries/diff-branch.js';
import { DiffRefs } from '../../src/queries/diff-refs.js';
import { compareUtf8 } from '../../src/shared/bytes.js';
import { seed } from '../support/seed.js';
import { SeededRandom } from '../support/seeded-random.js';
import { everyPage, lake, Lake } from './lake.js';

type Told = readonly [path: string, type: string];
type Tree = ReadonlyMap<string, string>;
type Kind = 'two-dot' | 'three-dot';

let at: Lake;
beforeAll(async () => {
  at = await Lake.open();
});
afterAll(() => at.moraine.close());

const filterOf = (prefix = '', delimiter = '') => ({ prefix, delimiter });

async function diff(
  [left, right]: readonly [string, string],
  kind: Kind,
  { prefix = '', delimiter = '', amount = 1000 } = {},
): Promise<Told[]> {
  const between = { left, right, kind };
  const items = await everyPage(amount, (page) =>
    at.moraine.ask(new DiffRefs(lake, between, page, filterOf(prefix, delimiter))),
  );
  return items.map(({ path, type }) => [path, type]);
}

async function diffOfBranch(name: string, { prefix = '', delimiter = '', amount = 1000 } = {}) {
  const items = await everyPage(amount, (page) =>
    at.moraine.ask(new DiffBranch(lake, name as BranchId, page, filterOf(prefix, delimiter))),
  );
  return items.map(({ path, type }): Told => [path, type]);
}

/** What the rule says of each path, one after the other. */
function plain(kind: Kind, [left, right]: readonly [Tree, Tree], base: Tree = new Map()): Told[] {
  const paths = [...new Set([...left.keys(), ...right.keys()])].sort(compareUtf8);
  return paths.flatMap((path): Told[] => {
    const [l, r, b] = [left.get(path), right.get(path), base.get(path)];
    if (l === r || (kind === 'three-dot' && r === b)) return [];
    if (kind === 'three-dot' && l !== b) return [[path, 'conflict']];
    if (l === undefined) return [[path, 'added']];
    return [[path, r === undefined ? 'removed' : 'changed']];
  });
}

function grouped(all: readonly Told[], prefix: string, delimiter: string): Told[] {
  const told = new Map<string, string>();
  for (const [path, type] of all.filter(([each]) => each.startsWith(prefix))) {
    const cut = delimiter === '' ? -1 : path.indexOf(delimiter, prefix.length);
    if (cut < 0) told.set(path, type);
    else told.set(path.slice(0, cut + delimiter.length), 'prefix_changed');
  }
  return [...told];
}

describe(`two branches that went apart, from SEED=${seed} on`, () => {
  const random = new SeededRandom(seed);
  const trees = new Map<string, Map<string, string>>();
  const pathOf = () =>
    Array.from({ length: 1 + random.below(3) }, () => random.pick(['a', 'b', 'é', 'c-']))
      .join('/')
      .concat(random.pick(['', '', '/', '~']));

  async function change(branch: string, tree: Map<string, string>, count: number): Promise<void> {
    for (let done = 0; done < count; done++) {
      const path = pathOf();
      if (tree.has(path) && random.below(3) === 0) {
        await at.remove(branch, path);
        tree.delete(path);
      } else {
        const text = `v${random.below(3)}`;
        await at.put(branch, path, text);
        tree.set(path, text);
      }
    }
  }

  beforeAll(async () => {
    const base = new Map<string, string>();
    await change('main', base, 60);
    await at.commit('main');
    await at.branch('ours');
    await at.branch('theirs');
    for (const name of ['ours', 'theirs']) {
      const tree = new Map(base);
      await change(name, tree, 40);
      await at.commit(name);
      trees.set(name, new Map(tree));
      await change(name, tree, 15);
      trees.set(`${name}$`, tree);
    }
    trees.set('main', base);
  }, 30_000);

  const tree = (name: string): Tree => trees.get(name) ?? new Map();
  const pages = [
    { amount: 1000 },
    { amount: 1, delimiter: '/' },
    { amount: 3, delimiter: '/' },
    { amount: 2 },
    { amount: 2, prefix: 'a', delimiter: '/' },
    { amount: 5, prefix: 'a/', delimiter: '/' },
    { amount: 1, prefix: 'é', delimiter: 'b' },
  ];

  it.each(pages)('differ, by two dots, as their trees do: %j', async (asked) => {
    const { prefix = '', delimiter = '' } = asked;
    for (const [left, right] of [
      ['ours', 'theirs'],
      ['theirs', 'ours'],
      ['ours', 'theirs$'],
      ['ours', 'ours$'],
    ] as const) {
      const wanted = grouped(plain('two-dot', [tree(left), tree(right)]), prefix, delimiter);
      expect(await diff([left, right], 'two-dot', asked)).toEqual(wanted);
    }
  });

  it.each(pages)('are, by three dots, what a merge would do: %j', async (asked) => {
    const { prefix = '', delimiter = '' } = asked;
    for (const [left, right] of [
      ['ours', 'theirs'],
      ['theirs', 'ours'],
      ['ours', 'main'],
      ['main', 'ours'],
    ] as const) {
      const all = plain('three-dot', [tree(left), tree(right)], tree('main'));
      const wanted = grouped(all, prefix, delimiter);
      expect(await diff([left, right], 'three-dot', asked)).toEqual(wanted);
    }
  });

  it.each(pages)('have uncommitted changes of their own: %j', async (asked) => {
    const { prefix = '', delimiter = '' } = asked;
    const all = plain('two-dot', [tree('ours'), tree('ours$')]);
    expect(await diffOfBranch('ours', asked)).toEqual(grouped(all, prefix, delimiter));
  });
});

describe('a diff of refs', () => {
  it('shows objects as they are, and what is gone as it was', async () => {
    await at.branch('before');
    await at.put('before', 'gone', 'four');
    await at.commit('before');
    await at.branch('behind', 'before');
    await at.remove('behind', 'gone');
    await at.put('behind', 'come', 'fives');
    await at.commit('behind');
    const between = { left: 'before', right: 'behind', kind: 'three-dot' } as const;
    const page = { after: '', amount: 10 };
    const { items } = await at.moraine.ask(new DiffRefs(lake, between, page, filterOf()));
    expect(items).toMatchObject([
      { path: 'come', type: 'added', sizeBytes: 5, entry: { checksum: 'fives' } },
      { path: 'gone', type: 'removed', sizeBytes: 4, entry: { checksum: 'four' } },
    ]);
  });

  it('takes what is staged on its right side, of a branch, by two dots alone', async () => {
    const refusals = [
      [['main$', 'main'], 'two-dot'],
      [['main', 'main$'], 'three-dot'],
      [['main', 'main~1$'], 'two-dot'],
    ] as const;
    for (const [refs, kind] of refusals) {
      await expect(diff(refs, kind)).rejects.toThrow(DomainError);
    }
    await expect(diff(['main', 'nobody'], 'two-dot')).rejects.toThrow('not found');
    await expect(diff(['nobody', 'main'], 'three-dot')).rejects.toThrow('not found');
    expect(await diff(['main', 'main'], 'three-dot')).toEqual([]);
  });
});
