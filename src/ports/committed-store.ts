import type {
  MetaRangeId,
  ObjectEntry,
  ObjectPath,
  RangeId,
  StorageNamespace,
} from '../domain/model.js';

/** What a staging token says of a path; `undefined` is a tombstone. */
export interface StagedChange {
  readonly path: ObjectPath;
  readonly entry: ObjectEntry | undefined;
}

/**
 * Changes as the views hold them, as shared/packed-rows.ts has them: a path, and its entry as JSON,
 * `null` for a tombstone. Whoever takes them may give their bytes away: nobody else looks at them.
 */
export interface PackedChanges extends Iterable<StagedChange> {
  readonly packed: Buffer;
  readonly length: number;
}

export type ChangeBatch = readonly StagedChange[] | PackedChanges;

export interface CommittedObject {
  readonly path: ObjectPath;
  readonly entry: ObjectEntry;
}

/** One that is this same object for all who read it, as long as it is read often. */
export class KeptObject implements CommittedObject {
  constructor(
    readonly path: ObjectPath,
    readonly entry: ObjectEntry,
  ) {}
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

/** A tree that can be built on, and whose files may still be on their way to the store. */
export interface LaidTree extends ApplyResult {
  /** Resolves when the files are durable; to be awaited. @throws what the store threw */
  readonly stored: Promise<void>;
}

/** A path at which two trees do not hold the same object; at least one side is there. */
export interface TreeDifference {
  readonly path: ObjectPath;
  readonly left: ObjectEntry | undefined;
  readonly right: ObjectEntry | undefined;
}

/** Who is right where both sides changed an object, each in its own way: by default nobody. */
export type MergeStrategy = 'default' | 'source-wins' | 'dest-wins';

/** Keys from `from` (inclusive) until `until` (exclusive; left out: to the end). */
export interface KeySpan {
  readonly from: Uint8Array;
  readonly until?: Uint8Array;
}

/** What the source changed since the base is brought to the destination. */
export interface MergeTrees {
  readonly base: MetaRangeId;
  readonly source: MetaRangeId;
  readonly destination: MetaRangeId;
  /** Keys of the destination that count as absent: an import replaces them. In any order. */
  readonly replaced?: readonly KeySpan[];
}

/** Paths that a merge which found conflicts names, at most. */
export const CONFLICT_PATHS_MAX = 100;

export type MergeResult =
  | { readonly kind: 'merged'; readonly metaRangeId: MetaRangeId }
  /** `paths`: the first {@link CONFLICT_PATHS_MAX}, in byte order; at least one. */
  | { readonly kind: 'conflict'; readonly paths: readonly ObjectPath[] };

/** A range of a tree, as its metarange has it. */
export interface RangeInfo {
  readonly id: RangeId;
  /** Its first key. */
  readonly minKey: Uint8Array;
  /** Its last key. */
  readonly maxKey: Uint8Array;
  readonly count: number;
  /** Bytes, a little below the size of the file. */
  readonly estimatedSize: number;
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

  /** Stores the tree of no objects, which a commit of nothing has: "" is before any commit. */
  abstract storeEmpty(namespace: StorageNamespace): Promise<MetaRangeId>;

  /**
   * Lays changes over a tree and stores the new one; the files are durable when this returns.
   *
   * @param changes  strictly ascending by the bytes of their paths
   * @returns counts of 0, 0, 0 and the base's id when nothing differs; nothing is stored then
   */
  abstract apply(
    namespace: StorageNamespace,
    base: MetaRangeId,
    changes: AsyncIterable<ChangeBatch>,
    parameters: RangeParameters,
  ): Promise<ApplyResult>;

  /**
   * As `apply`, but returns before the files are durable: another tree may be laid over this one
   * meanwhile. Nothing may name the tree until `stored` resolves.
   */
  async lay(
    namespace: StorageNamespace,
    base: MetaRangeId,
    changes: AsyncIterable<ChangeBatch>,
    parameters: RangeParameters,
  ): Promise<LaidTree> {
    const applied = await this.apply(namespace, base, changes, parameters);
    return { ...applied, stored: Promise.resolve() };
  }

  /**
   * Returns where two trees differ, in byte order of paths. Objects are the same by identity:
   * another address or time alone is no difference.
   *
   * Costs by what differs and is returned, not by what there is: ranges that both trees have are
   * not read.
   *
   * @param options.from  inclusive; "" from the beginning
   * @param options.until  exclusive; undefined to the end
   */
  abstract diff(
    namespace: StorageNamespace,
    left: MetaRangeId,
    right: MetaRangeId,
    options: { from: Uint8Array; until?: Uint8Array; limit: number },
  ): Promise<readonly TreeDifference[]>;

  /**
   * Merges trees, and stores the result; the files are durable when this returns. The result is a
   * function of the ids, the strategy and the parameters, whoever builds it.
   *
   * An object that only one side changed, added or deleted since the base is as that side has it;
   * one that both changed alike is taken from the source; any other is a conflict, or goes by the
   * strategy. "No changes" is the caller's to see: `source` is `base`, or the result is
   * `destination`.
   */
  abstract merge(
    namespace: StorageNamespace,
    trees: MergeTrees,
    options: { strategy: MergeStrategy; parameters: RangeParameters },
  ): Promise<MergeResult>;

  /** Returns a tree's ranges in order, for who reads the files themselves. */
  abstract ranges(
    namespace: StorageNamespace,
    metaRangeId: MetaRangeId,
  ): Promise<readonly RangeInfo[]>;
}
