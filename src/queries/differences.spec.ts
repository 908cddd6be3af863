import { describe, expect, it } from '@jest/globals';
import type { ObjectEntry } from '../domain/model.js';
import { utf8 } from '../shared/bytes.js';
import { differenceOf, Differences, differencesPage, type Walk } from './differences.js';

interface Row {
  readonly key: Uint8Array;
  readonly path: string;
  readonly isSame: boolean;
}

const entry: ObjectEntry = {
  address: 'a',
  addressType: 'relative',
  checksum: 'c',
  sizeBytes: 1,
  modifiedAtMs: 0,
  contentType: '',
  metadata: [],
};

/** Rows without an end, of which every n-th is no difference; counts those that were read. */
class Rows implements Walk<Row> {
  readCount = 0;

  constructor(private readonly sameEvery: number) {}

  async next(): Promise<Row> {
    const path = `p${String(this.readCount++).padStart(6, '0')}`;
    return { key: utf8(path), path, isSame: this.readCount % this.sameEvery === 0 };
  }

  skipTo(): void {}
}

async function pageOf(rows: Rows, amount: number) {
  const judge = async ({ path, isSame }: Row) =>
    differenceOf(path, isSame ? entry : undefined, entry);
  const differences = new Differences(rows, judge, amount + 1);
  return differencesPage(differences, { after: '', amount }, { prefix: '', delimiter: '' });
}

describe('a page of differences', () => {
  it('reads the rows that it shows, and one to know that there are more', async () => {
    const rows = new Rows(Number.POSITIVE_INFINITY);
    const page = await pageOf(rows, 1000);
    expect([page.items.length, page.hasMore, rows.readCount]).toEqual([1000, true, 1001]);
  });

  it('reads on where rows are no differences', async () => {
    const rows = new Rows(3);
    const page = await pageOf(rows, 100);
    expect([page.items.length, page.hasMore]).toEqual([100, true]);
    expect(rows.readCount).toBe(151);
  });
});
