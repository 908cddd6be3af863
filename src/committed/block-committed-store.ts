import type { MetaRangeId, ObjectEntry, ObjectPath, StorageNamespace } from '../domain/model.js';
import type { BlockAddress, BlockStore } from '../ports/block-store.js';
import {
  CommittedStore,
  type ApplyResult,
  type ChangeBatch,
  type CommittedObject,
  type LaidTree,
  type MergeResult,
  type MergeStrategy,
  type MergeTrees,
  type RangeInfo,
  type RangeParameters,
  type TreeDifference,
} from '../ports/committed-store.js';
import { assert } from '../shared/assert.js';
import { compareBytes } from '../shared/bytes.js';
import { failpoint } from '../shared/failpoint.js';
import { applyChanges } from './apply.js';
import { ByteCache, type CacheCounts } from './byte-cache.js';
import type { CellBatch } from './compare-codec.js';
import { LaidBlocks } from './laid-blocks.js';
import { mergeInline } from './merge-writer.js';
import { mergeTrees } from './merge-trees.js';
import { findRange, MetaRangeReader, type MetaRange } from './metarange-reader.js';
import { buildMetaRange } from './metarange-writer.js';
import type { RangeRecord } from './range-codec.js';
import { keyOf, pathOf, RangeReader } from './range-reader.js';
import { RangeWorkers } from './range-workers.js';
import type { BuiltRange } from './range-writer.js';
import { countOf, InlineSessions, type RewriteSessions } from './rewrite-session.js';
import { sliceOf } from './slice.js';
import type { KnownTable } from './sstable/known-table.js';
import type { BoundedFile } from './table-cursor.js';
import { fileName, tableAddress, TableFiles } from './table-files.js';
import { diffTrees } from './tree-diff.js';
import { warmUp } from './warm-up.js';

/** How much is kept in memory, and how many threads build ranges. */
export interface CommittedLimits {
  /** Lists of ranges. */
  readonly metaRangeBytesMax: number;
  /** Indexes of ranges, and small ranges whole. */
  readonly tableBytesMax: number;
  /** Uncompressed blocks. */
  readonly blockBytesMax: number;
  /** Objects of blocks that are read again and again, decoded. */
  readonly objectBytesMax: number;
  readonly threadsMax: number;
}

export const DEFAULT_COMMITTED_LIMITS: CommittedLimits = {
  metaRangeBytesMax: 32 * 1024 * 1024,
  tableBytesMax: 48 * 1024 * 1024,
  blockBytesMax: 48 * 1024 * 1024,
  objectBytesMax: 16 * 1024 * 1024,
  threadsMax: 2,
};

const EMPTY: MetaRange = [];
const KNOWN_BYTES_MAX = 12 * 1024 * 1024;

