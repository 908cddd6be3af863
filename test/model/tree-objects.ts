import type { ObjectEntry, ObjectPath } from '../../src/domain/model.js';
import type { SeededRandom } from '../support/seeded-random.js';

/** Names that are hard on keys: long ones, and what sorts otherwise as UTF-16 than as bytes. */
const ODD_NAMES = ['\u{1f600}', '\uffee', 'ä', 'A'.repeat(960), '\u0001', '\u007f', '~', '+%20'];

export function pathAt(place: number): ObjectPath {
  const number = String(place).padStart(6, '0');
  const odd = place % 23 === 0 ? (ODD_NAMES[(place / 23) % ODD_NAMES.length] ?? '') : '';
  return `some/folder/name-${number}${odd}/part` as ObjectPath;
}

/** Of most versions the record is as long as of others; some have what a record can have. */
export function entryOfVersion(version: number): ObjectEntry {
  const usual = {
    address: `data/slice/${String(version).padStart(8, '0')}`,
    addressType: 'relative',
    checksum: String(version).padStart(32, '0'),
    sizeBytes: 1000 + (version % 5000),
    modifiedAtMs: 1_700_000_000_000 + version * 1000,
    contentType: 'text/plain',
    metadata: [],
  } as const;
  switch (version % 19) {
    case 0:
      return {
        ...usual,
        metadata: [
          ['a', ''],
          ['ключ', `\u{1f600} ${version}`],
        ],
      };
    case 1:
      return { ...usual, sizeBytes: Number.MAX_SAFE_INTEGER - (version % 1000) };
    case 2:
      return { ...usual, contentType: '', checksum: `${version}` };
    case 3:
      return { ...usual, addressType: 'full', address: `s3://"\\\u0007/${version}` };
    case 4:
      return { ...usual, metadata: [['large', 'x'.repeat(3000 + (version % 7))]] };
    case 5:
      return { ...usual, sizeBytes: 0, modifiedAtMs: version };
    default:
      return usual;
  }
}

/** The same object, put somewhere else. */
export const movedTo = (entry: ObjectEntry, address: string): ObjectEntry => ({
  ...entry,
  address,
  modifiedAtMs: entry.modifiedAtMs + 1,
});

export type Tree = ReadonlyMap<ObjectPath, ObjectEntry>;

/** Changes to a few places, to one stretch, to every n-th, or to the whole of it. */
export function changesTo(tree: Tree, placesMax: number, random: SeededRandom) {
  const changes = new Map<ObjectPath, ObjectEntry | undefined>();
  for (const place of placesOf(placesMax, random)) {
    const path = pathAt(place);
    const was = tree.get(path);
    const kind = random.below(10);
    if (kind === 0) changes.set(path, undefined);
    else if (kind === 1 && was) changes.set(path, movedTo(was, 'data/elsewhere'));
    else changes.set(path, entryOfVersion(random.below(100_000)));
  }
  return changes;
}

function placesOf(placesMax: number, random: SeededRandom): number[] {
  const first = random.below(placesMax);
  switch (random.below(6)) {
    case 0:
      return range(first, Math.min(placesMax, first + random.below(400)), 1);
    case 1:
      return range(random.below(40), placesMax, 20 + random.below(200));
    case 2:
      return random.below(4) === 0 ? range(0, placesMax, 1 + random.below(3)) : [first];
    default:
      return Array.from({ length: 1 + random.below(30) }, () => random.below(placesMax));
  }
}

function range(from: number, to: number, step: number): number[] {
  const places = [];
  for (let place = from; place < to; place += step) places.push(place);
  return places;
}
