import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { givenProperties } from '../../src/committed/metarange-reader.js';
import { BlockCursor } from '../../src/committed/sstable/block-cursor.js';
import { RecordHash } from '../../src/committed/sstable/record-hash.js';
import { openStoredBlock } from '../../src/committed/sstable/stored-block.js';
import { readLayout, storedIn } from '../../src/committed/sstable/table-layout.js';
import { ContentHash } from '../../src/shared/content-hash.js';

/** Returns the id that a table's content has. @throws CorruptData */
function idOf(file: Uint8Array): string {
  const tail = { fileBytes: file.length, bytes: file };
  const layout = readLayout(tail);
  const cursor = new BlockCursor('record');
  const hash = new RecordHash(createHash('sha256'));
  for (let block = 0; block < layout.index.blockCount; block++) {
    cursor.open(openStoredBlock(storedIn(tail, layout.index.handle(block))));
    while (cursor.next()) hash.add(cursor.key, cursor.value);
  }
  return hash.finish(new ContentHash().textMap(givenProperties(layout)).encoded());
}

/** Says which ranges and metaranges are not what their names say; also those that nobody names. */
export function wrongFiles(objects: string): readonly string[] {
  const wrong: string[] = [];
  for (const name of globSync('**/_lakefs/*', { cwd: objects })) {
    const wanted = basename(name);
    if (!/^[0-9a-f]{64}$/.test(wanted)) continue;
    try {
      const found = idOf(readFileSync(join(objects, name)));
      if (found !== wanted) wrong.push(`file ${name} has the content of ${found}`);
    } catch (error) {
      wrong.push(`file ${name}: ${String(error)}`);
    }
  }
  return wrong;
}
