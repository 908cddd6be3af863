import type { ImportSource } from '../../domain/import/import.events.js';
import type { ObjectEntry, ObjectPath } from '../../domain/model.js';
import type { BlockStore, SourceBlock } from '../../ports/block-store.js';
import { assert } from '../../shared/assert.js';
import { compareBytes, compareUtf8, utf8 } from '../../shared/bytes.js';
import { Heap } from '../../shared/heap.js';

export interface ImportedObject {
  readonly path: ObjectPath;
  readonly entry: ObjectEntry;
  /** How many sources had an object for this path; the last of them is taken. */
  readonly count: number;
}

/** A source's objects that can be no object's path. */
export class PathRefused extends Error {
  override readonly name = 'PathRefused';
}

const PATH_BYTES_MAX = 1024;

/**
 * Yields what sources give, in byte order of their paths, each path once, behind `after`. Each
 * source comes in order itself, so nothing is sorted and next to nothing is kept.
 *
 * @throws AddressRefused, BlockNotFound, PathRefused
 */
export async function* importedObjects(
  blocks: BlockStore,
  sources: readonly ImportSource[],
  after: ObjectPath | undefined,
): AsyncGenerator<ImportedObject> {
  const waiting = new Heap<Cursor>(byPath);
  const cursors = sources.map((source, order) => cursorOf(blocks, source, { order, after }));
  try {
    for (const cursor of cursors) if (await cursor.next()) waiting.push(cursor);
    for (let first = waiting.pop(); first; first = waiting.pop()) {
      const same = [first];
      for (let other = waiting.pop(); other; other = waiting.pop()) {
        if (compareBytes(other.bytes, first.bytes) !== 0) {
          waiting.push(other);
          break;
        }
        same.push(other);
      }
      const last = same.reduce((left, right) => (left.order < right.order ? right : left));
      yield { path: last.path, entry: await last.entry(), count: same.length };
      for (const cursor of same) if (await cursor.next()) waiting.push(cursor);
    }
  } finally {
    for (const cursor of cursors) await cursor.end();
  }
}

/** Stands at one object of a source. */
interface Cursor {
  readonly order: number;
  readonly path: ObjectPath;
  readonly bytes: Uint8Array;
  entry(): Promise<ObjectEntry>;
  /** Goes on; false at the end. */
  next(): Promise<boolean>;
  end(): Promise<unknown>;
}

const byPath = (left: Cursor, right: Cursor): number => compareBytes(left.bytes, right.bytes);

const cursorOf = (
  blocks: BlockStore,
  source: ImportSource,
  at: { order: number; after: ObjectPath | undefined },
): Cursor =>
  source.kind === 'object'
    ? new ObjectCursor(blocks, source, at)
    : new PrefixCursor(blocks, source, at);

class ObjectCursor implements Cursor {
  readonly order: number;
  readonly path: ObjectPath;
  readonly bytes: Uint8Array;
  #isLeft: boolean;

  constructor(
    private readonly blocks: BlockStore,
    private readonly source: Extract<ImportSource, { kind: 'object' }>,
    { order, after }: { order: number; after: ObjectPath | undefined },
  ) {
    this.order = order;
    this.path = source.path;
    this.bytes = utf8(this.path);
    this.#isLeft = after === undefined || compareUtf8(this.path, after) > 0;
  }

  async entry(): Promise<ObjectEntry> {
    const { kind, uri } = this.source;
    for await (const block of this.blocks.listSource({ kind, uri }, '')) return entryOf(block);
    return assert(false, `${uri} is an object and gave none`) as never;
  }

  async next(): Promise<boolean> {
    const isLeft = this.#isLeft;
    this.#isLeft = false;
    return isLeft;
  }

  async end(): Promise<void> {}
}

class PrefixCursor implements Cursor {
  readonly order: number;
  readonly #prefix: string;
  readonly #blocks: AsyncIterator<SourceBlock> | undefined;
  #block: SourceBlock | undefined;
  #bytes: Uint8Array | undefined;

  constructor(
    blocks: BlockStore,
    { kind, uri, prefix }: Extract<ImportSource, { kind: 'prefix' }>,
    { order, after }: { order: number; after: ObjectPath | undefined },
  ) {
    this.order = order;
    this.#prefix = prefix;
    const from = keyAfter(prefix, after);
    if (from === undefined) return;
    this.#blocks = blocks.listSource({ kind, uri }, from)[Symbol.asyncIterator]();
  }

  get path(): ObjectPath {
    return (this.#prefix + this.#at.key) as ObjectPath;
  }

  get bytes(): Uint8Array {
    return (this.#bytes ??= utf8(this.path));
  }

  async entry(): Promise<ObjectEntry> {
    return entryOf(this.#at);
  }

  async next(): Promise<boolean> {
    const step = await this.#blocks?.next();
    if (!step || step.done === true) return false;
    this.#block = step.value;
    this.#bytes = undefined;
    const { path } = this;
    const isLong = path.length * 3 > PATH_BYTES_MAX && Buffer.byteLength(path) > PATH_BYTES_MAX;
    // A key may be empty where a store lets an object have a folder's name.
    if (isLong || path === '' || path.includes('\0')) {
      throw new PathRefused(`${step.value.address} cannot be called ${JSON.stringify(path)}`);
    }
    return true;
  }

  end(): Promise<unknown> {
    return this.#blocks?.return?.() ?? Promise.resolve();
  }

  get #at(): SourceBlock {
    assert(this.#block, 'a cursor stands somewhere after its first step');
    return this.#block;
  }
}

/** Returns behind which key of a source to go on; undefined when all of it is behind us. */
function keyAfter(prefix: string, after: ObjectPath | undefined): string | undefined {
  if (after === undefined) return '';
  if (after.startsWith(prefix)) return after.slice(prefix.length);
  return compareUtf8(after, prefix) < 0 ? '' : undefined;
}

const entryOf = ({ address, checksum, sizeBytes, modifiedAtMs }: SourceBlock): ObjectEntry => ({
  address,
  addressType: 'full',
  checksum,
  sizeBytes,
  modifiedAtMs,
  // Nobody has said what it is; it counts in an object's identity when somebody has.
  contentType: '',
  metadata: [],
});
