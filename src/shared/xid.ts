// Ids of 12 bytes in base32hex: 4 of time (seconds, big endian), 5 of the machine and process, 3 of
// a counter. 20 characters of `0-9a-v`, which sort as the bytes do.
//
// Source: github.com/rs/xid, the format of lakeFS's object names.
import { assert } from './assert.js';

const ALPHABET = '0123456789abcdefghijklmnopqrstuv';
const XID = /^[0-9a-v]{19}[0g]$/;
const COUNTER_MAX = 0xffffff;

/** Makes ids that are unlike each other; unlike another source's as far as `machine` is. */
export class XidSource {
  readonly #machine: Uint8Array;
  #counter: number;

  /** @param random  8 random bytes: 5 stand for machine and process, 3 are the first count */
  constructor(random: Uint8Array) {
    assert(random.length === 8, 'a source of ids takes 8 random bytes');
    this.#machine = random.slice(0, 5);
    this.#counter = ((random[5] ?? 0) << 16) | ((random[6] ?? 0) << 8) | (random[7] ?? 0);
  }

  /** @param seconds  since the epoch; only its low 32 bits stand in the id */
  next(seconds: number): string {
    this.#counter = this.#counter === COUNTER_MAX ? 0 : this.#counter + 1;
    const bytes = new Uint8Array(12);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, Math.floor(seconds) % 2 ** 32);
    bytes.set(this.#machine, 4);
    view.setUint8(9, this.#counter >> 16);
    view.setUint16(10, this.#counter & 0xffff);
    return toBase32Hex(bytes);
  }
}

/** Returns 12 bytes as such an id; what they say of time and place is theirs. */
export function xidOf(bytes: Uint8Array): string {
  assert(bytes.length === 12, 'an id is of 12 bytes');
  return toBase32Hex(bytes);
}

/** Returns the seconds in an id, or undefined when `text` is none. */
export function xidSeconds(text: string): number | undefined {
  if (!XID.test(text)) return undefined;
  let seconds = 0;
  // Six characters hold 30 of the 32 bits, the seventh the rest.
  for (const character of text.slice(0, 6)) seconds = seconds * 32 + ALPHABET.indexOf(character);
  return seconds * 4 + (ALPHABET.indexOf(text.charAt(6)) >> 3);
}

function toBase32Hex(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let count = 0;
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xfff;
    count += 8;
    while (count >= 5) {
      count -= 5;
      text += ALPHABET.charAt((bits >> count) & 31);
    }
  }
  return count === 0 ? text : text + ALPHABET.charAt((bits << (5 - count)) & 31);
}
