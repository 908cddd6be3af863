/** Ids and values that aggregates share. Ids are made at edges, by the ids port and by codecs. */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** 3–63 of `a-z0-9-`, the first no dash. */
export type RepositoryId = Branded<'RepositoryId'>;
/** 20 characters of `0-9a-v`; a repository created again under its old name has another one. */
export type RepositoryUid = Branded<'RepositoryUid'>;
export type BranchId = Branded<'BranchId'>;
/** 20 characters of `0-9a-v`, descending with time. */
export type PullId = Branded<'PullId'>;
export type TagId = Branded<'TagId'>;
/** 64 lower-case hex digits. */
export type CommitId = Branded<'CommitId'>;
/** 64 lower-case hex digits, or "" for the empty tree of a first commit. */
export type MetaRangeId = Branded<'MetaRangeId'>;
/** 64 lower-case hex digits. */
export type RangeId = Branded<'RangeId'>;
/** Valid UTF-8 without NUL, 1–1,024 bytes of it. */
export type ObjectPath = Branded<'ObjectPath'>;
/** `<repository uid>.<branch>.<life>.<ordinal>`: computed, so that two nodes cannot name two. */
export type StagingToken = Branded<'StagingToken'>;
/** 20 characters of `0-9a-v`. */
export type ImportId = Branded<'ImportId'>;
/** `DR` of a dump, `RR` of a restore, and 20 characters of `A-Za-z0-9_-`. */
export type RefsTaskId = Branded<'RefsTaskId'>;
/** `scheme://…`, without a slash at its end. */
export type StorageNamespace = Branded<'StorageNamespace'>;
/** What one command's event ids derive from. */
export type CommandId = Branded<'CommandId'>;
/** The command id of the request that made the intent. */
export type IntentId = Branded<'IntentId'>;
/** A UUID, unique in its stream. */
export type EventId = Branded<'EventId'>;
/** A user's name, as it stands in commits and in the log. */
export type UserId = Branded<'UserId'>;

/** Text to text, as the user gave it: any key, `__proto__` too, so never a plain object's. */
export type Metadata = readonly (readonly [key: string, value: string])[];

/**
 * An object as a commit or a staging token knows it.
 *
 * Source: lakeFS `catalog.Entry`. The identity (docs/formats/range.md) takes size, checksum,
 * metadata and content type, and neither the address nor the time.
 */
export interface ObjectEntry {
  /** Relative: a key under the repository's namespace. Full: a URI. */
  readonly address: string;
  readonly addressType: 'relative' | 'full';
  /** Of the body; for what this server wrote, its MD5 as 32 hex digits. */
  readonly checksum: string;
  readonly sizeBytes: number;
  /** UTC, epoch. */
  readonly modifiedAtMs: number;
  /** "" when none is known. */
  readonly contentType: string;
  /** Sorted by key, as UTF-8 bytes. */
  readonly metadata: Metadata;
}

/** A commit; its id is a hash of all of it less `generation` and `version`. */
export interface CommitRecord {
  readonly id: CommitId;
  readonly committer: string;
  readonly message: string;
  readonly metaRangeId: MetaRangeId;
  /** Whole seconds count in the id. */
  readonly createdAtMs: number;
  readonly parents: readonly CommitId[];
  readonly metadata: Metadata;
  /** Distance from the root, 1 for a first commit; 0 in old data: unknown. */
  readonly generation: number;
  /** 1; 0 in old data: the main parent is the last. */
  readonly version: number;
}

/** Who asked, and in which request: stands on every event. */
export interface Caller {
  readonly user: UserId;
  readonly requestId: string;
}
