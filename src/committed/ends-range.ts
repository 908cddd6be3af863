import type { RangeParameters } from '../ports/committed-store.js';
import type { Slice } from './slice.js';

// FNV-1a of 64 bits: offset 0xcbf29ce484222325, prime 0x100000001b3 = 2⁴⁰ + 0x1b3.
const OFFSET_HIGH = 0xcbf29ce4;
const OFFSET_LOW = 0x84222325;
const PRIME_LOW = 0x1b3;
const TWO_32 = 0x1_0000_0000;

/**
 * Returns whether a key ends a range wherever it stands. It looks at nothing but the key, so
 * writers that know nothing of each other cut at the same keys, and commits share ranges.
 *
 * @param raggednessEntries  one key in so many does, on average
 */
export function isRagged(key: Slice, raggednessEntries: number): boolean {
  // A multiple of a number is one of each power of two that divides it. Half of the hash tells
  // that, and so of most keys that they are none.
  const power = raggednessEntries & -raggednessEntries;
  if (power > 1 && (lowHash(key) & (power - 1)) !== 0) return false;
  return hashModulo(key, raggednessEntries) === 0;
}

/** The low 32 bits, which nothing of the high ones reaches. */
function lowHash({ bytes, start, end }: Slice): number {
  let low = OFFSET_LOW | 0;
  for (let at = start; at < end; at++) low = Math.imul(low ^ (bytes[at] ?? 0), PRIME_LOW);
  return low;
}

function hashModulo({ bytes, start, end }: Slice, divisor: number): number {
  let high = OFFSET_HIGH;
  let low = OFFSET_LOW;
  for (let at = start; at < end; at++) {
    low = (low ^ (bytes[at] ?? 0)) >>> 0;
    // Times 2⁴⁰ moves the low half by 8 bits into the high one; the rest is a long product.
    const product = low * PRIME_LOW;
    const carried = (product - (product >>> 0)) / TWO_32;
    high = (Math.imul(high, PRIME_LOW) + (low << 8) + carried) >>> 0;
    low = product >>> 0;
  }
  return remainder(high, low, divisor);
}

// (divisor − 1)² + 2³² must stay below 2⁵³.
const QUICK_DIVISOR_MAX = 2 ** 26;

function remainder(high: number, low: number, divisor: number): number {
  if (divisor > QUICK_DIVISOR_MAX) {
    return Number(((BigInt(high) << 32n) | BigInt(low)) % BigInt(divisor));
  }
  return ((high % divisor) * (TWO_32 % divisor) + low) % divisor;
}

/** Returns whether a range ends after a key, given its estimated size with that key in it. */
export function endsRange(key: Slice, bytes: number, parameters: RangeParameters): boolean {
  if (bytes < parameters.rangeBytesMin) return false;
  if (bytes >= parameters.rangeBytesMax) return true;
  return isRagged(key, parameters.raggednessEntries);
}
