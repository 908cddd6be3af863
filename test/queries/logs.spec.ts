import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { MergeIntoBranch } from '../../src/commands/branch/merge-into-branch.js';
import type { ObjectPath } from '../../src/domain/model.js';
import { NewestFirst } from '../../src/queries/ancestors.js';
import { LogCommits, WHOLE_LOG, type LogFilter } from '../../src/queries/log-commits.js';
import { everyPage, lake, Lake, main } from './lake.js';

let at: Lake;
const ids = new Map<string, string>();

/** A first commit, then `one`, `two`, `three` on main, `side` beside them, all merged. */
beforeAll(async () => {
  at = await Lake.open();
  const step = async (branch: string, message: string, ...puts: [string, string][]) => {
    for (const [path, text] of puts) await at.put(branch, path, text);
    // In the order of the clock, and later than the first commit.
    const dateMs = Math.floor(Date.now() / 1000) * 1000 + ids.size * 1000;
    ids.set(message, (await at.commit(branch, message, dateMs)).id);
  };
  await step('main', 'one', ['a/x', '1'], ['b', '1']);
  await at.branch('side');
  await step('main', 'two', ['a/x', '2']);
  await step('side', 'side', ['c/z', '1']);
  await step('main', 'three', ['b', '1'], ['a/y', '1']);
  const wish = {
    sourceRef: 'side',
    message: 'merged',
    metadata: [],
    strategy: 'default',
    isSquash: false,
    allowsEmpty: false,
    isForced: false,
  } as const;
  const { moraine } = at;
  await moraine.execute(new MergeIntoBranch(lake, main, wish, moraine.newRequest()));
});
afterAll(() => at.moraine.close());

const log = async (filter: Partial<LogFilter> = {}, amount = 100, ref = 'main') => {
  const whole = { ...WHOLE_LOG, ...filter };
  const items = await everyPage(amount, (page) =>
    at.moraine.ask(new LogCommits(lake, ref, page, whole)),
  );
  return items.map(({ message }) => message);
};
const page = (filter: Partial<LogFilter>, after = '', amount = 100) => {
  const whole = { ...WHOLE_LOG, ...filter };
  return at.moraine.ask(new LogCommits(lake, 'main', { after, amount }, whole));
};
const objects = (...paths: string[]) => ({ objects: paths as ObjectPath[] });

describe('a log', () => {
  it('is the same whatever its pages hold', async () => {
    const whole = await log();
    expect(whole.toSorted()).toEqual(
      ['Repository created', 'merged', 'one', 'side', 'three', 'two'].toSorted(),
    );
    for (const amount of [1, 2, 3]) expect(await log({}, amount)).toEqual(whole);
  });

  it('goes on where the page before ended, without walking there again', async () => {
    const walks = jest.spyOn(NewestFirst.prototype, 'take');
    const whole = await log({}, 1);
    // One that is taken and not told stands for the next page.
    expect(walks.mock.calls.length).toBeLessThan(2 * whole.length);
    walks.mockRestore();
  });

  it('ends where it is told to, in the middle of a page or at its end', async () => {
    const stopAt = ids.get('side');
    const all = await log();
    const wanted = all.slice(0, all.indexOf('side') + 1);
    for (const amount of [1, 2, 100]) expect(await log({ stopAt }, amount)).toEqual(wanted);
    const { hasMore } = await page({ stopAt }, '', wanted.length);
    expect(hasMore).toBe(false);
  });

  it('goes on behind any ref, and says which of its refs is not there', async () => {
    const { items } = await page({}, 'main~1');
    expect(items.map(({ message }) => message)).not.toContain('three');
    await expect(page({}, 'nobody')).rejects.toThrow('from ref: not found');
    await expect(page({ stopAt: 'nobody' })).rejects.toThrow('stop_at: not found');
    await expect(log({}, 1, 'nobody')).rejects.toThrow('ref: not found');
  });

  it('leaves out what is older, and what is not on the first line', async () => {
    expect(await log({ sinceMs: Date.now() + 86_400_000 })).toEqual([]);
    expect(await log({ isFirstParentOnly: true })).not.toContain('side');
  });

  it('is of a page alone, when no more is asked for', async () => {
    const { items, hasMore } = await page({ endsWithPage: true }, '', 2);
    expect([items.length, hasMore]).toEqual([2, false]);
  });
});

describe('a log of paths', () => {
  it('is of the commits of one parent that changed them', async () => {
    expect(await log(objects('a/x'))).toEqual(['two', 'one']);
    // What was staged again as it stood is no change.
    expect(await log(objects('b'))).toEqual(['one']);
    expect(await log({ prefixes: ['a/'] })).toEqual(['three', 'two', 'one']);
    expect(await log({ prefixes: ['c'] })).toEqual(['side']);
    expect(await log({ ...objects('c/z'), prefixes: ['a/y'] })).toHaveLength(2);
    expect(await log(objects('nobody'))).toEqual([]);
  });

  it('is the same whatever its pages hold', async () => {
    for (const amount of [1, 2]) {
      expect(await log({ prefixes: ['a/'] }, amount)).toEqual(['three', 'two', 'one']);
    }
    const { items, hasMore } = await page({ prefixes: ['a/'], endsWithPage: true }, '', 1);
    expect([items.length, hasMore]).toEqual([1, false]);
  });

  it('ends where it is told to, whether the last commit changed them or not', async () => {
    expect(await log({ ...objects('a/x'), stopAt: ids.get('three') })).toEqual([]);
    expect(await log({ ...objects('a/x'), stopAt: ids.get('two') })).toEqual(['two']);
  });
});
