import { describe, expect, it } from '@jest/globals';
import { token, path } from '../../test/support/samples/staging.samples.js';
import { entry } from '../../test/support/samples/staging.samples.js';
import { MemoryKvStore } from '../kv-adapter/memory-kv-store.js';
import type { KvSnapshot } from '../ports/kv-store.js';
import { InvariantError } from '../shared/assert.js';
import { utf8 } from '../shared/bytes.js';
import { drop, put, remove } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import { STAGED_ROWS_PER_READ, stagedChanges } from './staging.view.js';

const ROWS = STAGED_ROWS_PER_READ + 1;

function storeWithRows(): MemoryKvStore {
  const kv = new MemoryKvStore();
  const partition = partitions.staging(token);
  kv.apply([
    put(partitions.tokens, keys.token(token), { openedAtMs: 1 }),
    ...Array.from({ length: ROWS }, (_, at) => put(partition, utf8(path(`p${at}`)), entry)),
  ]);
  return kv;
}

async function countOf(snapshot: KvSnapshot): Promise<number> {
  let count = 0;
  for await (const batch of stagedChanges(snapshot, [token])) count += batch.length;
  return count;
}

describe('what a token says, read in pages', () => {
  it('is all of it', async () => expect(await countOf(storeWithRows())).toBe(ROWS));

  it('is an error when its rows went before or between its pages: never less', async () => {
    const kv = storeWithRows();
    let reads = 0;
    const dropping: KvSnapshot = {
      read: async (asked) => {
        if (++reads === 2) {
          kv.apply([drop(partitions.staging(token)), remove(partitions.tokens, keys.token(token))]);
        }
        return kv.read(asked);
      },
    };
    await expect(countOf(dropping)).rejects.toThrow(InvariantError);
    expect(reads).toBe(2);
    await expect(countOf(kv)).rejects.toThrow(InvariantError);
  });
});
