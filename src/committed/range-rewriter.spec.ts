import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { seed } from '../../test/support/seed.js';
import { packRows } from '../shared/packed-rows.js';
import { RangeRewriter, type ChangeCounts } from './range-rewriter.js';
import type { BuiltRange } from './range-writer.js';

const PARAMETERS = { rangeBytesMin: 0, rangeBytesMax: 20_000, raggednessEntries: 150 };
const COUNT = 600;

/** What is done to a record, or to the place between two. */
type Deed = 'kept' | 'restaged' | 'changed' | 'grown' | 'removed' | 'added';
type Entry = { readonly label: string; readonly address: string };

// Mostly changes of no other length: those are put into a block where it lies.
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 40, arbitrary: fc.constant<Deed>('kept') },
  { weight: 6, arbitrary: fc.constant<Deed>('changed') },
  ...(['restaged', 'grown', 'removed', 'added'] as const).map((one) => ({
    weight: 1,
    arbitrary: fc.constant<Deed>(one),
  })),
);

const deeds = fc.oneof(
  fc.array(deed, { minLength: COUNT, maxLength: COUNT }),
  fc.nat(40).map((step) => Array.from({ length: COUNT }, (_, at) => deedAt(at, step + 1))),
);

const deedAt = (at: number, step: number): Deed => (at % step === 0 ? 'changed' : 'kept');

const keyOf = (at: number) => `folder/object-${String(at).padStart(6, '0')}`;
const OLD: Entry = { label: 'first', address: 'a' };

function entryAfter(did: Deed): Entry {
  if (did === 'restaged') return { label: 'first', address: 'elsewhere' };
  return { label: did === 'grown' ? 'a longer one' : 'again', address: 'b' };
}

const textOf = (at: number, { label, address }: Entry) =>
  JSON.stringify({
    address: `local://name/${address}`,
    addressType: 'full',
    checksum: `${label}-${at}`,
    sizeBytes: at,
    modifiedAtMs: 1_700_000_000_000,
    contentType: 'text/plain',
    metadata: [],
  });

const packOf = (rows: ReadonlyMap<string, string>) =>
  packRows([...rows].map(([key, value]) => ({ key: Buffer.from(key), value: Buffer.from(value) })));

/** Lays changes over ranges, one after the other, as a walk over a tree does. */
function laid(base: readonly BuiltRange[], changes: ReadonlyMap<string, string>) {
  const built: BuiltRange[] = [];
  const rewriter = new RangeRewriter(PARAMETERS, (range) => built.push(range));
  const left = [...changes].map(([key, value]) => ({ key, value }));
  const take = (isWanted: (key: string) => boolean) => {
    const rows = new Map<string, string>();
    for (let row = left[0]; row && isWanted(row.key); row = left[0]) {
      rows.set(row.key, row.value);
      left.shift();
    }
    if (rows.size > 0) rewriter.rows(packOf(rows));
  };
  for (const { id, file, minKey, maxKey } of base) {
    const last = Buffer.from(maxKey).toString();
    rewriter.openBase({ name: id, file, minKey, maxKey });
    take((key) => key <= last);
    rewriter.closeBase();
  }
  take(() => true);
  const counts: ChangeCounts = rewriter.end();
  return {
    files: built.map((range) => [range.id, hexOf(range)]),
    built,
    counts,
  };
}

const hexOf = ({ file }: BuiltRange) => Buffer.from(file).toString('hex');

describe(`laying changes over ranges (SEED=${seed})`, () => {
  it('gives the files that writing all of the records anew would give', () => {
    const all = Array.from({ length: COUNT }, (_, at) => [keyOf(at), textOf(at, OLD)] as const);
    const { built: base } = laid([], new Map(all));
    expect(base.length).toBeGreaterThan(1);
    const before = base.map(hexOf);
    fc.assert(
      fc.property(deeds, (done) => {
        const changes = new Map<string, string>();
        const after = new Map<string, string>();
        for (const [at, did] of done.entries()) {
          const key = keyOf(at);
          const text = textOf(at, entryAfter(did));
          if (did === 'removed') changes.set(key, 'null');
          else if (did === 'added') changes.set(`${key}-beside`, text);
          else if (did !== 'kept') changes.set(key, text);
          // An object that is staged as it was keeps its record.
          const isOld = did === 'kept' || did === 'restaged' || did === 'added';
          if (did !== 'removed') after.set(key, isOld ? textOf(at, OLD) : text);
          if (did === 'added') after.set(`${key}-beside`, text);
        }
        const { files: made, counts } = laid(base, changes);
        expect(made).toEqual(laid([], after).files);
        const of = (...kinds: Deed[]) => done.filter((did) => kinds.includes(did)).length;
        const [addedCount, removedCount] = [of('added'), of('removed')];
        expect(counts).toEqual({ addedCount, removedCount, changedCount: of('changed', 'grown') });
        expect(base.map(hexOf)).toEqual(before);
      }),
      { seed, numRuns: 30 },
    );
  });
});
