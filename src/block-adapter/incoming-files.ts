import { createHash, hash as hashOf, type Hash } from 'node:crypto';
import { close, closeSync, constants, copyFile as copy, fchmod, fstat } from 'node:fs';
import { open, openSync, unlink, unlinkSync, writeSync, writev } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { failpoint } from '../shared/failpoint.js';
import type { DiskSyncs } from './disk-syncs.js';
import { codeOf } from './fs-errors.js';

// By number, not by FileHandle: a third less CPU for a body of one kilobyte.
const openFile = promisify(open);
const closeFile = promisify(close);
const writeAll = promisify(writev);
const removeFile = promisify(unlink);
const copyFile = promisify(copy);
const chmodFile = promisify(fchmod);
const statFile = promisify(fstat);

/** Where a process finds what it has open, by number; on Linux and on macOS. */
const DESCRIPTORS = '/dev/fd';
const FILE_MODE = 0o640;

/** Bytes that are gathered before they are written; so much of a body is held at once. */
const GATHERED_BYTES_MAX = 256 * 1024;
/** A body of so many bytes is written without waiting for another thread. */
export const SMALL_BODY_BYTES_MAX = 64 * 1024;
/** A file of another machine that was not written to for so long belongs to no living upload. */
const UNTOUCHED_MS_MAX = 24 * 60 * 60 * 1000;

/** Of all stores of this process: two may share a folder. */
let fileCount = 0;

/** A body that is whole and durable, under a name that no reader knows. */
export interface IncomingFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** A body as far as it was taken: all of a small one, or what it goes on with. */
export type BegunBody =
  | { readonly whole: Uint8Array }
  | { readonly whole?: undefined; readonly rest: AsyncIterable<Uint8Array> };

export interface HashedFile extends IncomingFile {
  readonly md5: string;
}

/** Where bodies are written before they get their names; on the same file system as those. */
export class IncomingFiles {
  readonly #prefix: string;

  private constructor(
    folder: string,
    private readonly syncs: DiskSyncs,
  ) {
    this.#prefix = join(folder, `${hostname()}.${process.pid}.`);
  }

