import { closeSync, openSync } from 'node:fs';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { AddressRefused } from '../ports/store-errors.js';
import type { DiskSyncs } from './disk-syncs.js';
import { codeOf } from './fs-errors.js';

const KNOWN_FOLDERS_MAX = 10_000;

/**
 * Folders below a root: made durably, never reached through a symbolic link.
 *
 * A folder is looked at once and remembered, so this guards against a link that was put there
 * before, not against somebody who may write in the data folder while the server runs.
 */
export class DurableFolders {
  readonly #known = new LRUCache<string, true>({ max: KNOWN_FOLDERS_MAX });
  readonly #running = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, Promise<void>>();

  /** @param root  an absolute path without links that exists */
  constructor(
    readonly root: string,
    private readonly syncs: DiskSyncs,
  ) {}

  /**
   * Returns the path of a folder that stands, having made what was missing.
   *
   * @throws AddressRefused  a link or a file stands in the way
   */
  async make(parts: readonly string[]): Promise<string> {
    let path = this.root;
    for (const part of parts) {
      const parent = path;
      path = join(path, part);
      if (this.#known.get(path)) continue;
      if (!(await isMadeNow(path))) await this.#look(path);
      // Also when another put has made it, or a former life: its name may not be durable yet.
      await this.sync(parent);
      this.#known.set(path, true);
    }
    return path;
  }

  /**
   * Returns the path of a folder, or undefined when there is none.
   *
   * @throws AddressRefused  a link stands in the way
   */
  async find(parts: readonly string[]): Promise<string | undefined> {
    let path = this.root;
    for (const part of parts) {
      path = join(path, part);
      if (this.#known.get(path)) continue;
      try {
        await this.#look(path);
      } catch (error) {
        if (codeOf(error) === 'ENOENT' || error instanceof NotAFolder) return undefined;
        throw error;
      }
      this.#known.set(path, true);
    }
    return path;
  }

  /** Forgets what was seen, after a folder turned out to be gone. */
  forget(): void {
    this.#known.clear();
  }

  /** Makes the names in a folder durable. Those who ask while a sync runs share the next one. */
  sync(path: string): Promise<void> {
    const waiting = this.#waiting.get(path) ?? this.#syncAfterRunning(path);
    this.#waiting.set(path, waiting);
    return waiting;
  }

  async #syncAfterRunning(path: string): Promise<void> {
    // One that runs may have begun before the caller's name stood there, so it does not count.
    await this.#running.get(path)?.catch(() => undefined);
    this.#waiting.delete(path);
    const current = this.#syncNow(path);
    this.#running.set(path, current);
    try {
      await current;
    } finally {
      if (this.#running.get(path) === current) this.#running.delete(path);
    }
  }

  async #syncNow(path: string): Promise<void> {
    // A hop to another thread would cost more than the call; the folder was looked at a moment ago.
    const folder = openSync(path, 'r');
    try {
      await this.syncs.names(folder);
    } finally {
      // Nothing was written here: a hop to another thread would cost more than the call.
      closeSync(folder);
    }
  }

  async #look(path: string): Promise<void> {
    const found = await lstat(path);
    if (found.isSymbolicLink()) {
      throw new AddressRefused(`${path} is a symbolic link, and none is followed below the store`);
    }
    if (!found.isDirectory()) throw new NotAFolder(`${path} is a block and no folder`);
  }
}

class NotAFolder extends AddressRefused {}

async function isMadeNow(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}
