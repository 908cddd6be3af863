import type { MetaRangeId, ObjectEntry, ObjectPath, StorageNamespace } from '../domain/model.js';

/** What a staging token says of a path; `undefined` is a tombstone. */
export interface StagedChange {
  readonly path: ObjectPath;
  readonly entry: ObjectEntry | undefined;
}

export interface CommittedObject {
  readonly path: ObjectPath;
  readonly entry: ObjectEntry;
}

/** Where ranges end. Part of a request, so that any node builds the same files. */
export interface RangeParameters {
  readonly rangeBytesMin: number;
  readonly rangeBytesMax: number;
  readonly raggednessEntries: number;
}

export const DEFAULT_RANGE_PARAMETERS: RangeParameters = {
  rangeBytesMin: 0,
  rangeBytesMax: 20 * 1024 * 1024,
  raggednessEntries: 50_000,
};

export interface ApplyResult {
  readonly metaRangeId: MetaRangeId;
  readonly addedCount: number;
  readonly changedCount: number;
  readonly removedCount: number;
}

/**
 * Immutable trees of objects: metaranges over ranges, named by content. "" is the empty tree.
 *
 * @throws CorruptData  a file is truncated, or is not what it says it is
 * @throws BlockNotFound  a file is gone
 */
export abstract class CommittedStore {
  abstract get(
    namespace: StorageNamespace,
    metaRangeId: MetaRangeId,
    path: ObjectPath,
  ): Promise<ObjectEntry | undefined>;

  /**
   * Returns objects in byte order of their paths.
   *
   * @param options.from  inclusive; "" from the beginning
   * @param options.until  exclusive; undefined to the end
   */
  abstract scan(
    namespace: StorageNamespace,
    metaRangeId: MetaRangeId,
    options: { from: Uint8Array; until?: Uint8Array; limit: number },
  ): Promise<readonly CommittedObject[]>;

  /**
   * Lays changes over a tree and stores the new one; the files are durable when this returns.
   *
   * @param changes  strictly ascending by the bytes of their paths
   * @returns counts of 0, 0, 0 and the base's id when nothing differs; nothing is stored then
   */
  abstract apply(
    namespace: StorageNamespace,
    base: MetaRangeId,
    changes: AsyncIterable<readonly StagedChange[]>,
    parameters: RangeParameters,
  ): Promise<ApplyResult>;
}
