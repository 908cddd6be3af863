import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { promisify } from 'node:util';
import type { SeededRandom } from '../support/seeded-random.js';

type Answer = (error: Error | null) => void;
type Entries = ReadonlyMap<string, string>;

/** How long a sync takes, at most: long enough for others to come between. */
const SYNC_MS_MAX = 4;

/**
 * The disk as a power loss would leave it: of a file what was there when a sync of it began that
 * has ended, of a folder its names. A sync that fails loses what it was to keep, as Linux does:
 * the next one of the same file or folder finds nothing to be done, and succeeds.
 *
 * It stands between the program and Node's own syncs, so what is to be seen must be imported after
 * it. Nothing is synced in truth.
 */
export class ForgetfulDisk {
  /** By folder, its names and what each stands for. */
  readonly #names = new Map<string, Entries>();
  /** By file, its bytes. */
  readonly #bytes = new Map<string, Buffer>();
  readonly #lost = new Set<string>();
  /** One sync in so many fails; 0: none does. */
  failsEvery = 0;
  syncCount = 0;
  failCount = 0;

  constructor(private readonly random: SeededRandom) {
    for (const name of ['fsync', 'fdatasync'] as const) {
      const sync = (file: number, done: Answer) => this.#sync(file, done);
      Object.defineProperty(sync, promisify.custom, { value: promisify(sync) });
      Object.assign(fs, { [name]: sync });
    }
    syncBuiltinESMExports();
  }

  /** Returns what a power loss now would leave of a file; undefined: nothing, not even its name. */
  kept(root: string, parts: readonly string[]): Buffer | undefined {
    let path = root;
    let inode: string | undefined;
    for (const part of parts) {
      inode = this.#names.get(path)?.get(part);
      if (inode === undefined) return undefined;
      path = `${path}/${part}`;
    }
    return this.#bytes.get(inode ?? '') ?? Buffer.alloc(0);
  }

  #sync(file: number, done: Answer): void {
    const shown = `/proc/self/fd/${file}`;
    const now = fs.fstatSync(file, { bigint: true });
    const path = fs.readlinkSync(shown);
    const found = now.isDirectory() ? entriesOf(path) : fs.readFileSync(shown);
    this.syncCount++;
    const fails = this.failsEvery > 0 && this.random.below(this.failsEvery) === 0;
    setTimeout(() => {
      if (fails) this.#fail(path, inodeOf(now), found);
      else if (Buffer.isBuffer(found)) this.#keepBytes(inodeOf(now), found);
      else this.#names.set(path, this.#without(path, found));
      done(fails ? Object.assign(new Error('EIO: the disk forgets'), { code: 'EIO' }) : null);
    }, this.random.below(SYNC_MS_MAX));
  }

  #fail(path: string, inode: string, found: Buffer | Entries): void {
    this.failCount++;
    if (Buffer.isBuffer(found)) {
      if (!this.#bytes.get(inode)?.equals(found)) this.#lost.add(inode);
      return;
    }
    for (const [name, stands] of found) {
      if (this.#names.get(path)?.get(name) !== stands) this.#lost.add(`${path}/${name} ${stands}`);
    }
  }

  #keepBytes(inode: string, bytes: Buffer): void {
    if (!this.#lost.has(inode)) this.#bytes.set(inode, bytes);
  }

  /** Of a name that was lost the one before stands, if there was one. */
  #without(path: string, found: Entries): Entries {
    const kept = new Map<string, string>();
    for (const [name, stands] of found) {
      const isLost = this.#lost.has(`${path}/${name} ${stands}`);
      const inode = isLost ? this.#names.get(path)?.get(name) : stands;
      if (inode !== undefined) kept.set(name, inode);
    }
    return kept;
  }
}

function entriesOf(folder: string): Entries {
  const entries = new Map<string, string>();
  for (const name of fs.readdirSync(folder)) {
    const found = fs.lstatSync(`${folder}/${name}`, { bigint: true, throwIfNoEntry: false });
    if (found) entries.set(name, inodeOf(found));
  }
  return entries;
}

/** A number is given again when its file is gone. */
const inodeOf = ({ ino, birthtimeNs }: fs.BigIntStats): string => `${ino} ${birthtimeNs}`;
