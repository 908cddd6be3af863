import { createHash, type Hash } from 'node:crypto';
import type { SlotDigest } from '../ports/view-slots.js';

/**
 * Hashes the rows of a slot, in order of partition and key, as bytes.
 *
 * | field | bytes |
 * |---|---|
 * | length of partition, key, value | 3 × 4, unsigned, big-endian |
 * | schema version | 2, unsigned, big-endian |
 * | partition (UTF-8), key, value | as long as said |
 */
export class SlotHash {
  readonly #hash: Hash = createHash('sha256');
  #rowCount = 0;

  add(row: { partition: string; key: Uint8Array; value: Uint8Array; schema: number }): void {
    const partition = Buffer.from(row.partition);
    const head = Buffer.alloc(14);
    head.writeUInt32BE(partition.length, 0);
    head.writeUInt32BE(row.key.length, 4);
    head.writeUInt32BE(row.value.length, 8);
    head.writeUInt16BE(row.schema, 12);
    this.#hash.update(head).update(partition).update(row.key).update(row.value);
    this.#rowCount++;
  }

  digest(): SlotDigest {
    return { sha256: this.#hash.digest('hex'), rowCount: this.#rowCount };
  }
}
