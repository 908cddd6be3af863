// CRC-32C (Castagnoli), reflected, eight bytes a step.

const POLYNOMIAL = 0x82f63b78;
const MASK_DELTA = 0xa282ead8;

const tables = makeTables();

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    made[byte] = crc;
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256] ?? 0;
    made[at] = (before >>> 8) ^ (made[before & 0xff] ?? 0);
  }
  return made;
}

/** Returns the CRC-32C of a part of `bytes`, 0 … 2³² − 1. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = -1;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    crc =
      tables[0x700 + ((crc ^ bytes[at]!) & 0xff)]! ^
      tables[0x600 + (((crc >>> 8) ^ bytes[at + 1]!) & 0xff)]! ^
      tables[0x500 + (((crc >>> 16) ^ bytes[at + 2]!) & 0xff)]! ^
      tables[0x400 + ((crc >>> 24) ^ bytes[at + 3]!)]! ^
      tables[0x300 + bytes[at + 4]!]! ^
      tables[0x200 + bytes[at + 5]!]! ^
      tables[0x100 + bytes[at + 6]!]! ^
      tables[bytes[at + 7]!]!;
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}

/** Returns the form in which a table stores a CRC, so that a CRC over CRCs stays a good one. */
export function maskedCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}
