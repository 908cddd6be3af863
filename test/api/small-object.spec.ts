import { describe, expect, it } from '@jest/globals';
import { MemoryBlockStore } from '../../src/block-adapter/memory-block-store.js';
import type { RepositoryId, StorageNamespace } from '../../src/domain/model.js';
import { BlockNotFound } from '../../src/ports/store-errors.js';
import { ReadSmallObject, ReadSmallObjectHandler } from '../../src/queries/open-object.js';
import { entry } from './stand-ins.js';

const namespace = 'mem://lake' as StorageNamespace;
const SMALL_BYTES_MAX = 64 * 1024;

/** What is read of an object of so many bytes when the store has so many at its address. */
async function readOf(object: { sizeBytes: number }, stored: number | undefined) {
  const blocks = new MemoryBlockStore();
  const address = { namespace, key: 'k' };
  if (stored !== undefined) await blocks.putIfAbsent(address, Buffer.alloc(stored, 7));
  const found = { entry: { ...entry, address: 'k', ...object }, namespace };
  const handler = new ReadSmallObjectHandler(blocks);
  return handler.execute(new ReadSmallObject('lake' as RepositoryId, found));
}

describe('a small object', () => {
  it.each([0, 1, SMALL_BYTES_MAX])('of %s bytes is read as a whole', async (sizeBytes) => {
    expect(await readOf({ sizeBytes }, sizeBytes)).toEqual(Buffer.alloc(sizeBytes, 7));
  });

  it('of a byte more is left to be streamed', async () => {
    const sizeBytes = SMALL_BYTES_MAX + 1;
    expect(await readOf({ sizeBytes }, sizeBytes)).toBeUndefined();
  });

  it('whose bytes are more or fewer than it has is none', async () => {
    expect(await readOf({ sizeBytes: 5 }, 6)).toBeUndefined();
    expect(await readOf({ sizeBytes: 5 }, 4)).toBeUndefined();
  });

  it('whose bytes are gone is told to be', async () => {
    await expect(readOf({ sizeBytes: 5 }, undefined)).rejects.toThrow(BlockNotFound);
  });
});
