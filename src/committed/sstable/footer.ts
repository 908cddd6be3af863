// The last 53 bytes of a table: checksum type (1 = CRC-32C), handle of the metaindex, handle of
// the index, zeros up to 41, version 2 (u32 LE), magic (8 bytes).
import { CorruptData } from '../../ports/store-errors.js';
import { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { readHandle, writeHandle, type BlockHandle } from './stored-block.js';

export const FOOTER_BYTES = 53;
const CRC32C = 1;
const VERSION = 2;
const VERSION_AT = 41;
const MAGIC = Buffer.from('f7cff485b741e288', 'hex');

export interface Footer {
  readonly metaIndex: BlockHandle;
  readonly index: BlockHandle;
}

export function writeFooter(file: ByteWriter, { metaIndex, index }: Footer): void {
  const start = file.length;
  file.byte(CRC32C);
  writeHandle(file, metaIndex);
  writeHandle(file, index);
  while (file.length < start + VERSION_AT) file.byte(0);
  file.u32(VERSION);
  file.bytes(MAGIC);
}

/**
 * @param bytes  a file's last {@link FOOTER_BYTES}
 * @throws CorruptData  it ends in no footer, in one of another version, or one that points beyond
 */
export function readFooter(bytes: Uint8Array, fileBytes: number): Footer {
  if (bytes.length !== FOOTER_BYTES) throw new CorruptData('the file is shorter than a footer');
  const view = Buffer.from(bytes);
  if (!view.subarray(VERSION_AT + 4).equals(MAGIC)) {
    throw new CorruptData('the file does not end in the magic of a table');
  }
  const version = view.readUInt32LE(VERSION_AT);
  if (version !== VERSION) throw new CorruptData(`the table's format has version ${version}`);
  if (view[0] !== CRC32C) throw new CorruptData(`the table has the checksum type ${view[0]}`);
  const reader = new ByteReader().set(view, 1, VERSION_AT);
  const end = fileBytes - FOOTER_BYTES;
  return { metaIndex: readHandle(reader, end), index: readHandle(reader, end) };
}
