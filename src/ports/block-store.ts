import type { Readable } from 'node:stream';
import type { StorageNamespace } from '../domain/model.js';

/** A block's place: a key under a namespace, `/` between its parts, never leaving it. */
export interface BlockAddress {
  readonly namespace: StorageNamespace;
  readonly key: string;
}

export interface StoredBlock {
  readonly sizeBytes: number;
  /** MD5 of the body, 32 hex digits. */
  readonly md5: string;
  readonly modifiedAtMs: number;
}

export interface BlockInfo {
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

export interface ListedBlock extends BlockInfo {
  readonly key: string;
}

/** What an import takes from: one object, or everything below a place. */
export interface BlockSource {
  readonly kind: 'prefix' | 'object';
  /** `scheme://…` */
  readonly uri: string;
}

/** An object where somebody else has put it. */
export interface SourceBlock extends ListedBlock {
  /** A full address, as `parse` and so `get` read it back. */
  readonly address: string;
  /** As the store reports it; for a file the MD5 of its body, 32 hex digits. */
  readonly checksum: string;
}

export interface PutOptions {
  /**
   * Nothing is at the address, and nobody knows it before its body is stored: a crash may leave a
   * part of that there, which nobody will ever ask for.
   */
  readonly isUntold?: boolean;
}

/** First and last byte, both inclusive, from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Immutable blobs under namespaces. A block is visible whole or not at all; streams both ways, so
 * memory does not grow with the size of a body.
 */
export abstract class BlockStore {
  /**
   * Stores a body, in place of an older one. Durable when this returns.
   *
   * @throws AddressRefused  the key leaves its namespace
   * @throws whatever `body` throws; then nothing is visible and nothing is left behind
   */
  abstract put(
    address: BlockAddress,
    body: AsyncIterable<Uint8Array>,
    options?: PutOptions,
  ): Promise<StoredBlock>;

  /**
   * Stores a body unless the address is taken: of several at once one is stored. Durable when this
   * returns, and so is what was there.
   *
   * @returns size and MD5 of this body, stored or not
   * @throws AddressRefused  the key leaves its namespace
   * @throws whatever `body` throws; then nothing is visible and nothing is left behind
   */
  abstract putNew(
    address: BlockAddress,
    body: AsyncIterable<Uint8Array>,
  ): Promise<StoredBlock & { readonly isNew: boolean }>;

  /** Stores a small body unless the address is taken. @returns whether it was written */
  abstract putIfAbsent(address: BlockAddress, body: Uint8Array): Promise<boolean>;

  /**
   * Stores a block's bytes under another address too, in place of what is there. Durable when this
   * returns; what becomes of the one later is nothing to the other.
   *
   * @throws BlockNotFound  the source is not there
   * @throws AddressRefused  a key leaves its namespace
   */
  abstract copy(source: BlockAddress, target: BlockAddress): Promise<BlockInfo>;

  /** @throws BlockNotFound */
  abstract get(address: BlockAddress, range?: ByteRange): Promise<Readable>;

  /**
   * Returns a whole small block; the bytes are the caller's, to give away if they like.
   *
   * @throws BlockNotFound, or CorruptData when over `bytesMax`
   */
  abstract getBytes(address: BlockAddress, bytesMax: number): Promise<Uint8Array>;

  abstract head(address: BlockAddress): Promise<BlockInfo | undefined>;

  /** Of what is not there: nothing happens. */
  abstract delete(address: BlockAddress): Promise<void>;

  /** Yields blocks whose key begins with `prefix`, in byte order of keys, behind `after`. */
  abstract list(
    namespace: StorageNamespace,
    options: { prefix: string; after: string },
  ): AsyncIterable<ListedBlock>;

  /**
   * Yields what an import from a source takes, in byte order of keys, behind `after`. A key is what
   * stands behind the prefix; "" of a source that is one object.
   *
   * @throws AddressRefused  this store may not read there, whatever is there
   * @throws BlockNotFound  there is no such object, or no such folder
   */
  abstract listSource(source: BlockSource, after: string): AsyncIterable<SourceBlock>;

  /**
   * Reads a full address (`scheme://…`) as a place in this store.
   *
   * @throws AddressRefused  another store's scheme, or no valid address
   */
  abstract parse(uri: string): BlockAddress;

  /** @throws AddressRefused  naming what is wrong with a namespace that a user chose */
  abstract checkNamespace(namespace: StorageNamespace): void;
}
