// CRC-32C (Castagnoli), reflected, sixteen bytes a step.

const POLYNOMIAL = 0x82f63b78;
const MASK_DELTA = 0xa282ead8;

const tables = makeTables();

function makeTables(): Int32Array {
  const made = new Int32Array(16 * 256);
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
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (; at + 16 <= end; at += 16) {
    crc =
      fourBytes(0xc00, crc ^ words.getInt32(at, true)) ^
      fourBytes(0x800, words.getInt32(at + 4, true)) ^
      fourBytes(0x400, words.getInt32(at + 8, true)) ^
      fourBytes(0, words.getInt32(at + 12, true));
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}

/** What four bytes come to with so many entries' worth of tables behind them. */
function fourBytes(from: number, word: number): number {
  return (
    tables[from + 0x300 + (word & 0xff)]! ^
    tables[from + 0x200 + ((word >>> 8) & 0xff)]! ^
    tables[from + 0x100 + ((word >>> 16) & 0xff)]! ^
    tables[from + (word >>> 24)]!
  );
}

/** Returns the form in which a table stores a CRC, so that a CRC over CRCs stays a good one. */
export function maskedCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}
