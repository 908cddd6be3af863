import type { BlockHandle } from '../../src/committed/sstable/stored-block.js';
import type { SeededRandom } from './seeded-random.js';

const HUGE = [
  'ffffffff07',
  'ffffffffffffff7f',
  'ffffffffffffffffff01',
  'ffffffffffffffffffffff',
  '80',
];
const COUNTS = [0, 1, 2, 3, 255, 65_536, 0x0400_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** Returns bytes of a block that are wrong somewhere: a bit, a length, a restart, their order. */
export function mangled(payload: Uint8Array, random: SeededRandom): Uint8Array {
  const bytes = Buffer.from(payload);
  if (bytes.length < 8) return bytes;
  const at = random.below(bytes.length);
  switch (random.below(9)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 1:
      bytes[at] = random.below(256);
      return bytes;
    case 2:
      Buffer.from(random.pick(HUGE), 'hex').copy(bytes, at);
      return bytes;
    case 3:
      bytes.writeUInt32LE(random.pick(COUNTS), bytes.length - 4);
      return bytes;
    case 4: {
      const restart = bytes.length - 8 - 4 * random.below(Math.min(8, (bytes.length >> 2) - 1));
      bytes.writeUInt32LE(
        random.pick([...COUNTS, random.below(bytes.length)]),
        Math.max(0, restart),
      );
      return bytes;
    }
    case 5:
      return bytes.subarray(0, at);
    case 6:
      return Buffer.concat([bytes.subarray(0, at), bytes]);
    case 7: {
      // Near the front are the lengths of the first entry.
      bytes[random.below(Math.min(6, bytes.length))] = random.below(256);
      return bytes;
    }
    default: {
      const length = random.below(bytes.length - at);
      bytes.copyWithin(random.below(bytes.length), at, at + length);
      return bytes;
    }
  }
}

/** Returns Snappy bytes that declare another length, copy from nowhere, or are cut off. */
export function mangledSnappy(compressed: Uint8Array, random: SeededRandom): Uint8Array {
  let prefix = 1;
  while ((compressed[prefix - 1] ?? 0) >= 0x80) prefix++;
  const body = compressed.subarray(prefix);
  switch (random.below(5)) {
    case 0:
      return Buffer.concat([varint(random.pick(COUNTS)), body]);
    case 1:
      return Buffer.concat([varint(compressed.length * random.below(23)), body]);
    case 2:
      // Copies of 64 bytes at offset 1, as many as go into a file: a bomb.
      return bomb(1 + random.below(20_000));
    case 3:
      return mangled(compressed, random);
    default:
      return Buffer.from(random.pick(HUGE), 'hex');
  }
}

function bomb(copies: number): Uint8Array {
  const copy = Buffer.from([0xfe, 0x01, 0x00]);
  const literal = Buffer.from([0x00, 0x00]);
  return Buffer.concat([varint(1 + copies * 64), literal, ...Array<Buffer>(copies).fill(copy)]);
}

function varint(value: number): Buffer {
  const bytes = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** Returns another block's place, one off, one far out, or one over all of the file. */
export function mangledHandle(
  handle: BlockHandle,
  others: { readonly handles: readonly BlockHandle[]; readonly fileBytes: number },
  random: SeededRandom,
): BlockHandle {
  const { handles, fileBytes } = others;
  switch (random.below(6)) {
    case 0:
      return handles.length > 0 ? random.pick(handles) : handle;
    case 1:
      return { ...handle, offset: random.below(fileBytes + 100) };
    case 2:
      return { ...handle, length: random.pick([0, 1, handle.length + 1, 2 ** 32, 2 ** 52]) };
    case 3:
      return { ...handle, offset: random.pick([2 ** 31, 2 ** 32, 2 ** 53 - 1]) };
    case 4:
      return { offset: 0, length: Math.max(0, fileBytes - 5) };
    default:
      return { offset: handle.offset + 1, length: Math.max(0, handle.length - 1) };
  }
}
