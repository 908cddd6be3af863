import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { seed } from '../../../test/support/seed.js';
import { MemoryBlockStore } from '../../block-adapter/memory-block-store.js';
import type { ImportSource } from '../../domain/import/import.events.js';
import type { ObjectPath, StorageNamespace } from '../../domain/model.js';
import { BlockNotFound } from '../../ports/store-errors.js';
import { compareUtf8, utf8 } from '../../shared/bytes.js';
import { importedObjects, PathRefused } from './imported-objects.js';

const namespace = 'mem://old' as StorageNamespace;
const prefix = (below: string, to: string): ImportSource => ({
  kind: 'prefix',
  uri: `${namespace}/${below}`,
  prefix: to,
});
const object = (key: string, path: string): ImportSource => ({
  kind: 'object',
  uri: `${namespace}/${key}`,
  path: path as ObjectPath,
});

async function storeOf(keys: readonly string[]): Promise<MemoryBlockStore> {
  const store = new MemoryBlockStore();
  for (const key of keys) await store.putIfAbsent({ namespace, key }, utf8(key));
  return store;
}

async function taken(store: MemoryBlockStore, sources: readonly ImportSource[], after?: string) {
  const found: [path: string, address: string][] = [];
  for await (const { path, entry } of importedObjects(store, sources, after as ObjectPath)) {
    found.push([path, entry.address.slice(namespace.length + 1)]);
  }
  return found;
}

const name = fc.constantFrom('a', 'a-', 'a.b', 'b', 'é', 'z/1', 'z/2', 'z0', '\u{1f600}');
const sourcesOf = fc.array(
  fc.oneof(
    fc
      .tuple(fc.constantFrom('x', 'y', 'x/z'), fc.constantFrom('', 'p/', 'p/z/'))
      .map(([below, to]) => prefix(below, to)),
    fc.tuple(name, fc.constantFrom('p/a', 'q', 'p/z/1')).map(([key, to]) => object(`x/${key}`, to)),
  ),
  { minLength: 1, maxLength: 5 },
);

describe(`the objects of an import (SEED=${seed})`, () => {
  it('are those of all sources in byte order, the last source’s where several have one', () =>
    fc.assert(
      fc.asyncProperty(sourcesOf, async (sources) => {
        const names = ['a', 'a-', 'a.b', 'b', 'é', 'z/1', 'z/2', 'z0', '\u{1f600}'];
        const keys = ['x', 'y'].flatMap((folder) => names.map((each) => `${folder}/${each}`));
        const store = await storeOf(keys);
        const wanted = new Map<string, string>();
        for (const source of sources) {
          if (source.kind === 'object') {
            wanted.set(source.path, source.uri.slice(namespace.length + 1));
            continue;
          }
          const below = `${source.uri.slice(namespace.length + 1)}/`;
          for (const key of keys) {
            if (key.startsWith(below)) wanted.set(source.prefix + key.slice(below.length), key);
          }
        }
        const all = [...wanted].toSorted(([left], [right]) => compareUtf8(left, right));
        expect(await taken(store, sources)).toEqual(all);
        for (const [after] of all) {
          const rest = all.filter(([path]) => compareUtf8(path, after) > 0);
          expect(await taken(store, sources, after)).toEqual(rest);
        }
      }),
      { seed, numRuns: 60 },
    ));

  it('count all that was found for a path', async () => {
    const store = await storeOf(['x/a', 'y/a']);
    const counts = [];
    const sources = [prefix('x', ''), prefix('y', ''), object('x/a', 'b')];
    for await (const { count } of importedObjects(store, sources, undefined)) counts.push(count);
    expect(counts).toEqual([2, 1]);
  });

  it('lie where they lay, are of no type that anybody named, and have their MD5', async () => {
    const store = await storeOf(['x/a']);
    for await (const { entry } of importedObjects(store, [prefix('x', 'in/')], undefined)) {
      expect(entry).toEqual({
        address: 'mem://old/x/a',
        addressType: 'full',
        checksum: '703b376cbed5a9b79fa5db228f35285f',
        sizeBytes: 3,
        modifiedAtMs: 0,
        contentType: '',
        metadata: [],
      });
    }
  });

  it('are refused when one could not be called so', async () => {
    const store = await storeOf(['x/a']);
    const long = prefix('x', `${'long/'.repeat(205)}`);
    await expect(taken(store, [long])).rejects.toThrow(PathRefused);
  });

  it('are refused when one is not there', async () => {
    const store = await storeOf(['x/a']);
    await expect(taken(store, [object('x/none', 'b')])).rejects.toThrow(BlockNotFound);
    await expect(taken(store, [prefix('none', '')])).rejects.toThrow(BlockNotFound);
  });
});
