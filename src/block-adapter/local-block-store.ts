import { hash as hashOf } from 'node:crypto';
import { close, closeSync, createReadStream, link, linkSync, lstat, read } from 'node:fs';
import { rename, renameSync, unlink } from 'node:fs';
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { StorageNamespace } from '../domain/model.js';
import type {
  BlockAddress,
  BlockInfo,
  BlockSource,
  BlockStore,
  ByteRange,
  ListedBlock,
  PutOptions,
  SourceBlock,
  StoredBlock,
} from '../ports/block-store.js';
import { AddressRefused, BlockNotFound, CorruptData } from '../ports/store-errors.js';
import { failpoint } from '../shared/failpoint.js';
import { DiskSyncs, type SyncFailedListener } from './disk-syncs.js';
import { DurableFolders } from './durable-folders.js';
import { type FileNames, fileNamesFor } from './file-names.js';
import { codeOf } from './fs-errors.js';
import { type ImportLimits, ImportSources, OUTSIDE } from './import-sources.js';
import { filesBelow, type OpenedFile, openPlain, summed } from './plain-files.js';
import { begun, type IncomingFile, IncomingFiles, SMALL_BODY_BYTES_MAX } from './incoming-files.js';
import { listBlocks } from './list-blocks.js';
import { namespaceParts, parseAddress, partsOf } from './physical-address.js';

const closeFile = promisify(close);
const lookAt = promisify(lstat);
const readFile = promisify(read);
const renameFile = promisify(rename);
const linkFile = promisify(link);
const removeFile = promisify(unlink);

/** Below the root; no namespace can begin with a dot. */
const INCOMING_FOLDER = '.incoming';
const READ_CHUNK_BYTES = 256 * 1024;
/** Up to here a body is read in one go: a stream costs more than the reading. */
const READ_AT_ONCE_BYTES_MAX = 64 * 1024;
const SCHEMES = ['local'] as const;

/**
 * Blocks as files: `local://name/a/b` is `<root>/name/a/b`.
 *
 * A file gets its name when it is whole and durable, but for one that nobody knows the name of; the
 * name is durable when `put` returns. No symbolic link below the root is followed.
 */
export class LocalBlockStore implements BlockStore {
  private constructor(
    private readonly folders: DurableFolders,
    private readonly incoming: IncomingFiles,
    private readonly names: FileNames,
    private readonly sources: ImportSources | undefined,
  ) {}

  /**
   * Opens a store, and removes what uploads of a former process have left.
   *
   * @param options.root  made if missing; may itself be a link
   * @param options.names  how parts are called on disk; left out: found by trying
   * @param options.onSyncFailed  called before the call that needed the sync is refused; so is all
   *   that is stored after it
   * @param options.imports  where an import may read outside of the root; left out: nothing is
   *   imported
   */
  static async open(options: {
    root: string;
    onSyncFailed: SyncFailedListener;
    names?: FileNames;
    imports?: ImportLimits;
  }): Promise<LocalBlockStore> {
    const syncs = new DiskSyncs(options.onSyncFailed);
    await mkdir(options.root, { recursive: true });
    const root = await realpath(options.root);
    const incoming = await IncomingFiles.open(join(root, INCOMING_FOLDER), syncs);
    const names = options.names ?? (await fileNamesFor(join(root, INCOMING_FOLDER)));
    const sources = options.imports && new ImportSources(options.imports);
    return new LocalBlockStore(new DurableFolders(root, syncs), incoming, names, sources);
  }

  async put(
    address: BlockAddress,
    body: AsyncIterable<Uint8Array>,
    { isUntold = false }: PutOptions = {},
  ): Promise<StoredBlock> {
    const parts = this.#names(address);
    const taken = await begun(body);
    if (isUntold && taken.whole) return this.#putUntold(parts, taken.whole);
    const file = await this.incoming.write(taken);
    await this.#place(parts, file);
    return { sizeBytes: file.sizeBytes, md5: file.md5, modifiedAtMs: Date.now() };
  }

