import type { BranchId, ObjectEntry, ObjectPath, StorageNamespace } from '../model.js';

/** An upload in parts was begun: where its object will stand, and where its bytes. */
export interface MultipartStarted {
  readonly type: 'MultipartStarted';
  readonly branch: BranchId;
  readonly path: ObjectPath;
  /** Of the repository: what keys of blocks are relative to. */
  readonly namespace: StorageNamespace;
  /** Of the whole body, once it is put together. */
  readonly key: string;
}

/** The body of a part stands in a block of its own. The last one of a number counts. */
export interface PartStored {
  readonly type: 'PartStored';
  /** From 1. */
  readonly partNumber: number;
  /** Of its block. */
  readonly key: string;
  readonly md5: string;
  readonly sizeBytes: number;
}

/** It is decided which parts the body is made of; none is taken any more. */
export interface MultipartSealed {
  readonly type: 'MultipartSealed';
  /** Ascending. */
  readonly partNumbers: readonly number[];
}

/** The whole body stands in one block, and an object names it. */
export interface MultipartCompleted {
  readonly type: 'MultipartCompleted';
  readonly entry: ObjectEntry;
}

/** Given up, by its client or because its time ran out. */
export interface MultipartAborted {
  readonly type: 'MultipartAborted';
}

/** The blocks of its parts are gone; nothing more will happen to it. */
export interface PartsRemoved {
  readonly type: 'PartsRemoved';
}

export type MultipartEvent =
  | MultipartStarted
  | PartStored
  | MultipartSealed
  | MultipartCompleted
  | MultipartAborted
  | PartsRemoved;
