import type { BranchId, CommitId, CommitRecord, RepositoryUid, UserId } from '../domain/model.js';
import type { ObjectPath, StorageNamespace } from '../domain/model.js';
import type { RefsDump } from '../domain/refs-task/refs-task.events.js';
import type { KvRow, KvWrite } from '../ports/kv-store.js';
import { assert } from '../shared/assert.js';

/** Every value of every view is JSON; this is the version that this program reads and writes. */
export const VALUE_SCHEMA = 1;

export interface TagRecord {
  readonly commitId: CommitId;
}

/** By the clock of whoever opened it. */
export interface OpenedToken {
  readonly openedAtMs: number;
}

export interface ClosedToken {
  readonly closedAtMs: number;
}

export interface PendingBranch {
  readonly uid: RepositoryUid;
  readonly branch: BranchId;
  readonly pendingCount: number;
}

/** Of bytes that were given another name beside their first. */
export interface CloneRecord {
  readonly address: string;
  readonly addressType: 'relative' | 'full';
  readonly clonedAtMs: number;
}

/** An import that runs has neither error nor commit; one that ended has one of them. */
export interface ImportRecord {
  readonly updatedAtMs: number;
  readonly ingestedCount: number;
  readonly error: string | null;
  readonly commit: CommitRecord | null;
}

export interface RefsTaskRecord {
  readonly updatedAtMs: number;
  readonly isDone: boolean;
  readonly error: string | null;
  /** Of a task that is done, and well. */
  readonly refs: RefsDump | null;
}

/** A job that somebody works on, or should. */
export interface RunningJob {
  readonly uid: RepositoryUid;
  readonly id: string;
  readonly node: string;
  /** When that node last said that it lives. */
  readonly atMs: number;
}

export interface EndedJob {
  readonly uid: RepositoryUid;
  readonly id: string;
  readonly atMs: number;
}

export interface UploadRecord {
  readonly branch: BranchId;
  readonly path: ObjectPath;
  readonly namespace: StorageNamespace;
  /** Of the whole body, under the namespace. */
  readonly key: string;
  readonly startedAtMs: number;
}

/** A key that a caller uses for a request. */
export interface BegunRequest {
  readonly stream: string;
}

export interface SetupRecord {
  readonly user: UserId;
  readonly createdAtMs: number;
}

export interface CredentialRecord {
  readonly user: UserId;
  readonly sealedSecret: string;
  readonly createdAtMs: number;
}

export const put = (partition: string, key: Uint8Array, value: unknown): KvWrite => ({
  kind: 'put',
  partition,
  key,
  value: Buffer.from(JSON.stringify(value)),
  schema: VALUE_SCHEMA,
});

export const remove = (partition: string, key: Uint8Array): KvWrite => ({
  kind: 'delete',
  partition,
  key,
});

export const drop = (partition: string, until?: Uint8Array): KvWrite =>
  until === undefined ? { kind: 'drop', partition } : { kind: 'drop', partition, until };

/**
 * Reads a value back.
 *
 * @throws InvariantError  it was written by a newer program
 */
export function decodeValue<Value>(row: Pick<KvRow, 'value' | 'schema'>): Value {
  assert(row.schema === VALUE_SCHEMA, `a value of schema ${row.schema} is of a newer program`);
  const { value } = row;
  return JSON.parse(
    Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'),
  ) as Value;
}
