import * as fc from 'fast-check';
import type { ObjectEntry, ObjectPath } from '../../src/domain/model.js';
import type { ChangeBatch, PackedChanges, StagedChange } from '../../src/ports/committed-store.js';
import { compareUtf8, utf8 } from '../../src/shared/bytes.js';
import { packRows } from '../../src/shared/packed-rows.js';

/** Returns an entry that differs from another one of another `version`, and from no other. */
export function entryOf(version: number): ObjectEntry {
  return {
    address: `data/slice/${version}`,
    addressType: 'relative',
    checksum: `checksum-${version}`,
    sizeBytes: version,
    modifiedAtMs: 1_700_000_000_000 + version,
    contentType: 'text/plain',
    metadata: version % 3 === 0 ? [['version', String(version)]] : [],
  };
}

/** Few enough paths that changes meet, with beginnings in common and beyond ASCII. */
export const paths: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom('a', 'a/b', 'data/part=1/', 'ä', '\u{1f600}/'), fc.nat(60))
  .map(([prefix, n]) => `${prefix}${n}`);

/** Changes as `apply` takes them; `undefined` is a tombstone. */
export const changeMaps: fc.Arbitrary<ReadonlyMap<string, number | undefined>> = fc
  .array(fc.tuple(paths, fc.option(fc.nat(4), { nil: undefined, freq: 3 })), { maxLength: 120 })
  .map((pairs) => new Map(pairs));

/** Returns changes in the order in which they must come. */
export function changesOf(map: ReadonlyMap<string, number | undefined>): StagedChange[] {
  return [...map]
    .sort(([a], [b]) => compareUtf8(a, b))
    .map(([path, version]) => ({
      path: path as ObjectPath,
      entry: version === undefined ? undefined : entryOf(version),
    }));
}

/** Yields changes in batches of a size, every second one packed as the views' rows are. */
export async function* inBatches(
  changes: readonly StagedChange[],
  size = 7,
): AsyncGenerator<ChangeBatch> {
  let isPacked = false;
  for (let at = 0; at < changes.length; at += size, isPacked = !isPacked) {
    const batch = changes.slice(at, at + size);
    yield isPacked ? packed(batch) : batch;
  }
}

/** Returns changes as a commit gets them from the views. */
export function packed(changes: readonly StagedChange[]): PackedChanges {
  const rows = changes.map(({ path, entry }) => ({
    key: utf8(path),
    value: utf8(JSON.stringify(entry ?? null)),
  }));
  return {
    packed: packRows(rows),
    length: changes.length,
    [Symbol.iterator]: () => changes[Symbol.iterator](),
  };
}
