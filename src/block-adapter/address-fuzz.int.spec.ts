import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AddressRefused } from '../ports/store-errors.js';
import { exactNames } from './file-names.js';
import { LocalBlockStore } from './local-block-store.js';

const KEYS_COUNT = 20_000;
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

/** Pieces that have led out of a folder somewhere, and plain ones to put between them. */
const PIECES = [
  ['..', '.', '', '/', '//', '\\', '\0', '%2e%2e', '%2f', '%00', '..%2f', '..;', '...'],
  ['~', '~root', 'C:', 'con', 'nul', '\u{ff0e}\u{ff0e}', '\u2024', '\u2215', '\u29f8', '\uff0f'],
  ['\ud800', '\udfff', 'é', 'e\u0301', '\u202e', '\ufeff', ' ', '. ', '.. ', ' ..', '\n', '\r'],
  ['etc', 'passwd', '.incoming', 'canary', 'link', 'linked-file', 'inside', 'a', 'A', '-rf'],
  ['?', '#', '*', '|', ':', '"', '$HOME', '`id`', 'x'.repeat(255), 'x'.repeat(256)],
].flat();

let folder = '';
let root = '';

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'moraine-fuzz-')));
  root = join(folder, 'deep/er/objects');
  mkdirSync(join(root, 'bucket/inside'), { recursive: true });
  for (const place of ['', 'deep', 'deep/er']) writeFileSync(join(folder, place, 'canary'), 'out');
  writeFileSync(join(root, 'canary'), 'out');
  symlinkSync(folder, join(root, 'bucket/link'));
  symlinkSync(join(folder, 'canary'), join(root, 'bucket/linked-file'));
  symlinkSync('..', join(root, 'bucket/inside/link'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe(`20,000 tricky addresses (SEED=${seed})`, () => {
  it('read and write nothing outside, and no two share a file', async () => {
    const store = await LocalBlockStore.open({
      root,
      names: exactNames,
      onSyncFailed: (error) => expect(error).toBeUndefined(),
    });
    const before = snapshotOutside();
    const random = randomFrom(seed);
    const written = new Map<string, string>();
    let refusedCount = 0;
    for (let index = 0; index < KEYS_COUNT; index++) {
      const uri = `local://bucket/${trickyKey(random)}`;
      try {
        const address = store.parse(uri);
        const found = await store.head(address);
        if (found !== undefined) {
          expect([uri, written.has(uri)]).toEqual([uri, true]);
          expect(Buffer.from(await store.getBytes(address, 1000)).toString()).toBe(
            written.get(uri),
          );
        } else {
          const isWritten = await store.putIfAbsent(address, Buffer.from(String(index)));
          if (isWritten) written.set(uri, String(index));
        }
      } catch (error) {
        if (!(error instanceof AddressRefused))
          throw new Error(JSON.stringify(uri), { cause: error });
        refusedCount++;
      }
    }
    expect(snapshotOutside()).toEqual(before);
    for (const [uri, body] of written) {
      expect(Buffer.from(await store.getBytes(store.parse(uri), 1000)).toString()).toBe(body);
    }
    // Both kinds were tried, or the test would say nothing.
    expect(written.size).toBeGreaterThan(500);
    expect(refusedCount).toBeGreaterThan(5_000);
  }, 120_000);
});

function trickyKey(random: () => number): string {
  const count = 1 + Math.floor(random() * 5);
  let key = '';
  for (let index = 0; index < count; index++) {
    key += PIECES[Math.floor(random() * PIECES.length)];
    if (index < count - 1 && random() < 0.7) key += '/';
  }
  return key;
}

/** All that lies beside the bucket: names, kinds and contents. Follows no link. */
function snapshotOutside(path = folder): string[] {
  if (path === join(root, 'bucket')) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const child = join(path, entry.name);
    if (entry.isDirectory()) return [child, ...snapshotOutside(child)];
    return [entry.isFile() ? `${child}: ${readFileSync(child, 'utf8')}` : child];
  });
}

/** mulberry32 */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