  /** Opens the folder and removes what processes that are gone have left in it. */
  static async open(folder: string, syncs: DiskSyncs): Promise<IncomingFiles> {
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder)) {
      if (await isLeftOver(folder, name)) await removeIfThere(join(folder, name));
    }
    return new IncomingFiles(folder, syncs);
  }

  /** Writes a body and hashes it. @throws whatever the body throws; nothing is left behind then */
  async write(body: BegunBody): Promise<HashedFile> {
    if (body.whole)
      return { ...(await this.writeSmall(body.whole)), md5: hashOf('md5', body.whole) };
    const hash = createHash('md5');
    const file = await this.writeOnly(hashing(body.rest, hash));
    return { ...file, md5: hash.digest('hex') };
  }

  /** The same without a hash: one of a large body at once would hold the thread up. */
  async writeOnly(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<IncomingFile> {
    const path = this.#newPath();
    let sizeBytes = 0;
    let gathered: Uint8Array[] = [];
    let gatheredBytes = 0;
    const file = await openFile(path, 'wx', FILE_MODE);
    try {
      for await (const chunk of body) {
        if (chunk.length === 0) continue;
        gathered.push(chunk);
        gatheredBytes += chunk.length;
        sizeBytes += chunk.length;
        if (gatheredBytes < GATHERED_BYTES_MAX) continue;
        await writeFully(file, gathered);
        gathered = [];
        gatheredBytes = 0;
      }
      await writeFully(file, gathered);
      await failpoint('block.afterBodyBeforeSync');
      await this.syncs.bytes(file);
    } catch (error) {
      await closeFile(file).catch(() => undefined);
      await removeIfThere(path);
      throw error;
    }
    // It is all on the disk: nothing is left to wait for, and a hop to a thread costs more.
    closeSync(file);
    return { path, sizeBytes };
  }

  /** The same of a small body that is at hand. */
  async writeSmall(body: Uint8Array): Promise<IncomingFile> {
    const path = this.#newPath();
    await this.writeAt(path, body);
    return { path, sizeBytes: body.length };
  }

  /**
   * Writes a small body to a file that is not there yet, in a folder of the caller's choice. The
   * sync waits for the disk; of all else a hop to another thread costs more than the call.
   *
   * @param syncFolder  makes the file's name durable, beside its bytes
   * @throws whatever the disk says; the file is gone then
   */
  async writeAt(path: string, body: Uint8Array, syncFolder?: () => Promise<void>): Promise<void> {
    const file = openSync(path, 'wx', FILE_MODE);
    try {
      for (let at = 0; at < body.length;) at += writeSync(file, body, at);
      await failpoint('block.afterBodyBeforeSync');
      // Both to their ends: a file is not to be closed while it is synced.
      const synced = await Promise.allSettled([this.syncs.bytes(file), syncFolder?.()]);
      for (const each of synced) if (each.status === 'rejected') throw each.reason;
    } catch (error) {
      this.discardSmall({ path });
      throw error;
    } finally {
      closeSync(file);
    }
  }

  /** As `discard`, at once. */
  discardSmall({ path }: Pick<IncomingFile, 'path'>): void {
    try {
      unlinkSync(path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  /**
   * Copies an opened file, by reference where the file system can, else without its bytes ever
   * coming here.
   */
  async copyOf(source: number): Promise<IncomingFile> {
    const path = this.#newPath();
    try {
      // By its descriptor: the name may be a link by now, or another file's.
      await copyFile(`${DESCRIPTORS}/${source}`, path, constants.COPYFILE_FICLONE);
      const file = await openFile(path, 'r');
      try {
        await chmodFile(file, FILE_MODE);
        await this.syncs.bytes(file);
        const { size } = await statFile(file);
        return { path, sizeBytes: size };
      } finally {
        await closeFile(file);
      }
    } catch (error) {
      await removeIfThere(path);
      throw error;
    }
  }

  #newPath(): string {
    return `${this.#prefix}${fileCount++}`;
  }

  /** Removes a file that did not get its name. */
  async discard(file: IncomingFile): Promise<void> {
    await removeIfThere(file.path);
  }
}

/** Takes a body until it ends, or is found to be no small one. @throws whatever it throws */
export async function begun(body: AsyncIterable<Uint8Array>): Promise<BegunBody> {
  const source = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  while (sizeBytes <= SMALL_BODY_BYTES_MAX) {
    const { done, value } = await source.next();
    if (done === true) return { whole: Buffer.concat(chunks, sizeBytes) };
    chunks.push(value);
    sizeBytes += value.length;
  }
  return { rest: goingOn(chunks, source) };
}

/** Ends what it goes on with when it is ended itself. */
async function* goingOn(
  chunks: readonly Uint8Array[],
  source: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* chunks;
  yield* { [Symbol.asyncIterator]: () => source };
}

async function* hashing(body: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    hash.update(chunk);
    yield chunk;
  }
}

async function writeFully(file: number, chunks: Uint8Array[]): Promise<void> {
  let left = chunks;
  while (left.length > 0) {
    let written = (await writeAll(file, left)).bytesWritten;
    // A full disk or a signal may cut a write short; the rest goes in the next one.
    left = left.flatMap((chunk) => {
      const skipped = Math.min(written, chunk.length);
      written -= skipped;
      return skipped === chunk.length ? [] : [chunk.subarray(skipped)];
    });
  }
}

async function isLeftOver(folder: string, name: string): Promise<boolean> {
  const [, pid, ...host] = name.split('.').toReversed();
  if (host.toReversed().join('.') === hostname()) {
    // Our own number too: this process has only begun, so the file is a former one's.
    return Number(pid) === process.pid || !isAlive(Number(pid));
  }
  const touchedAtMs = (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs;
  return touchedAtMs !== undefined && touchedAtMs < Date.now() - UNTOUCHED_MS_MAX;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await removeFile(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
