import { fdatasync, fsync } from 'node:fs';
import { promisify } from 'node:util';
import { StoreUnavailable } from '../ports/store-errors.js';

const syncBytes = promisify(fdatasync);
const syncAll = promisify(fsync);

/**
 * Hears that the disk could not keep what it was given. What it still holds is unknown from then
 * on, so whoever listens ends the process.
 */
export type SyncFailedListener = (error: unknown) => void;

/**
 * Makes a disk keep what it was given, until it fails to.
 *
 * A system that could not write something forgets that it was to be written: the next sync of the
 * same folder finds nothing to do and succeeds, and the names that were to be kept are gone at the
 * next power loss. So after a failure no sync is believed any more, until the process has ended.
 */
export class DiskSyncs {
  #failure: unknown;

  constructor(private readonly onFailed: SyncFailedListener) {}

  /** @param file  opened @throws whatever the disk says; StoreUnavailable: it has failed before */
  bytes(file: number): Promise<void> {
    return this.#run(syncBytes, file);
  }

  /** Of a folder, its names; likewise. */
  names(folder: number): Promise<void> {
    return this.#run(syncAll, folder);
  }

  async #run(sync: (file: number) => Promise<void>, file: number): Promise<void> {
    this.#refuseAfterFailure();
    try {
      await sync(file);
    } catch (error) {
      this.#failure ??= error;
      this.onFailed(error);
      throw error;
    }
    // One that failed meanwhile may have had the word on what this one was to keep.
    this.#refuseAfterFailure();
  }

  #refuseAfterFailure(): void {
    if (this.#failure === undefined) return;
    throw new StoreUnavailable('the disk has failed to keep something', { cause: this.#failure });
  }
}
