// Code that has never run is slow: the first large commit of a process would take twice the CPU of
// a later one. So threads are started, and made to do what commits, merges and diffs ask of them,
// over a tree that nobody keeps.
import type { StorageNamespace } from '../domain/model.js';
import type { StagedChange } from '../ports/committed-store.js';
import { packRows } from '../shared/packed-rows.js';
import { applyChanges, type Applied } from './apply.js';
import { mergeTrees } from './merge-trees.js';
import type { MetaRange } from './metarange-reader.js';
import type { RangeRecord } from './range-codec.js';
import type { RangeWorkers } from './range-workers.js';
import type { BuiltRange } from './range-writer.js';
import { readLayout } from './sstable/table-layout.js';
import { tableAddress, type OpenTable } from './table-files.js';
import { diffTrees } from './tree-diff.js';
import { nextTurn } from './turn.js';

/** Ranges of some hundred records: all threads have some of them at any time. */
const PARAMETERS = { rangeBytesMin: 0, rangeBytesMax: 1024 * 1024, raggednessEntries: 700 };
/** Of a tree; less of them and part of the code is compiled for real work only. */
const RECORDS = 12_000;
const RECORDS_PER_BATCH = 500;
const ROUNDS = 2;
/** Of the changes that are laid over a tree: a change to a few blocks, as a rule. */
const STEP = 100;

/** @throws what a thread throws; AbortError */
export async function warmUp(workers: RangeWorkers, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const trees = new KeptTrees(workers, signal);
    const base = await trees.lay([], { from: 0, step: 1 });
    const left = await trees.lay(base, { from: 0, step: STEP });
    const right = await trees.lay(base, { from: STEP / 2, step: STEP });
    await trees.merge(base, left, right);
    await trees.diff(left, right);
  }
}

interface Series {
  readonly from: number;
  readonly step: number;
}

/** Trees of which the files are in memory. */
class KeptTrees {
  readonly #files = new Map<string, Uint8Array>();

  constructor(
    private readonly workers: RangeWorkers,
    private readonly signal: AbortSignal,
  ) {}

  async lay(base: MetaRange, series: Series): Promise<MetaRange> {
    const { workers } = this;
    const sessions = { small: workers, large: workers };
    const context = { ...this.#stores, base, parameters: PARAMETERS, sessions };
    return stored(await applyChanges(this.#changes(series), context));
  }

  async merge(base: MetaRange, source: MetaRange, destination: MetaRange): Promise<void> {
    const { workers } = this;
    const large = workers.merge.bind(workers);
    const input = { base, source, destination, replaced: [], strategy: 'default' as const };
    const merges = { small: large, large };
    await stored(await mergeTrees({ ...this.#stores, input, parameters: PARAMETERS, merges }));
  }

  async diff(left: MetaRange, right: MetaRange): Promise<void> {
    const { workers } = this;
    const files = {
      open: async ({ id }: RangeRecord): Promise<OpenTable> => {
        const bytes = this.#files.get(id) ?? new Uint8Array();
        const layout = readLayout({ fileBytes: bytes.length, bytes });
        return { address: tableAddress(NAMESPACE, id), layout, whole: bytes };
      },
      bytes: async () => new Uint8Array(),
    };
    const compare = workers.compare.bind(workers);
    await diffTrees({ left, right, files, compare }, { from: new Uint8Array(), limit: RECORDS });
  }

  get #stores() {
    return {
      fileOf: async (range: RangeRecord) => {
        const file = this.#files.get(range.id) ?? new Uint8Array();
        return { name: range.id, file, minKey: range.minKey, maxKey: range.maxKey };
      },
      store: async ({ id, file }: BuiltRange) => void this.#files.set(id, file),
    };
  }

  async *#changes({ from, step }: Series) {
    for (let at = from; at < RECORDS;) {
      this.signal.throwIfAborted();
      const rows = [];
      for (; at < RECORDS && rows.length < RECORDS_PER_BATCH; at += step) {
        rows.push({ key: keyOf(at), value: valueOf(at, step) });
      }
      yield new Rows(packRows(rows), rows.length);
      await nextTurn();
    }
  }
}

const NAMESPACE = 'local://warm' as StorageNamespace;

const keyOf = (at: number): Buffer =>
  Buffer.from(`warm/part-0/object-${String(at).padStart(8, '0')}`);

/** An entry as the views hold it. */
const valueOf = (at: number, step: number): Buffer =>
  Buffer.from(
    JSON.stringify({
      address: `local://warm/object-${at}-${step}`,
      addressType: 'full',
      checksum: `${step}-${at}`,
      sizeBytes: at,
      modifiedAtMs: 1_700_000_000_000,
      contentType: 'application/octet-stream',
      metadata: [],
    }),
  );

/** Packed rows of which nobody looks at a single one. */
class Rows {
  constructor(
    readonly packed: Buffer,
    readonly length: number,
  ) {}

  *[Symbol.iterator](): Generator<StagedChange> {}
}

async function stored(laid: Pick<Applied, 'ranges' | 'stored'>): Promise<MetaRange> {
  await laid.stored;
  return laid.ranges;
}
