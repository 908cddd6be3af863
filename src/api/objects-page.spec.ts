import { describe, expect, it } from '@jest/globals';
import type { ObjectEntry, StorageNamespace } from '../domain/model.js';
import type { ListedObject, ObjectsPage } from '../queries/list-objects.js';
import { objectsPageText } from './objects-page.js';
import { listedObjectJson, pageJson } from './wire.js';

const HERE = 'local://here' as StorageNamespace;
const THERE = 'local://there' as StorageNamespace;

const entry = (metadata: ObjectEntry['metadata'] = []): ObjectEntry => ({
  address: 'data/"one"\u2028',
  addressType: 'relative',
  checksum: 'd41d8cd98f00b204e9800998ecf8427e',
  sizeBytes: 7,
  modifiedAtMs: 1_700_000_000_500,
  contentType: '',
  metadata,
});

const object = (path: string, kept?: object, of = entry()): ListedObject => ({
  kind: 'object',
  path,
  entry: of,
  kept,
});

const page = (items: readonly ListedObject[], namespace = HERE): ObjectsPage => ({
  items,
  hasMore: true,
  nextOffset: items.at(-1)?.path ?? '',
  namespace,
});

/** What would be sent if nothing were kept. */
function plainText(of: ObjectsPage, withMetadata: boolean): string {
  const { namespace } = of;
  return JSON.stringify(
    pageJson(of, (item) => listedObjectJson(item, { namespace, withMetadata })),
  );
}

describe('the text of a page of objects', () => {
  it.each([true, false])('is what its JSON is, kept or not, metadata: %s', (withMetadata) => {
    const items: ListedObject[] = [
      object('a/"quoted"', {}),
      object('b/ü\u0001', {}, entry([['key', 'välue']])),
      { kind: 'common_prefix', path: 'c/' },
      object('d'),
    ];
    const of = page(items);
    for (let times = 0; times < 3; times++) {
      expect(objectsPageText(of, { withMetadata })).toBe(plainText(of, withMetadata));
    }
    expect(objectsPageText(page([]), { withMetadata })).toBe(plainText(page([]), withMetadata));
  });

  it('is not that of another request, which has left metadata out or asked for it', () => {
    const of = page([object('a', {}, entry([['key', 'value']]))]);
    for (const withMetadata of [true, false, true, false]) {
      expect(objectsPageText(of, { withMetadata })).toBe(plainText(of, withMetadata));
    }
  });

  it('is not that of a repository whose objects lie elsewhere', () => {
    const kept = {};
    for (const namespace of [HERE, THERE, HERE]) {
      const of = page([object('a', kept)], namespace);
      expect(objectsPageText(of, { withMetadata: true })).toBe(plainText(of, true));
    }
  });

  it('is written once for an object that is kept, and anew for one that is not', () => {
    const kept = object('a', {});
    const first = objectsPageText(page([kept]), { withMetadata: true });
    const changed = { ...kept, path: 'b' };
    expect(objectsPageText({ ...page([changed]), nextOffset: 'a' }, { withMetadata: true })).toBe(
      first,
    );
    const other = page([object('b')]);
    expect(objectsPageText(other, { withMetadata: true })).toBe(plainText(other, true));
  });
});