  /**
   * Under its name from the first byte: no second one to be made and taken away, and its bytes and
   * its name become durable at the same time.
   */
  async #putUntold(parts: readonly string[], whole: Uint8Array): Promise<StoredBlock> {
    await this.#inFolder(parts, (path, folder) =>
      this.incoming.writeAt(path, whole, () => this.folders.sync(folder)),
    );
    return { sizeBytes: whole.length, md5: hashOf('md5', whole), modifiedAtMs: Date.now() };
  }

  async copy(source: BlockAddress, target: BlockAddress): Promise<BlockInfo> {
    const parts = this.#names(target);
    const { file } = await this.#open(source);
    try {
      const copied = await this.incoming.copyOf(file);
      await this.#place(parts, copied);
      return { sizeBytes: copied.sizeBytes, modifiedAtMs: Date.now() };
    } finally {
      await closeFile(file);
    }
  }

  /** Gives a file its name, in place of one that has it. */
  async #place(parts: readonly string[], file: IncomingFile): Promise<void> {
    try {
      await failpoint('block.afterSyncBeforeRename');
      await this.#placed(parts, async (path) => {
        // Of a small one a hop to another thread is a good part of what it costs.
        if (file.sizeBytes <= SMALL_BODY_BYTES_MAX) renameSync(file.path, path);
        else await renameFile(file.path, path);
      });
      await failpoint('block.afterRename');
    } catch (error) {
      await this.incoming.discard(file);
      throw error;
    }
  }

  async putIfAbsent(address: BlockAddress, body: Uint8Array): Promise<boolean> {
    const parts = this.#names(address);
    if (body.length <= SMALL_BODY_BYTES_MAX) return this.#placeSmall(parts, body);
    return this.#placeNew(parts, await this.incoming.writeOnly([body]));
  }

  async #placeSmall(parts: readonly string[], body: Uint8Array): Promise<boolean> {
    const file = await this.incoming.writeSmall(body);
    try {
      return await this.#placed(parts, async (path) => {
        await failpoint('block.beforeLink');
        const isNew = isLinked(file.path, path);
        if (isNew) await failpoint('block.afterLink');
        return isNew;
      });
    } finally {
      this.incoming.discardSmall(file);
    }
  }

  async putNew(
    address: BlockAddress,
    body: AsyncIterable<Uint8Array>,
  ): Promise<StoredBlock & { readonly isNew: boolean }> {
    const parts = this.#names(address);
    const file = await this.incoming.write(await begun(body));
    const isNew = await this.#placeNew(parts, file);
    return { sizeBytes: file.sizeBytes, md5: file.md5, modifiedAtMs: Date.now(), isNew };
  }

  /** Gives a file its name unless that is taken; the file itself goes either way. */
  async #placeNew(parts: readonly string[], file: IncomingFile): Promise<boolean> {
    try {
      // A taken name is made durable as well: the caller may rely on what stands there.
      return await this.#placed(parts, async (path) => {
        try {
          await failpoint('block.beforeLink');
          await linkFile(file.path, path);
          await failpoint('block.afterLink');
          return true;
        } catch (error) {
          if (codeOf(error) === 'EEXIST') return false;
          throw error;
        }
      });
    } finally {
      await this.incoming.discard(file);
    }
  }

  async get(address: BlockAddress, range?: ByteRange): Promise<Readable> {
    const { file, sizeBytes } = await this.#open(address);
    const start = range?.start ?? 0;
    const end = Math.min(range?.end ?? sizeBytes - 1, sizeBytes - 1);
    const length = end - start + 1;
    if (length > READ_AT_ONCE_BYTES_MAX) {
      const highWaterMark = READ_CHUNK_BYTES;
      return createReadStream('', { fd: file, start, end, highWaterMark });
    }
    return Readable.from(length > 0 ? [await readAndClose(file, start, length)] : await none(file));
  }

  async getBytes(address: BlockAddress, bytesMax: number): Promise<Uint8Array> {
    const { file, sizeBytes } = await this.#open(address);
    if (sizeBytes > bytesMax) {
      await closeFile(file);
      throw new CorruptData(`${uriOf(address)} has ${sizeBytes} bytes, over ${bytesMax}`);
    }
    return readAndClose(file, 0, sizeBytes);
  }

  async head(address: BlockAddress): Promise<BlockInfo | undefined> {
    if (isOutside(address)) return this.#headOutside(address);
    const path = await this.#find(address);
    if (path === undefined) return undefined;
    try {
      const found = await lookAt(path);
      if (!found.isFile()) return undefined;
      return { sizeBytes: found.size, modifiedAtMs: Math.floor(found.mtimeMs) };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async delete(address: BlockAddress): Promise<void> {
    const path = await this.#find(address);
    if (path === undefined) return;
    try {
      if (!(await lookAt(path)).isFile()) return;
      await removeFile(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async *list(
    namespace: StorageNamespace,
    options: { prefix: string; after: string },
  ): AsyncIterable<ListedBlock> {
    const parts = namespaceParts(namespace, SCHEMES).map((part) => this.names.toName(part));
    const folder = await this.folders.find(parts);
    if (folder !== undefined) yield* listBlocks(folder, options, this.names);
  }

  async *listSource({ kind, uri }: BlockSource, after: string): AsyncIterable<SourceBlock> {
    if (this.sources === undefined) throw new AddressRefused('import is not supported');
    if (uri.startsWith(OUTSIDE)) {
      yield* kind === 'object' ? this.sources.object(uri) : this.sources.folder(uri, after);
    } else if (kind === 'object') {
      const opened = await this.#open(parseAddress(uri, SCHEMES));
      yield { key: '', address: uri, ...(await summed(opened)) };
    } else {
      const base = uri.endsWith('/') ? uri : `${uri}/`;
      const parts = namespaceParts(base.slice(0, -1), SCHEMES);
      const folder = await this.folders.find(parts.map((part) => this.names.toName(part)));
      if (folder === undefined) throw new BlockNotFound(`${uri} is no folder`);
      const parse = (address: string) => parseAddress(address, SCHEMES);
      yield* filesBelow(folder, { base, after, names: this.names, parse });
    }
  }

  parse(uri: string): BlockAddress {
    if (this.sources && uri.startsWith(OUTSIDE)) return this.sources.parse(uri);
    return parseAddress(uri, SCHEMES);
  }

  checkNamespace(namespace: StorageNamespace): void {
    namespaceParts(namespace, SCHEMES);
  }

  #names(address: BlockAddress): string[] {
    return partsOf(address, SCHEMES).map((part) => {
      const name = this.names.toName(part);
      if (Buffer.byteLength(name) <= 255) return name;
      throw new AddressRefused(`${uriOf(address)}: a name is too long for this file system`);
    });
  }

  /** Gives a file its name, in a folder made before and durable after. */
  #placed<Result>(
    parts: readonly string[],
    place: (path: string) => Promise<Result>,
  ): Promise<Result> {
    return this.#inFolder(parts, async (path, folder) => {
      const result = await place(path);
      await this.folders.sync(folder);
      return result;
    });
  }

  /** Works in a folder made before. @param work  is given a file's path and its folder's */
  async #inFolder<Result>(
    parts: readonly string[],
    work: (path: string, folder: string) => Promise<Result>,
  ): Promise<Result> {
    const name = parts.at(-1) ?? '';
    for (let isSecond = false; ; isSecond = true) {
      const folder = await this.folders.make(parts.slice(0, -1));
      try {
        return await work(join(folder, name), folder);
      } catch (error) {
        const code = codeOf(error);
        if (code === 'EISDIR' || code === 'ENOTEMPTY' || code === 'ENAMETOOLONG') {
          throw new AddressRefused(`${join(...parts)}: ${code}`, { cause: error });
        }
        // Somebody removed the folder that we had seen: look again, once.
        if (code !== 'ENOENT' || isSecond) throw error;
        this.folders.forget();
      }
    }
  }

  async #find(address: BlockAddress): Promise<string | undefined> {
    const parts = this.#names(address);
    const folder = await this.folders.find(parts.slice(0, -1));
    return folder === undefined ? undefined : join(folder, parts.at(-1) ?? '');
  }

  async #headOutside(address: BlockAddress): Promise<BlockInfo | undefined> {
    try {
      const { file, sizeBytes, modifiedAtMs } = await this.#open(address);
      await closeFile(file);
      return { sizeBytes, modifiedAtMs };
    } catch (error) {
      if (error instanceof BlockNotFound) return undefined;
      throw error;
    }
  }

  /** The caller closes the file. */
  async #open(address: BlockAddress): Promise<OpenedFile> {
    if (this.sources && isOutside(address)) return this.sources.open(uriOf(address));
    const path = await this.#find(address);
    if (path === undefined) throw new BlockNotFound(uriOf(address));
    return openPlain(path, uriOf(address));
  }
}

/** Returns false when the name is taken. */
function isLinked(path: string, name: string): boolean {
  try {
    linkSync(path, name);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function readAndClose(file: number, start: number, length: number): Promise<Uint8Array> {
  try {
    const bytes = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await readFile(file, bytes, done, length - done, start + done);
      if (bytesRead === 0) throw new CorruptData('a block was cut while it was read');
      done += bytesRead;
    }
    return bytes;
  } finally {
    // Nothing was written: there is nothing to wait for.
    closeSync(file);
  }
}

async function none(file: number): Promise<Uint8Array[]> {
  await closeFile(file);
  return [];
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(codeOf(error));
}

const isOutside = ({ namespace }: BlockAddress): boolean => `${namespace}/`.startsWith(OUTSIDE);

function uriOf({ namespace, key }: BlockAddress): string {
  return `${namespace}/${key}`;
}
