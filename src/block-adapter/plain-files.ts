// Files of a folder as blocks: opened without following a link, listed with their checksums.
import { createHash, type Hash } from 'node:crypto';
import { close, constants, fstatSync, open, read } from 'node:fs';
import { promisify } from 'node:util';
import type { SourceBlock } from '../ports/block-store.js';
import { AddressRefused, BlockNotFound } from '../ports/store-errors.js';
import type { FileNames } from './file-names.js';
import { codeOf } from './fs-errors.js';
import { listFiles } from './list-blocks.js';

const openFile = promisify(open);
const closeFile = promisify(close);
const readFile = promisify(read);

const READ_CHUNK_BYTES = 256 * 1024;
/** No link at the end of the path, and no waiting for the other end of a pipe. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file that was opened; the caller closes it. */
export interface OpenedFile {
  readonly file: number;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** @throws BlockNotFound  nothing is there, or no plain file; it names it as `shown` */
export async function openPlain(path: string, shown = path): Promise<OpenedFile> {
  const file = await openFile(path, READ_FLAGS).catch((error: unknown) => {
    // ELOOP: the name is a link by now. ENXIO: a socket, or a pipe that nobody writes.
    if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(codeOf(error))) throw error;
    throw new BlockNotFound(shown, { cause: error });
  });
  // It is open, so what it says is at hand: a hop to another thread would cost more than the call.
  const found = fstatSync(file);
  if (found.isFile()) {
    return { file, sizeBytes: found.size, modifiedAtMs: Math.floor(found.mtimeMs) };
  }
  await closeFile(file);
  throw new BlockNotFound(`${shown} is no file`);
}

/** Reads a file to its end and closes it. Size and checksum are of the same bytes. */
export async function summed({ file, sizeBytes: sizeBytesMax, modifiedAtMs }: OpenedFile) {
  try {
    const hash = createHash('md5');
    const sizeBytes = await hashAll(file, sizeBytesMax, hash);
    return { sizeBytes, modifiedAtMs, checksum: hash.digest('hex') };
  } finally {
    await closeFile(file);
  }
}

/** Of a file that grows meanwhile, as much as it had. @returns how much it was */
async function hashAll(file: number, sizeBytes: number, hash: Hash): Promise<number> {
  const chunk = Buffer.allocUnsafe(Math.min(sizeBytes, READ_CHUNK_BYTES));
  for (let done = 0; done < sizeBytes;) {
    const wanted = Math.min(chunk.length, sizeBytes - done);
    const { bytesRead } = await readFile(file, chunk, 0, wanted, done);
    if (bytesRead === 0) return done;
    hash.update(chunk.subarray(0, bytesRead));
    done += bytesRead;
  }
  return sizeBytes;
}

/**
 * Yields the files below a folder in byte order of their keys, behind `after`, less the hidden
 * ones: a name on their way begins with a dot.
 *
 * @param of.base  what each key follows in an address
 * @param of.parse  throws of an address that could not be read later
 * @throws AddressRefused  a file has such an address, or a name that is not UTF-8: left out it
 *   would be missed, and nobody would know
 */
export function filesBelow(
  folder: string,
  of: { base: string; after: string; names: FileNames; parse(address: string): unknown },
): AsyncGenerator<SourceBlock> {
  const { base, after, names } = of;
  const isHidden = (name: string): boolean => name.startsWith('.');
  const toPart = (name: string) => (isHidden(name) ? undefined : names.toPart(name));
  const onUnreadable = (shown: string): void => {
    if (isHidden(shown)) return;
    throw new AddressRefused(`below ${base} a name is not UTF-8: ${JSON.stringify(shown)}`);
  };
  return listFiles<SourceBlock>(folder, {
    wanted: { prefix: '', after },
    names: { ...names, toPart },
    onUnreadable,
    look: async ({ key, path }) => {
      const address = base + key;
      of.parse(address);
      try {
        return { key, address, ...(await summed(await openPlain(path))) };
      } catch (error) {
        // It was removed since it was listed.
        if (error instanceof BlockNotFound) return undefined;
        throw error;
      }
    },
  });
}
