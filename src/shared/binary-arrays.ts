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
 * Arrays as a statement takes them in Postgres's binary form: neither quoted here nor parsed there,
 * which is most of what a long array of texts costs as text. They are written one after the other
 * into one buffer.
 */
export class BinaryArrays {
  #bytes: Buffer;
  #at = 0;
  /** Where the array begins that is being written. */
  #start = 0;
  #count = 0;
  #hasNull = false;
  #oid = 0;
  readonly #ends: number[] = [];

  /** @param sizeBytes  about what all of them will have */
  constructor(sizeBytes: number) {
    this.#bytes = Buffer.allocUnsafe(sizeBytes);
  }

  /** Ends the array before, and begins one. */
  begin(oid: number): this {
    if (this.#oid !== 0) this.#end();
    this.#oid = oid;
    this.#start = this.#at;
    this.#count = 0;
    this.#hasNull = false;
    this.#fit(HEAD_BYTES);
    this.#at += HEAD_BYTES;
    return this;
  }

  int2(value: number): void {
    this.#room(6);
    this.#int4(2);
    this.#bytes[this.#at++] = value >>> 8;
    this.#bytes[this.#at++] = value;
  }

  int4(value: number): void {
    this.#room(8);
    this.#int4(4);
    this.#int4(value);
  }

  /** @param value  a safe integer */
  int8(value: number): void {
    this.#room(12);
    const high = Math.floor(value / TWO_32);
    this.#int4(8);
    this.#int4(high);
    this.#int4(value - high * TWO_32);
  }

  bool(value: boolean): void {
    this.#room(5);
    this.#int4(1);
    this.#bytes[this.#at++] = value ? 1 : 0;
  }

  /** @param value  well-formed, without NUL */
  text(value: string): void {
    this.#room(4 + value.length * 3);
    const sizeBytes = this.#bytes.write(value, this.#at + 4);
    this.#int4(sizeBytes);
    this.#at += sizeBytes;
  }

  /** @param value  32 hex digits, with or without dashes */
  uuid(value: string): void {
    this.#room(20);
    this.#int4(16);
    this.#bytes.write(value.replaceAll('-', ''), this.#at, 'hex');
    this.#at += 16;
  }

  bytes(value: Uint8Array | null): void {
    if (value === null) {
      this.#room(4);
      this.#int4(-1);
      this.#hasNull = true;
      return;
    }
    this.#room(4 + value.length);
    this.#int4(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** Returns all of them as parameters; none may be begun after it. */
  done(): Buffer[] {
    if (this.#oid !== 0) this.#end();
    this.#oid = 0;
    let start = 0;
    return this.#ends.map((end) => {
      const parameter = this.#bytes.subarray(start, end);
      start = end;
      return parameter;
    });
  }

  #end(): void {
    const end = this.#count === 0 ? this.#start + EMPTY_BYTES : this.#at;
    this.#at = this.#start;
    this.#int4(this.#count === 0 ? 0 : 1);
    this.#int4(this.#hasNull ? 1 : 0);
    this.#int4(this.#oid);
    if (this.#count > 0) {
      this.#int4(this.#count);
      this.#int4(1);
    }
    this.#at = end;
    this.#ends.push(end);
  }

  #int4(value: number): void {
    const bytes = this.#bytes;
    bytes[this.#at++] = value >>> 24;
    bytes[this.#at++] = value >>> 16;
    bytes[this.#at++] = value >>> 8;
    bytes[this.#at++] = value;
  }

  /** Makes room for one more element. */
  #room(sizeBytes: number): void {
    this.#count++;
    this.#fit(sizeBytes);
  }

  #fit(sizeBytes: number): void {
    if (this.#at + sizeBytes <= this.#bytes.length) return;
    const length = Math.max(2 * this.#bytes.length, this.#at + sizeBytes);
    const larger = Buffer.allocUnsafeSlow(length);
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** Dimensions, nulls or none, element type; of the one dimension its length and first index. */
const HEAD_BYTES = 20;
const EMPTY_BYTES = 12;
const TWO_32 = 2 ** 32;
