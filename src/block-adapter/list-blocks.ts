import { isUtf8 } from 'node:buffer';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedBlock } from '../ports/block-store.js';
import { compareUtf8 } from '../shared/bytes.js';
import type { FileNames } from './file-names.js';
import { codeOf } from './fs-errors.js';

/** How many files are looked at together. */
const LOOKS_AT_ONCE = 32;

interface Child {
  /** The whole key; a folder's ends with a slash, and so sorts as what is in it does. */
  readonly key: string;
  readonly name: string;
}

/** A file that was listed: its key, and where it is. */
export interface ListedFile {
  readonly key: string;
  readonly path: string;
}

/** Returns what is wanted of a file; undefined when it is gone. */
export type LookAtFile<Found> = (file: ListedFile) => Promise<Found | undefined>;

/**
 * Yields the files below a folder in byte order of their keys. Holds the names of one folder a
 * level, and opens no folder that cannot hold a wanted key.
 */
export function listBlocks(
  root: string,
  wanted: { prefix: string; after: string },
  names: FileNames,
): AsyncGenerator<ListedBlock> {
  return listFiles(root, { wanted, names, look });
}

export interface FileListing<Found> {
  readonly wanted: { readonly prefix: string; readonly after: string };
  readonly names: FileNames;
  /** Called for some files at once; what it returns comes in order all the same. */
  readonly look: LookAtFile<Found>;
  /** Called with a name that is not UTF-8, as it is shown: no key reads it, so it is left out. */
  readonly onUnreadable?: (shown: string) => void;
}

/** Yields what `look` makes of the files below a folder, as {@link listBlocks} does. */
export function listFiles<Found>(root: string, listing: FileListing<Found>): AsyncGenerator<Found> {
  return listFolder({ path: root, key: '' }, listing);
}

async function* listFolder<Found>(
  folder: { path: string; key: string },
  listing: FileListing<Found>,
): AsyncGenerator<Found> {
  const children = await childrenOf(folder, listing);
  for (let at = 0; at < children.length;) {
    const child = children[at];
    if (child?.key.endsWith('/')) {
      at++;
      yield* listFolder({ path: join(folder.path, child.name), key: child.key }, listing);
      continue;
    }
    const files = upToFolder(children, at);
    at += files.length;
    const looks = files.map(({ key, name }) =>
      listing.look({ key, path: join(folder.path, name) }),
    );
    for (const found of await Promise.all(looks)) if (found !== undefined) yield found;
  }
}

async function childrenOf(
  folder: { path: string; key: string },
  { wanted: { prefix, after }, names, onUnreadable }: Omit<FileListing<unknown>, 'look'>,
): Promise<Child[]> {
  const children: Child[] = [];
  for (const entry of await entriesOf(folder.path, onUnreadable)) {
    const part = names.toPart(entry.name);
    // Nor links, sockets and pipes: no key reads them either.
    if (part === undefined || (!entry.isDirectory() && !entry.isFile())) continue;
    const isFolder = entry.isDirectory();
    const key = `${folder.key}${part}${isFolder ? '/' : ''}`;
    const isWanted = key.startsWith(prefix) || (isFolder && prefix.startsWith(key));
    const isPast = compareUtf8(key, after) > 0 || (isFolder && after.startsWith(key));
    if (isWanted && isPast) children.push({ key, name: entry.name });
  }
  return children.sort((left, right) => compareUtf8(left.key, right.key));
}

async function entriesOf(path: string, onUnreadable?: (shown: string) => void) {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    if (!entries.some(({ name }) => name.includes('\uFFFD'))) return entries;
    // The letter itself, or what is shown for bytes that are no letter: only the bytes tell.
    const exact = await readdir(path, { withFileTypes: true, encoding: 'buffer' });
    const found = [];
    for (const entry of exact) {
      const name = entry.name.toString();
      const of = { isDirectory: () => entry.isDirectory(), isFile: () => entry.isFile() };
      if (isUtf8(entry.name)) found.push({ name, ...of });
      else onUnreadable?.(name);
    }
    return found;
  } catch (error) {
    // It was removed while we listed what is above it.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}

function upToFolder(children: readonly Child[], from: number): Child[] {
  const files: Child[] = [];
  for (let at = from; at < children.length && files.length < LOOKS_AT_ONCE; at++) {
    const child = children[at];
    if (child === undefined || child.key.endsWith('/')) break;
    files.push(child);
  }
  return files;
}

async function look({ key, path }: ListedFile): Promise<ListedBlock | undefined> {
  try {
    const found = await lstat(path);
    return { key, sizeBytes: found.size, modifiedAtMs: Math.floor(found.mtimeMs) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
