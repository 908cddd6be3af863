import { describe, expect, it } from '@jest/globals';
import type {
  MetaRangeId,
  ObjectEntry,
  ObjectPath,
  StagingToken,
  StorageNamespace,
} from '../domain/model.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
import { CommittedStore, type CommittedObject } from '../ports/committed-store.js';
import type { KvRow } from '../ports/kv-store.js';
import { compareBytes, utf8 } from '../shared/bytes.js';
import { treeOf } from './list-objects.js';
import { NeedsSnapshot, Overlay, pathOf } from './overlay.js';

const entryOf = (checksum: string): ObjectEntry => ({
  address: 'a',
  addressType: 'relative',
  checksum,
  sizeBytes: 1,
  modifiedAtMs: 0,
  contentType: '',
  metadata: [],
});

/** A tree that is a list. */
class ListedTree extends CommittedStore {
  constructor(private readonly paths: readonly string[]) {
    super();
  }

  override get = () => Promise.reject(new Error('not asked for'));
  override storeEmpty = () => Promise.reject(new Error('not asked for'));
  override apply = () => Promise.reject(new Error('not asked for'));
  override diff = () => Promise.reject(new Error('not asked for'));
  override merge = () => Promise.reject(new Error('not asked for'));
  override ranges = () => Promise.reject(new Error('not asked for'));

  override async scan(
    _namespace: StorageNamespace,
    _id: MetaRangeId,
    { from, limit }: { from: Uint8Array; limit: number },
  ): Promise<readonly CommittedObject[]> {
    return this.paths
      .filter((path) => compareBytes(utf8(path), from) >= 0)
      .slice(0, limit)
      .map((path) => ({ path: path as ObjectPath, entry: entryOf('committed') }));
  }
}

type Words = Readonly<Record<string, string | null>>;

const rowOf = (path: string, value: unknown): KvRow => ({
  key: utf8(path),
  value: Buffer.from(JSON.stringify(value)),
  schema: 1,
  version: '1',
});

/** A token's entries, and its tombstones. */
const pagesOf = (words: Words): readonly KvRow[][] => {
  const said = Object.entries(words);
  const entries = said.flatMap(([path, word]) => (word ? [rowOf(path, entryOf(word))] : []));
  return [entries, said.flatMap(([path, word]) => (word ? [] : [rowOf(path, null)]))];
};

/** Lays tokens, the newest first, over a tree. */
function overlayOf(tokens: readonly Words[], committed: readonly string[], rowsPerRead = 100) {
  const point = {
    repository: { namespace: 'local://n' } as RepositoryRecord,
    tokens: tokens.map((_, index) => `token-${index}` as StagingToken),
    metaRangeId: 'm' as MetaRangeId,
    branch: undefined,
  };
  return new Overlay(
    { ...treeOf(point, new ListedTree(committed)), snapshot: undefined },
    { from: new Uint8Array(), until: undefined, rowsPerRead },
    tokens.flatMap(pagesOf),
  );
}

async function all(overlay: ReturnType<typeof overlayOf>): Promise<(readonly [string, string])[]> {
  const items: (readonly [string, string])[] = [];
  for (let item = await overlay.next(); item; item = await overlay.next()) {
    items.push([pathOf(item), item.entry.checksum]);
  }
  return items;
}

describe('what a branch shows', () => {
  it('is the newest word on each path, unless that is a tombstone, in byte order', async () => {
    const overlay = overlayOf(
      [
        { a: 'newest', c: null },
        { a: 'older', b: 'older', c: 'older' },
      ],
      ['a', 'c', 'd'],
    );
    expect(await all(overlay)).toEqual([
      ['a', 'newest'],
      ['b', 'older'],
      ['d', 'committed'],
    ]);
  });

  it('goes on behind a group that is skipped, in every source', async () => {
    const overlay = overlayOf([{ 'g/1': 'staged', h: 'staged' }], ['a', 'g/2', 'i']);
    expect((await overlay.next())?.key).toEqual(utf8('a'));
    overlay.skipTo(utf8('g0'));
    expect(await all(overlay)).toEqual([
      ['h', 'staged'],
      ['i', 'committed'],
    ]);
  });

  it('reads a long tree page by page', async () => {
    const overlay = overlayOf([], ['a', 'b', 'c', 'd', 'e'], 2);
    expect((await all(overlay)).map(([path]) => path)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('asks for a snapshot when a token has more rows than were read with the branch', async () => {
    const overlay = overlayOf([{ a: 'staged', b: 'staged' }], [], 2);
    await overlay.next();
    await overlay.next();
    await expect(overlay.next()).rejects.toThrow(NeedsSnapshot);
  });
});
