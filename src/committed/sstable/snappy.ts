import { compressSync, uncompressSync } from 'snappy';
import { CorruptData } from '../../ports/store-errors.js';

/** Of one block, inflated. */
export const BLOCK_BYTES_MAX = 64 * 1024 * 1024;

// Otherwise each result is memory of its own outside of V8's heap: four times as slow for blocks of
// some kilobytes, and freed late.
const IN_HEAP = { copyOutputData: true };

// A copy of three bytes gives at most 64: no valid input inflates by more.
const INFLATION_MAX = 22;

/**
 * Returns the Snappy block form of `bytes`. Its length is part of what a metarange's id is made
 * of, so the encoder's choices matter, not only that it can be read: sstable.spec.ts pins them.
 */
export function compress(bytes: Uint8Array): Uint8Array {
  return compressSync(bytes, IN_HEAP);
}

/** @throws CorruptData  the declared length is beyond reason, or the bytes do not give it */
export function uncompress(bytes: Uint8Array): Buffer {
  const declared = declaredLength(bytes);
  if (declared > BLOCK_BYTES_MAX || declared > bytes.length * INFLATION_MAX) {
    throw new CorruptData(`${bytes.length} compressed bytes declare ${declared}`);
  }
  let inflated: string | Buffer;
  try {
    inflated = uncompressSync(bytes, IN_HEAP);
  } catch (cause) {
    throw new CorruptData('a block does not uncompress', { cause });
  }
  if (typeof inflated === 'string' || inflated.length !== declared) {
    throw new CorruptData('a block has another length than it declares');
  }
  return inflated;
}

function declaredLength(bytes: Uint8Array): number {
  let length = 0;
  for (let at = 0, unit = 1; at < 5; at++, unit *= 0x80) {
    const byte = bytes[at];
    if (byte === undefined) break;
    length += (byte & 0x7f) * unit;
    if (byte < 0x80) return length;
  }
  throw new CorruptData('a compressed block declares no length');
}
