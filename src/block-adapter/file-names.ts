import { lstat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How a part of an address is called on disk. One name a part, one part a name. */
export interface FileNames {
  toName(part: string): string;
  /** Returns undefined for a name that no part is written as. */
  toPart(name: string): string | undefined;
}

/** For file systems that keep names as they are. */
export const exactNames: FileNames = { toName: (part) => part, toPart: (name) => name };

const PLAIN = /^[a-z0-9._,=+@!~ -]$/;

/** For file systems to which `A` is `a`, or to which two spellings of `é` are one. */
export const escapedNames: FileNames = {
  toName(part) {
    let name = '';
    for (const byte of Buffer.from(part)) {
      const character = String.fromCharCode(byte);
      name += PLAIN.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
    }
    return name;
  },
  toPart(name) {
    try {
      const part = decodeURIComponent(name);
      return escapedNames.toName(part) === name ? part : undefined;
    } catch {
      return undefined;
    }
  },
};

/** Finds out by trying whether a folder's file system tells `A` from `a`. */
export async function fileNamesFor(folder: string): Promise<FileNames> {
  const probe = `.names-${process.pid}`;
  await writeFile(join(folder, probe), '');
  try {
    await lstat(join(folder, probe.toUpperCase()));
    return escapedNames;
  } catch {
    return exactNames;
  } finally {
    await unlink(join(folder, probe));
  }
}
