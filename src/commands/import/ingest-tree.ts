import type { ImportCheckpoint } from '../../domain/import/import.events.js';
import type { RunningImport } from '../../domain/import/import.state.js';
import type { MetaRangeId, StorageNamespace } from '../../domain/model.js';
import type { BlockStore } from '../../ports/block-store.js';
import {
  DEFAULT_RANGE_PARAMETERS,
  type CommittedStore,
  type StagedChange,
} from '../../ports/committed-store.js';
import { importedObjects, type ImportedObject } from './imported-objects.js';

/** Objects after which the tree is stored, so that an import that dies need not begin again. */
const OBJECTS_PER_SLICE = 250_000;
const OBJECTS_PER_BATCH = 1_000;

/**
 * Writes the tree of an import's sources, a slice after the other.
 *
 * Each slice is laid over the tree so far, beginning with the last object of the one before. That
 * object's range is opened again by it and goes on, so the tree is the one that a single pass
 * would have written: where ranges end does not tell where somebody went on.
 */
export class IngestTree {
  readonly #signal: AbortSignal;
  readonly #sources: RunningImport['wish']['sources'];
  readonly #from: ImportCheckpoint | null;
  #checkpoint: ImportCheckpoint | null = null;
  #count: number;

  constructor(
    private readonly stores: { readonly blocks: BlockStore; readonly committed: CommittedStore },
    { wish, checkpoint }: Pick<RunningImport, 'wish' | 'checkpoint'>,
    signal: AbortSignal,
    private readonly options = {
      objectsPerSlice: OBJECTS_PER_SLICE,
      parameters: DEFAULT_RANGE_PARAMETERS,
    },
  ) {
    this.#sources = wish.sources;
    this.#from = checkpoint;
    this.#count = checkpoint?.ingestedCount ?? 0;
    this.#signal = signal;
  }

  /** What the sources have given so far. */
  get ingestedCount(): number {
    return this.#count;
  }

  /** Returns how far the tree is stored, once of each place. */
  takeCheckpoint(): ImportCheckpoint | null {
    const checkpoint = this.#checkpoint;
    this.#checkpoint = null;
    return checkpoint;
  }

  /** Returns the whole tree, stored. @throws what a source throws; or when it was aborted */
  async run(namespace: StorageNamespace): Promise<MetaRangeId> {
    const objects = importedObjects(this.stores.blocks, this.#sources, this.#from?.path);
    let tree = this.#from?.metaRangeId ?? ('' as MetaRangeId);
    let last = await this.#lastOf(namespace);
    try {
      for (;;) {
        const slice = new Slice(objects, last, this.options.objectsPerSlice);
        const changes = slice.batches((count) => {
          this.#signal.throwIfAborted();
          this.#count += count;
        });
        const { committed } = this.stores;
        const { parameters } = this.options;
        ({ metaRangeId: tree } = await committed.apply(namespace, tree, changes, parameters));
        this.#signal.throwIfAborted();
        last = slice.last;
        if (slice.isAtEnd || last === undefined) return tree;
        this.#checkpoint = { metaRangeId: tree, path: last.path, ingestedCount: this.#count };
      }
    } finally {
      await objects.return(undefined);
    }
  }

  async #lastOf(namespace: StorageNamespace): Promise<StagedChange | undefined> {
    if (this.#from === null) return undefined;
    const { metaRangeId, path } = this.#from;
    const entry = await this.stores.committed.get(namespace, metaRangeId, path);
    return entry && { path, entry };
  }
}

/** Some of the objects, in batches, behind the last one of the slice before. */
class Slice {
  #isAtEnd = false;

  constructor(
    private readonly objects: AsyncGenerator<ImportedObject>,
    public last: StagedChange | undefined,
    private readonly objectsMax: number,
  ) {}

  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  async *batches(onBatch: (count: number) => void): AsyncGenerator<readonly StagedChange[]> {
    if (this.last) yield [this.last];
    for (let taken = 0; taken < this.objectsMax && !this.#isAtEnd;) {
      const batch: StagedChange[] = [];
      let count = 0;
      const room = Math.min(OBJECTS_PER_BATCH, this.objectsMax - taken);
      while (batch.length < room) {
        const step = await this.objects.next();
        if (step.done === true) {
          this.#isAtEnd = true;
          break;
        }
        const { path, entry } = step.value;
        batch.push({ path, entry });
        count += step.value.count;
      }
      taken += batch.length;
      onBatch(count);
      this.last = batch.at(-1) ?? this.last;
      if (batch.length > 0) yield batch;
    }
  }
}
