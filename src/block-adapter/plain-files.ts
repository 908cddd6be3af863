// Files of a folder as blocks: opened without following a link, listed with their checksums.
import { createHash, type Hash } from 'node:crypto';
import { close, constants, fstat, open, read } from 'node:fs';
import { promisify } from 'node:util';
import type { SourceBlock } from '../ports/block-store.js';
import { BlockNotFound } from '../ports/store-errors.js';
import type { FileNames } from './file-names.js';
import { codeOf } from './fs-errors.js';
import { listFiles } from './list-blocks.js';

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);
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
  const found = await statFile(file);
  if (found.isFile()) {
    return { file, sizeBytes: found.size, modifiedAtMs: Math.floor(found.mtimeMs) };
  }
  await closeFile(file);
  throw new BlockNotFound(`${shown} is no file`);
}

/** Reads a file to its end and closes it. */
export async function summed({ file, sizeBytes, modifiedAtMs }: OpenedFile) {
  try {
    const hash = createHash('md5');
    await hashAll(file, sizeBytes, hash);
    return { sizeBytes, modifiedAtMs, checksum: hash.digest('hex') };
  } finally {
    await closeFile(file);
  }
}

/** Of a file that grows meanwhile, as much as it had. */
async function hashAll(file: number, sizeBytes: number, hash: Hash): Promise<void> {
  const chunk = Buffer.allocUnsafe(Math.min(sizeBytes, READ_CHUNK_BYTES));
  for (let done = 0; done < sizeBytes;) {
    const wanted = Math.min(chunk.length, sizeBytes - done);
    const { bytesRead } = await readFile(file, chunk, 0, wanted, done);
    if (bytesRead === 0) return;
    hash.update(chunk.subarray(0, bytesRead));
    done += bytesRead;
  }
}

/**
 * Yields the files below a folder in byte order of their keys, behind `after`, less the hidden
 * ones: a name on their way begins with a dot.
 *
 * @param of.base  what each key follows in an address
 */
export function filesBelow(
  folder: string,
  { base, after, names }: { base: string; after: string; names: FileNames },
): AsyncGenerator<SourceBlock> {
  return listFiles<SourceBlock>(folder, {
    wanted: { prefix: '', after },
    names: { ...names, toPart: (name) => (name.startsWith('.') ? undefined : names.toPart(name)) },
    look: async ({ key, path }) => {
      try {
        return { key, address: base + key, ...(await summed(await openPlain(path))) };
      } catch (error) {
        // It was removed since it was listed.
        if (error instanceof BlockNotFound) return undefined;
        throw error;
      }
    },
  });
}
