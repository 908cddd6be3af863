import { describe, expect, it } from '@jest/globals';
import { compareBytes, fromUtf8, utf8 } from './bytes.js';
import { Interleaved, type PagedCursor } from './interleaved.js';

interface Word {
  readonly key: Uint8Array;
  readonly of: number;
}
type Cursor = PagedCursor<Word> & { readonly source: number };

/** Lays sorted lists of keys over each other, and counts the rows that are read of them. */
function over(lists: readonly (readonly string[])[], limit: number, rowsMax = 1000) {
  const counts = { reads: 0, rows: 0 };
  const rowsOf = (source: number, from: Uint8Array, most: number) =>
    (lists[source] ?? [])
      .map((text) => ({ key: utf8(text), of: source }))
      .filter(({ key }) => compareBytes(key, from) >= 0)
      .slice(0, most);
  const cursors = lists.map((_, source): Cursor => ({
    ...Interleaved.unread<Word>(utf8(''), limit),
    source,
  }));
  const read = async (empty: readonly Cursor[]) => {
    counts.reads++;
    const pages = empty.map(({ source, next, limit: most }) =>
      rowsOf(source, next ?? utf8(''), most),
    );
    counts.rows += pages.flat().length;
    return pages;
  };
  return { words: new Interleaved<Word, Cursor>(cursors, read, rowsMax), counts };
}

async function allOf(words: Interleaved<Word, Cursor>): Promise<string[]> {
  const all: string[] = [];
  for (let row = await words.next(); row; row = await words.next()) {
    all.push(`${fromUtf8(row.key)}${row.of}`);
  }
  return all;
}

describe('several sorted sources as one', () => {
  for (const limit of [1, 2, 3, 100]) {
    it(`give each key once, of the first that has it, ${limit} rows a read`, async () => {
      const { words } = over([['b', 'd'], ['a', 'b', 'c'], [], ['d', 'e', 'é']], limit);
      expect(await allOf(words)).toEqual(['a1', 'b0', 'c1', 'd0', 'e3', 'é3']);
    });

    it(`go on behind a jump, ${limit} rows a read`, async () => {
      const { words } = over(
        [
          ['a', 'd'],
          ['b', 'c', 'e'],
        ],
        limit,
      );
      expect((await words.next())?.of).toBe(0);
      words.skipTo(utf8('c'));
      words.skipTo(utf8('b'));
      expect(await allOf(words)).toEqual(['c1', 'd0', 'e1']);
    });
  }

  it('read no more for what lies between two jumps, however much it is', async () => {
    const costs = [10, 10_000].map(async (each) => {
      const keys = Array.from({ length: 20 }, (_, group) =>
        Array.from({ length: each }, (__, at) => `${10 + group}/${10_000 + at}`),
      ).flat();
      const { words, counts } = over([keys, []], 2);
      for (let group = 10; group < 30; group++) {
        expect(fromUtf8((await words.next())?.key ?? utf8(''))).toBe(`${group}/10000`);
        words.skipTo(utf8(`${group}0`));
      }
      expect(await words.next()).toBeUndefined();
      return counts.rows;
    });
    const [few = 0, many = 0] = await Promise.all(costs);
    expect(many).toBeLessThanOrEqual(few);
    expect(many).toBeLessThanOrEqual(40);
  });

  it('read more and more of a walk that goes on', async () => {
    const keys = Array.from({ length: 5_000 }, (_, at) => `${10_000 + at}`);
    const { words, counts } = over([keys], 2);
    expect(await allOf(words)).toHaveLength(5_000);
    expect(counts.reads).toBeLessThan(12);
  });
});
