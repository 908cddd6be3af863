// Where an import may read: folders that the operator has named, and nothing beside them. A source
// is an absolute path, `local:///folder/file`, taken literally. No link below a named folder is
// followed, so what a path says is where it leads.
import { close } from 'node:fs';
import { lstat, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { StorageNamespace } from '../domain/model.js';
import type { BlockAddress, SourceBlock } from '../ports/block-store.js';
import { AddressRefused, BlockNotFound } from '../ports/store-errors.js';
import { exactNames } from './file-names.js';
import { codeOf } from './fs-errors.js';
import { assertPlain } from './physical-address.js';
import { filesBelow, type OpenedFile, openPlain, summed } from './plain-files.js';

const closeFile = promisify(close);

/** What an address outside of every namespace begins with. */
export const OUTSIDE = 'local:///';

export interface ImportLimits {
  /** Absolute paths of folders; what is below them may be read. */
  readonly folders: readonly string[];
  /** Absolute paths that are never read, though they be below one of those: our own secrets. */
  readonly except: readonly string[];
}

export class ImportSources {
  constructor(private readonly limits: ImportLimits) {}

  /**
   * Returns the path of a source as the file system has it, without a link in it.
   *
   * @throws AddressRefused  it is outside of what may be read, or no plain path
   * @throws BlockNotFound  nothing is there
   */
  async find(uri: string): Promise<string> {
    const path = pathOf(uri);
    const folder = this.#folderOf(path);
    try {
      const [root, real] = await Promise.all([realpath(folder || '/'), realpath(path)]);
      // Links above the named folder are the operator's; those below it might lead anywhere.
      if (real !== join(root, path.slice(folder.length))) throw new AddressRefused('forbidden');
      for (const except of this.limits.except) await assertApart(real, except);
      return real;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
      throw new BlockNotFound(`${path}: no such file or directory`, { cause: error });
    }
  }

  /**
   * Splits an outside address before its last name, so that it is a block's place like any other.
   *
   * @throws AddressRefused  it names no object, is no plain path, or outside of what may be read
   */
  parse(uri: string): BlockAddress {
    if (uri.endsWith('/')) throw new AddressRefused(`${uri} names no object`);
    const path = pathOf(uri);
    this.#folderOf(path);
    const cut = uri.length - path.length + path.lastIndexOf('/');
    return { namespace: uri.slice(0, cut) as StorageNamespace, key: uri.slice(cut + 1) };
  }

  /**
   * Opens a file.
   *
   * @throws AddressRefused, or BlockNotFound: also of what is no plain file
   */
  async open(uri: string): Promise<OpenedFile> {
    const path = await this.find(uri);
    const opened = await openPlain(path);
    // Where the system cannot say which file is open, the path that was looked at stands.
    const real = await readlink(`/proc/self/fd/${opened.file}`).catch(() => path);
    if (real === path) return opened;
    await closeFile(opened.file);
    // Somebody has put a link into the path since it was looked at.
    throw new AddressRefused('forbidden');
  }

  /** Yields the one object at an address, with the key "". @throws AddressRefused, BlockNotFound */
  async *object(uri: string): AsyncGenerator<SourceBlock> {
    const opened = await this.open(uri);
    yield { key: '', address: uri, ...(await summed(opened)) };
  }

  /**
   * Yields the files below a folder in byte order of their keys, behind `after`, less the hidden
   * ones: a name on their way begins with a dot.
   *
   * @throws AddressRefused: also of a file that could not be read by its address; or BlockNotFound:
   *   also of what is no folder
   */
  async *folder(uri: string, after: string): AsyncGenerator<SourceBlock> {
    const root = await this.find(uri);
    if (!(await lstat(root)).isDirectory()) throw new BlockNotFound(`${uri} is no folder`);
    const base = uri.endsWith('/') ? uri : `${uri}/`;
    const parse = (address: string) => this.parse(address);
    yield* filesBelow(root, { base, after, names: exactNames, parse });
  }

  #folderOf(path: string): string {
    const folder = this.limits.folders.map(trimmed).find((each) => isWithin(path, each));
    if (folder === undefined) throw new AddressRefused('forbidden');
    return folder;
  }
}

/** Returns the absolute path of an outside address. @throws AddressRefused  it is none */
function pathOf(uri: string): string {
  if (!uri.startsWith(OUTSIDE)) throw new AddressRefused(`${uri} does not begin with ${OUTSIDE}`);
  const path = trimmed(uri.slice(OUTSIDE.length - 1));
  if (path !== '') assertPlain(path.slice(1), uri);
  return path;
}

const trimmed = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : path);

const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder}/`);

/** Nor may it hold what is ours: a listing would walk into it. */
async function assertApart(real: string, except: string): Promise<void> {
  const ours = await realpath(except).catch(() => except);
  if (isWithin(real, ours) || isWithin(ours, trimmed(real))) throw new AddressRefused('forbidden');
}
