/** States as rows of 32-bit numbers, first in, first out. */
export class StateQueue {
  readonly #chunks: Int32Array[] = [];
  #first = 0;
  #count = 0;

  constructor(private readonly width: number) {}

  get size(): number {
    return this.#count;
  }

  push(state: Int32Array): void {
    const at = this.#first + this.#count++;
    const chunk = Math.floor(at / CHUNK);
    const into = (this.#chunks[chunk] ??= new Int32Array(CHUNK * this.width));
    into.set(state, (at % CHUNK) * this.width);
  }

  shift(into: Int32Array): void {
    const chunk = this.#chunks[0];
    if (!chunk || this.#count === 0) throw new Error('there is no state left');
    const at = this.#first * this.width;
    into.set(chunk.subarray(at, at + this.width));
    this.#count--;
    if (++this.#first < CHUNK) return;
    this.#first = 0;
    this.#chunks.shift();
  }
}

const CHUNK = 16_384;

/** How each state was reached first: from which, by which step. */
export class Ways {
  readonly #chunks: { readonly from: Uint32Array; readonly by: Uint16Array }[] = [];
  #count = 0;

  get size(): number {
    return this.#count;
  }

  add(from: number, by: number): void {
    const chunk = Math.floor(this.#count / WAYS);
    const into = (this.#chunks[chunk] ??= {
      from: new Uint32Array(WAYS),
      by: new Uint16Array(WAYS),
    });
    into.from[this.#count % WAYS] = from;
    into.by[this.#count % WAYS] = by;
    this.#count++;
  }

  /** Returns the steps from the first state to this one. */
  to(state: number): readonly number[] {
    const steps: number[] = [];
    for (let at = state; at > 0;) {
      const chunk = this.#chunks[Math.floor(at / WAYS)];
      steps.push(chunk?.by[at % WAYS] ?? 0);
      at = chunk?.from[at % WAYS] ?? 0;
    }
    return steps.toReversed();
  }
}

const WAYS = 1 << 20;

/**
 * Fingerprints of 64 bits. Two states with the same one would be taken for one; of twenty million
 * states the chance that any two are is one in 10⁵.
 */
export class Fingerprints {
  #slots = new Uint32Array(1 << 17);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** @returns whether it is a new one */
  add(state: Int32Array): boolean {
    let high = 0x2545f491;
    let low = 0x9e3779b9;
    for (const word of state) {
      high = Math.imul(high ^ word, 0x85ebca6b);
      high ^= high >>> 13;
      low = Math.imul(low ^ word ^ (high >>> 7), 0xc2b2ae35);
      low ^= low >>> 16;
      high = (high + Math.imul(low, 0x27d4eb2f)) | 0;
    }
    high = Math.imul(high ^ (high >>> 15), 0x2c1b3c6d);
    low = Math.imul(low ^ (low >>> 12) ^ high, 0x297a2d39);
    high ^= high >>> 12;
    low ^= low >>> 15;
    // Nothing at all marks a slot that is free.
    if (!this.#put(high >>> 0, (low | 1) >>> 0)) return false;
    if (++this.#count * 3 > this.#slots.length) this.#grow();
    return true;
  }

  #put(high: number, low: number): boolean {
    const mask = this.#slots.length / 2 - 1;
    for (let at = (high ^ (low >>> 1)) & mask; ; at = (at + 1) & mask) {
      const found = this.#slots[2 * at + 1];
      if (found === 0) {
        this.#slots[2 * at] = high;
        this.#slots[2 * at + 1] = low;
        return true;
      }
      if (found === low && this.#slots[2 * at] === high) return false;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2) {
      const low = old[at + 1] ?? 0;
      if (low !== 0) this.#put(old[at] ?? 0, low);
    }
  }
}
