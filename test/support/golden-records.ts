import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ByteWriter } from '../../src/committed/byte-writer.js';
import { identityOf, writeEntry } from '../../src/committed/entry-codec.js';
import { sliceOf } from '../../src/committed/slice.js';
import { writeValue } from '../../src/committed/value-codec.js';
import type { ObjectEntry } from '../../src/domain/model.js';

export interface GoldenRange {
  readonly id: string;
  readonly min: string;
  readonly max: string;
  readonly count: number;
  readonly estimated_size: number;
  readonly file_size: number;
  readonly file_sha256: string;
}

export interface GoldenMetaRange {
  readonly name: string;
  readonly n: number;
  readonly id: string;
  readonly file_size: number;
  readonly file_sha256: string;
  readonly ranges: readonly GoldenRange[] | null;
}

export interface GoldenCommit {
  readonly name: string;
  readonly id: string;
  readonly unix: number;
  readonly commit: {
    readonly Committer: string;
    readonly Message: string;
    readonly MetaRangeID: string;
    readonly CreationDate: string;
    readonly Parents: readonly string[] | null;
    readonly Metadata: { readonly [key: string]: string } | null;
    readonly Generation: number;
  };
}

export interface GoldenEntry {
  readonly name: string;
  readonly identity: string;
  readonly data: string;
  readonly value: string;
}

interface Golden {
  readonly commits: readonly GoldenCommit[];
  readonly entries: readonly GoldenEntry[];
  readonly metaranges: readonly GoldenMetaRange[];
}

// Tests run from the checkout's root.
const folder = 'test/golden';

export const golden = JSON.parse(readFileSync(`${folder}/vectors.json`, 'utf8')) as Golden;

export const goldenFile = (id: string): Uint8Array => readFileSync(`${folder}/${id}`);

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** Returns the recipe's i-th object; its time is (i mod 7) microseconds after the entry's. */
export function goldenObject(i: number): { path: string; entry: ObjectEntry; nanos: number } {
  const hash = createHash('sha256').update(`seed-${i}`).digest('hex');
  const part = String(Math.floor(i / 1000)).padStart(4, '0');
  return {
    path: `path/to/obj-${String(i).padStart(8, '0')}`,
    entry: {
      address: `data/part${part}/${hash.slice(0, 20)}`,
      addressType: 'relative',
      checksum: hash.slice(0, 32),
      sizeBytes: (i * 37) % 1_000_003,
      modifiedAtMs: (1_700_000_000 + i) * 1000,
      contentType: 'application/octet-stream',
      metadata: [],
    },
    nanos: (i % 7) * 1000,
  };
}

/** Yields the recipe's records 0 … count − 1 as a range has them; valid until the next. */
export function* goldenRecords(count: number): Generator<{ key: Uint8Array; value: Uint8Array }> {
  const data = new ByteWriter();
  const value = new ByteWriter();
  for (let i = 0; i < count; i++) {
    const { path, entry, nanos } = goldenObject(i);
    data.reset();
    value.reset();
    writeEntry(data, entry, nanos);
    writeValue(value, identityOf(entry), sliceOf(data.view()));
    yield { key: Buffer.from(path), value: value.view() };
  }
}
