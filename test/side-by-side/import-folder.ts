import { createHash } from 'node:crypto';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Entry, ImportSource } from './step.js';

/** Both servers read it by this path, which stands in the entries and so in the metaranges. */
export const IMPORT_FOLDER = '/tmp/moraine-import';

/** Seconds. */
const MODIFIED_AT = 1_500_000_000;

/** Below {@link IMPORT_FOLDER}; some lie where histories stage, once they are imported. */
const FILES: Readonly<Record<string, string>> = {
  'one/0': 'zero of one',
  'one/a': 'a of one',
  'one/deep/er/x': 'x of one',
  'one/ä': 'umlaut of one',
  'two/a': 'a of two',
  'two/b/1': '1 of two',
};

/** Writes the files that histories import, the same on every machine. */
export function makeImportFolder(): void {
  for (const [name, text] of Object.entries(FILES)) {
    const path = `${IMPORT_FOLDER}/${name}`;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    utimesSync(path, MODIFIED_AT, MODIFIED_AT);
  }
}

/** Returns what an import of a folder or a file brings, by the path that it gets. */
export function importedFrom(source: ImportSource): ReadonlyMap<string, Entry> {
  const { type, path, destination } = source;
  const found = Object.entries(FILES).flatMap(([name, text]): [string, Entry][] => {
    const isMeant = type === 'object' ? name === path : name.startsWith(`${path}/`);
    if (!isMeant) return [];
    const behind = type === 'object' ? '' : name.slice(path.length + 1);
    return [[destination + behind, entryOf(name, text)]];
  });
  return new Map(found);
}

const entryOf = (name: string, text: string): Entry => ({
  address: `local://${IMPORT_FOLDER}/${name}`,
  checksum: createHash('md5').update(text).digest('hex'),
  sizeBytes: Buffer.byteLength(text),
  modifiedAt: MODIFIED_AT,
  contentType: 'application/octet-stream',
  metadata: {},
});
