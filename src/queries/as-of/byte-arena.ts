import { assert } from '../../shared/assert.js';

/** Most bytes of one piece, and a chunk's size once there are many. */
const CHUNK_BYTES = 1024 * 1024;
const FIRST_CHUNK_BYTES = 4 * 1024;

/** Many small pieces of bytes in few buffers: each is known by one number, and has no object. */
export class ByteArena {
  readonly #chunks: Uint8Array[] = [];
  #used = 0;
  #sizeBytes = 0;

  /** What its buffers take. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Copies a piece; returns where it is. */
  add(piece: Uint8Array): number {
    assert(piece.length <= CHUNK_BYTES, 'a piece fits into a chunk');
    let chunk = this.#chunks.at(-1);
    if (!chunk || chunk.length - this.#used < piece.length) {
      const next = chunk ? 2 * chunk.length : FIRST_CHUNK_BYTES;
      chunk = new Uint8Array(Math.max(piece.length, Math.min(next, CHUNK_BYTES)));
      this.#chunks.push(chunk);
      this.#sizeBytes += chunk.length;
      this.#used = 0;
    }
    const at = (this.#chunks.length - 1) * CHUNK_BYTES + this.#used;
    chunk.set(piece, this.#used);
    this.#used += piece.length;
    return at;
  }

  /** Puts a piece in the place of another one that is not shorter. */
  replace(at: number, piece: Uint8Array): void {
    this.at(at, piece.length).set(piece);
  }

  /** Returns the piece itself, not a copy. */
  at(at: number, length: number): Uint8Array {
    const chunk = this.#chunks[Math.floor(at / CHUNK_BYTES)];
    assert(chunk, 'there is such a chunk');
    const from = at % CHUNK_BYTES;
    return chunk.subarray(from, from + length);
  }
}
