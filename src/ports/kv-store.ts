import { assert } from '../shared/assert.js';

/** A view's change of the store. `partition` begins with its view's name and a slash. */
export type KvWrite =
  | {
      readonly kind: 'put';
      readonly partition: string;
      readonly key: Uint8Array;
      readonly value: Uint8Array;
      /** The schema version of `value`, from 1. */
      readonly schema: number;
    }
  | { readonly kind: 'delete'; readonly partition: string; readonly key: Uint8Array }
  | {
      /** Takes the keys from `from` (inclusive) until `until` (exclusive); left out: no bound. */
      readonly kind: 'drop';
      readonly partition: string;
      readonly from?: Uint8Array;
      readonly until?: Uint8Array;
    };

export type KvRead =
  | { readonly kind: 'get'; readonly partition: string; readonly key: Uint8Array }
  | {
      /**
       * A pack reads what a scan reads, as one row: its value is all of them, as
       * shared/packed-rows.ts has them, its key is empty, its schema theirs. For many rows that are
       * handed on as they are.
       */
      readonly kind: 'scan' | 'pack';
      readonly partition: string;
      /** Inclusive. */
      readonly from?: Uint8Array;
      /** Exclusive. */
      readonly until?: Uint8Array;
      /** 1 … {@link SCAN_ROWS_MAX} */
      readonly limit: number;
    };

/** A row as it was read; handed back to `setIf` to say "if it is still this". */
export interface KvRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly schema: number;
  /** Opaque. Equal versions of one key mean equal values; the converse need not hold. */
  readonly version: string;
}

export interface KvSnapshot {
  /**
   * Returns the rows of each read, in its order: at most one for a get or a pack, ascending for a
   * scan.
   *
   * @throws InvariantError  the rows of a pack are of several schemas
   */
  read(reads: readonly KvRead[]): Promise<readonly (readonly KvRow[])[]>;
}

/**
 * An ordered map per partition. Keys compare as unsigned bytes.
 *
 * Views are written by projections in the log's append. `setIf` and `deleteIf` are for what is
 * no view: partitions that begin with `plain/`.
 */
export abstract class KvStore implements KvSnapshot {
  /** All reads of one call see one state. Calls that wait together may share a round trip. */
  abstract read(reads: readonly KvRead[]): Promise<readonly (readonly KvRow[])[]>;

  /**
   * Runs several reads on one state.
   *
   * @throws SnapshotTooOld  it was held longer than {@link SNAPSHOT_MS_MAX}
   */
  abstract snapshot<Result>(work: (snapshot: KvSnapshot) => Promise<Result>): Promise<Result>;

  /**
   * Sets a value if the key is still as `expected`; undefined means that it must not exist.
   *
   * @returns the new version
   * @throws PredicateFailed  it is not; nothing was written
   */
  abstract setIf(
    partition: string,
    key: Uint8Array,
    value: { bytes: Uint8Array; schema: number },
    expected: Pick<KvRow, 'version'> | undefined,
  ): Promise<string>;

  /** @throws PredicateFailed  the key is not as expected; nothing was written */
  abstract deleteIf(
    partition: string,
    key: Uint8Array,
    expected: Pick<KvRow, 'version'>,
  ): Promise<void>;

  abstract close(): Promise<void>;
}

export const VALUE_BYTES_MAX = 1024 * 1024;
export const KEY_BYTES_MAX = 1024;
export const SCAN_ROWS_MAX = 10_000;
export const SNAPSHOT_MS_MAX = 30_000;

/** The view that a partition belongs to: the part of its name before the first slash. */
export function viewOf(partition: string): string {
  const slash = partition.indexOf('/');
  assert(slash > 0, `partition ${partition} does not begin with its view's name and a slash`);
  return partition.slice(0, slash);
}
