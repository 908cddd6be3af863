import type { StagingToken } from '../domain/model.js';
import type { KvRead, KvRow, KvSnapshot } from '../ports/kv-store.js';
import { assert } from '../shared/assert.js';
import { keys, partitions } from './kv-keys.js';

export interface StagedSpan {
  /** Inclusive. */
  readonly from?: Uint8Array;
  /** Exclusive. */
  readonly until?: Uint8Array;
}

/**
 * Reads rows of tokens, and the tokens' own rows with them: of a token that was dropped meanwhile
 * there is no row, and its rows would be taken for none.
 *
 * @throws InvariantError  a token was dropped
 */
export async function readOfTokens(
  snapshot: KvSnapshot,
  tokens: readonly StagingToken[],
  reads: readonly KvRead[],
): Promise<readonly (readonly KvRow[])[]> {
  const own = tokens.map((token) => ({
    kind: 'get' as const,
    partition: partitions.tokens,
    key: keys.token(token),
  }));
  const found = await snapshot.read([...reads, ...own]);
  for (const [index, token] of tokens.entries()) {
    assert(found[reads.length + index]?.length === 1, `${token} was dropped while it was read`);
  }
  return found.slice(0, reads.length);
}