/** Keeps trees as range files in a block store, under `_lakefs/<id>` of their namespace. */
export class BlockCommittedStore extends CommittedStore {
  readonly #laid: LaidBlocks;
  readonly #metaRanges: MetaRangeReader;
  readonly #ranges: RangeReader;
  readonly #inline = new InlineSessions();
  readonly #workers: RangeWorkers | undefined;
  /** Of ranges that were written here lately. */
  readonly #known = new ByteCache<string, KnownTable>(
    KNOWN_BYTES_MAX,
    ({ sizeBytes }) => sizeBytes,
  );
  /** Range files on their way to the store, by name; each settles without an error. */
  readonly #storing = new Map<string, Promise<void>>();

  /**
   * @param workerUrl  of range-worker.js, compiled; undefined: all work is done on the caller's
   *   thread, which is for tests
   */
  constructor(
    private readonly blocks: BlockStore,
    workerUrl: URL | undefined,
    limits: CommittedLimits = DEFAULT_COMMITTED_LIMITS,
  ) {
    super();
    this.#laid = new LaidBlocks(blocks);
    const files = new TableFiles(this.#laid);
    this.#metaRanges = new MetaRangeReader(files, limits);
    this.#ranges = new RangeReader(files, limits);
    this.#workers = workerUrl && new RangeWorkers(workerUrl, limits.threadsMax);
  }

  /** Hits, misses and bytes of the caches. */
  get counts(): Readonly<Record<'metaRanges' | 'tables' | 'blocks' | 'objects', CacheCounts>> {
    return { metaRanges: this.#metaRanges.counts, ...this.#ranges.counts };
  }

  override async get(
    namespace: StorageNamespace,
    metaRangeId: MetaRangeId,
    path: ObjectPath,
  ): Promise<ObjectEntry | undefined> {
    const ranges =
      this.#metaRanges.kept(namespace, metaRangeId) ?? (await this.#load(namespace, metaRangeId));
    const key = keyOf(path);
    const range = ranges[findRange(ranges, key)];
    if (!range || compareBytes(range.minKey, key.bytes) > 0) return undefined;
    return this.#ranges.get(namespace, range, key);
  }

  override async scan(
    namespace: StorageNamespace,
    metaRangeId: MetaRangeId,
    { from, until, limit }: { from: Uint8Array; until?: Uint8Array; limit: number },
  ): Promise<readonly CommittedObject[]> {
    const ranges = await this.#load(namespace, metaRangeId);
    const wanted = { from: sliceOf(from), until: until && sliceOf(until), limit };
    const found: CommittedObject[] = [];
    for (let at = findRange(ranges, wanted.from); at < ranges.length; at++) {
      const range = ranges[at];
      if (!range || found.length >= limit) break;
      if (until && compareBytes(range.minKey, until) >= 0) break;
      await this.#ranges.scan(namespace, range, wanted, found);
    }
    return found;
  }

  override async storeEmpty(namespace: StorageNamespace): Promise<MetaRangeId> {
    const { metaRangeId, stored } = await this.#layTree(namespace, EMPTY, Promise.resolve());
    await stored;
    return metaRangeId;
  }

  override async apply(
    namespace: StorageNamespace,
    base: MetaRangeId,
    changes: AsyncIterable<ChangeBatch>,
    parameters: RangeParameters,
  ): Promise<ApplyResult> {
    const { stored, ...applied } = await this.lay(namespace, base, changes, parameters);
    await stored;
    return applied;
  }

  override async lay(
    namespace: StorageNamespace,
    base: MetaRangeId,
    changes: AsyncIterable<ChangeBatch>,
    parameters: RangeParameters,
  ): Promise<LaidTree> {
    const { ranges, counts, stored } = await applyChanges(changes, {
      base: await this.#load(namespace, base),
      parameters,
      sessions: { small: this.#inline, large: this.#large },
      fileOf: (range) => this.#fileOf(namespace, range),
      store: (range) => this.#store(namespace, range),
    });
    if (countOf(counts) === 0) return { metaRangeId: base, ...counts, stored };
    return { ...counts, ...(await this.#layTree(namespace, ranges, stored)) };
  }

  override async diff(
    namespace: StorageNamespace,
    left: MetaRangeId,
    right: MetaRangeId,
    options: { from: Uint8Array; until?: Uint8Array; limit: number },
  ): Promise<readonly TreeDifference[]> {
    if (left === right) return [];
    const workers = this.#workers;
    const input = {
      left: await this.#load(namespace, left),
      right: await this.#load(namespace, right),
      files: this.#ranges.walked(namespace),
      compare: workers && ((batch: CellBatch) => workers.compare(batch)),
    };
    return diffTrees(input, options);
  }

  override async merge(
    namespace: StorageNamespace,
    { base, source, destination, replaced = [] }: MergeTrees,
    { strategy, parameters }: { strategy: MergeStrategy; parameters: RangeParameters },
  ): Promise<MergeResult> {
    if (replaced.length === 0) {
      if (source === base) return { kind: 'merged', metaRangeId: destination };
      if (destination === base) return { kind: 'merged', metaRangeId: source };
    }
    const [inBase, inSource, inDestination] = await Promise.all(
      [base, source, destination].map((id) => this.#load(namespace, id)),
    );
    assert(inBase && inSource && inDestination, 'three trees are merged');
    const input = { base: inBase, source: inSource, destination: inDestination };
    const workers = this.#workers;
    const { ranges, conflicts, stored } = await mergeTrees({
      input: { ...input, replaced, strategy },
      parameters,
      merges: {
        small: mergeInline,
        large: workers ? (job) => workers.merge(job) : mergeInline,
      },
      fileOf: (range) => this.#fileOf(namespace, range),
      store: (range) => this.#store(namespace, range),
    });
    if (conflicts.length > 0) {
      return { kind: 'conflict', paths: conflicts.map((key) => pathOf(sliceOf(key))) };
    }
    const tree = await this.#layTree(namespace, ranges, stored);
    await tree.stored;
    return { kind: 'merged', metaRangeId: tree.metaRangeId };
  }

  override async ranges(
    namespace: StorageNamespace,
    metaRangeId: MetaRangeId,
  ): Promise<readonly RangeInfo[]> {
    const ranges = await this.#load(namespace, metaRangeId);
    return ranges.map(({ estimatedBytes, ...range }) => ({
      ...range,
      estimatedSize: estimatedBytes,
    }));
  }

  /** Does once, for nobody, what large commits and merges do, so that the first is no slow one. */
  async warmUp(signal: AbortSignal): Promise<void> {
    if (this.#workers) await warmUp(this.#workers, signal);
  }

  /** Ends the threads; work that is not done fails. Reading goes on. */
  async close(): Promise<void> {
    await this.#workers?.close();
  }

  get #large(): RewriteSessions {
    return this.#workers ?? this.#inline;
  }

  async #load(namespace: StorageNamespace, id: MetaRangeId): Promise<MetaRange> {
    if (id === '') return EMPTY;
    return this.#metaRanges.kept(namespace, id) ?? (await this.#metaRanges.load(namespace, id));
  }

  async #fileOf(namespace: StorageNamespace, range: RangeRecord): Promise<BoundedFile> {
    const { minKey, maxKey } = range;
    const name = fileName(tableAddress(namespace, range.id));
    // Of a tree that is only laid it is quicker to wait for the file than for all of them.
    await this.#storing.get(name);
    const { isAsWritten, ...file } = await this.#ranges.file(namespace, range);
    // The blocks of a file that was read are yet to be checked, whatever is known of them.
    const known = isAsWritten ? this.#known.get(name) : undefined;
    return { name, ...file, minKey, maxKey, known };
  }

  /** @param stored  resolves when the ranges are durable */
  async #layTree(
    namespace: StorageNamespace,
    ranges: MetaRange,
    stored: Promise<void>,
  ): Promise<{ readonly metaRangeId: MetaRangeId; readonly stored: Promise<void> }> {
    const { id, file } = await buildMetaRange(ranges);
    await failpoint('range.beforeMetaRange');
    this.#metaRanges.remember(namespace, id, ranges);
    // Side by side, so that they share the folder's sync. Cut off between them, the file that is
    // there is nobody's: no event names it.
    const both = Promise.all([stored, this.blocks.putIfAbsent(tableAddress(namespace, id), file)]);
    const all = both.then(() => failpoint('range.afterMetaRange'));
    // Whoever takes the result awaits it; until then its failure is nobody's.
    this.#laid.areUnderWay(all);
    return { metaRangeId: id, stored: all };
  }

  /** Until it is durable, only a tree that is laid over this one needs it. */
  async #store(namespace: StorageNamespace, range: BuiltRange): Promise<void> {
    const address = tableAddress(namespace, range.id);
    this.#ranges.remember(namespace, range.id, range.file);
    if (range.known) this.#known.set(fileName(address), range.known);
    const stored = this.#put(address, range.file);
    const settled = stored.catch(() => undefined);
    const name = fileName(address);
    this.#storing.set(name, settled);
    try {
      await stored;
    } finally {
      if (this.#storing.get(name) === settled) this.#storing.delete(name);
    }
  }

  async #put(address: BlockAddress, file: Uint8Array): Promise<void> {
    await failpoint('range.beforeFile');
    await this.blocks.putIfAbsent(address, file);
    await failpoint('range.afterFile');
  }
}
