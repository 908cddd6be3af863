/** Of the element types that our statements take. */
export const OIDS = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  json: 114,
  uuid: 2950,
} as const;

/**
 * An array as a statement takes it in Postgres's binary form: neither quoted here nor parsed there,
 * which is most of what a long array of texts costs as text.
 */
export class BinaryArray {
  #bytes: Buffer;
  #at = HEAD_BYTES;
  #count = 0;
  #hasNull = false;

  constructor(
    private readonly oid: number,
    sizeBytes = 4096,
  ) {
    this.#bytes = Buffer.allocUnsafe(sizeBytes);
  }

  int2(value: number): void {
    this.#room(6);
    this.#bytes.writeInt32BE(2, this.#at);
    this.#bytes.writeInt16BE(value, this.#at + 4);
    this.#at += 6;
  }

  int4(value: number): void {
    this.#room(8);
    this.#bytes.writeInt32BE(4, this.#at);
    this.#bytes.writeInt32BE(value, this.#at + 4);
    this.#at += 8;
  }

  /** @param value  a safe integer */
  int8(value: number): void {
    this.#room(12);
    const high = Math.floor(value / TWO_32);
    this.#bytes.writeInt32BE(8, this.#at);
    this.#bytes.writeInt32BE(high, this.#at + 4);
    this.#bytes.writeUInt32BE(value - high * TWO_32, this.#at + 8);
    this.#at += 12;
  }

  bool(value: boolean): void {
    this.#room(5);
    this.#bytes.writeInt32BE(1, this.#at);
    this.#bytes[this.#at + 4] = value ? 1 : 0;
    this.#at += 5;
  }

  /** @param value  well-formed, without NUL */
  text(value: string): void {
    this.#room(4 + value.length * 3);
    const sizeBytes = this.#bytes.write(value, this.#at + 4);
    this.#bytes.writeInt32BE(sizeBytes, this.#at);
    this.#at += 4 + sizeBytes;
  }

  /** @param value  32 hex digits, with or without dashes */
  uuid(value: string): void {
    this.#room(20);
    this.#bytes.writeInt32BE(16, this.#at);
    this.#bytes.write(value.replaceAll('-', ''), this.#at + 4, 'hex');
    this.#at += 20;
  }

  bytes(value: Uint8Array | null): void {
    if (value === null) {
      this.#room(4);
      this.#bytes.writeInt32BE(-1, this.#at);
      this.#at += 4;
      this.#hasNull = true;
      return;
    }
    this.#room(4 + value.length);
    this.#bytes.writeInt32BE(value.length, this.#at);
    this.#bytes.set(value, this.#at + 4);
    this.#at += 4 + value.length;
  }

  /** Returns the whole as a parameter; nothing may be added after it. */
  done(): Buffer {
    const isEmpty = this.#count === 0;
    const head = [isEmpty ? 0 : 1, this.#hasNull ? 1 : 0, this.oid, this.#count, 1];
    for (const [index, word] of head.entries()) this.#bytes.writeInt32BE(word, index * 4);
    return this.#bytes.subarray(0, isEmpty ? EMPTY_BYTES : this.#at);
  }

  /** Makes room for one more element. */
  #room(sizeBytes: number): void {
    this.#count++;
    if (this.#at + sizeBytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#at + sizeBytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** Dimensions, nulls or none, element type; of the one dimension its length and first index. */
const HEAD_BYTES = 20;
const EMPTY_BYTES = 12;
const TWO_32 = 2 ** 32;
