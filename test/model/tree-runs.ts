import { isDeepStrictEqual } from 'node:util';
import { BlockCommittedStore } from '../../src/committed/block-committed-store.js';
import { buildMetaRange } from '../../src/committed/metarange-writer.js';
import type { MetaRangeId, ObjectPath, StorageNamespace } from '../../src/domain/model.js';
import type {
  MergeStrategy,
  RangeParameters,
  StagedChange,
} from '../../src/ports/committed-store.js';
import { compareUtf8, utf8 } from '../../src/shared/bytes.js';
import { plainCommit, type PlainRange } from '../support/plain-commit.js';
import { plainDiff, plainMerge } from '../support/plain-merge.js';
import type { SeededRandom } from '../support/seeded-random.js';
import { inBatches } from '../support/staged-samples.js';
import { SlowBlocks } from '../support/slow-blocks.js';
import { changesTo, type Tree } from './tree-objects.js';

const NAMESPACE = 'mem://trees' as StorageNamespace;
const ALL = { from: new Uint8Array(), limit: 1_000_000 };
const PARAMETERS: readonly RangeParameters[] = [
  { rangeBytesMin: 0, rangeBytesMax: 20 * 1024 * 1024, raggednessEntries: 50_000 },
  { rangeBytesMin: 0, rangeBytesMax: 20 * 1024 * 1024, raggednessEntries: 300 },
  { rangeBytesMin: 0, rangeBytesMax: 20_000, raggednessEntries: 50_000 },
  { rangeBytesMin: 0, rangeBytesMax: 3_000, raggednessEntries: 9 },
  { rangeBytesMin: 30_000, rangeBytesMax: 120_000, raggednessEntries: 100 },
];
const PLACES = [60, 700, 3_000, 9_000];
const STRATEGIES: readonly MergeStrategy[] = ['default', 'source-wins', 'dest-wins'];
const ROUNDS = 8;
const AT_ONCE = 4;
const FAILS_EVERY = 25;
const FAILURES_MAX = 6;

interface KnownTree {
  readonly id: MetaRangeId;
  readonly tree: Tree;
  readonly ranges: readonly PlainRange[];
}

/**
 * Trees laid over each other, merged and compared, several at once and some over one that is not
 * stored yet, in a block store that is slow and fails: each is read back from its files alone, and
 * held to the format's document record by record, and to plain maps.
 */
export class TreeRun {
  count = 0;
  failedCount = 0;
  readonly #blocks: SlowBlocks;
  readonly #store: BlockCommittedStore;
  readonly #parameters: RangeParameters;
  readonly #placesMax: number;
  readonly #trees: KnownTree[] = [{ id: '' as MetaRangeId, tree: new Map(), ranges: [] }];

  /** @param workerUrl  undefined: all on one thread */
  constructor(
    private readonly random: SeededRandom,
    workerUrl: URL | undefined,
  ) {
    this.#blocks = new SlowBlocks(random);
    this.#store = new BlockCommittedStore(this.#blocks, workerUrl);
    this.#parameters = random.pick(PARAMETERS);
    this.#placesMax = random.pick(PLACES);
  }

  /** @throws what was wrong */
  async run(): Promise<void> {
    try {
      await this.#lay();
      this.#blocks.failsEvery = this.random.below(2) === 0 ? FAILS_EVERY : 0;
      for (let round = 0; round < ROUNDS; round++) {
        await Promise.all(Array.from({ length: AT_ONCE }, () => this.#step()));
      }
    } finally {
      await this.#store.close();
    }
  }

  async #step(): Promise<void> {
    this.count++;
    const kind = this.random.below(8);
    if (kind < 3) return this.#lay();
    if (kind === 3) return this.#layTwo();
    return kind < 6 ? this.#merge() : this.#diff();
  }

  get #known(): KnownTree {
    // Mostly one of the newest: it is known, and others lie over the same.
    const from = this.random.below(3) === 0 ? 0 : Math.max(0, this.#trees.length - 4);
    return this.random.pick(this.#trees.slice(from));
  }

  async #lay(): Promise<void> {
    const base = this.#known;
    const wanted = await this.#over(base);
    const again = () => this.#applied(base, wanted.changes);
    const id = await this.#tried(again);
    this.#expect(id, wanted.known.id, 'laid');
    await this.#keep(wanted.known);
  }

  /** One over another that is on its way to the store. */
  async #layTwo(): Promise<void> {
    const base = this.#known;
    const lower = await this.#over(base);
    const upper = await this.#over(lower.known);
    const id = await this.#tried(async () => {
      const first = await this.#store.lay(...this.#laid(base, lower.changes));
      this.#expect(first.metaRangeId, lower.known.id, 'the lower of two');
      const second = await this.#store
        .lay(...this.#laid(lower.known, upper.changes))
        .catch(async (error: unknown) => {
          await first.stored;
          throw error;
        });
      await Promise.all([first.stored, second.stored]);
      return second.metaRangeId;
    });
    this.#expect(id, upper.known.id, 'the upper of two');
    await this.#keep(lower.known);
    await this.#keep(upper.known);
  }

  async #merge(): Promise<void> {
    const [base, source, destination] = [this.#known, this.#known, this.#known];
    const strategy = this.random.pick(STRATEGIES);
    const options = { strategy, parameters: this.#parameters };
    const ids = { base: base.id, source: source.id, destination: destination.id };
    const found = await this.#tried(() => this.#store.merge(NAMESPACE, ids, options));
    const trees = { base: base.tree, source: source.tree, destination: destination.tree };
    const wanted = plainMerge(trees, strategy);
    if (found.kind === 'conflict' || wanted.kind === 'conflict') {
      const paths = wanted.kind === 'conflict' ? wanted.paths : undefined;
      this.#expect(found.kind === 'conflict' ? found.paths : undefined, paths, 'conflicts');
      return;
    }
    const fresh = new BlockCommittedStore(this.#blocks, undefined);
    const again = await this.#tried(() => fresh.merge(NAMESPACE, ids, options));
    this.#expect(again, found, 'a merge on another node');
    const { metaRangeId: id } = found;
    const objects = await fresh.scan(NAMESPACE, id, ALL);
    const tree: Tree = new Map(objects.map(({ path, entry }) => [path, entry]));
    // Of one and the same object either side's word may be kept: where it lies, and since when.
    this.#expect(plainDiff(tree, wanted.tree), [], `merged, ${strategy}`);
    await this.#keep({ id, tree, ranges: await this.#rangesOf(id, tree) });
  }

  async #rangesOf(id: MetaRangeId, tree: Tree): Promise<PlainRange[]> {
    const fresh = new BlockCommittedStore(this.#blocks, undefined);
    const left = sorted(tree);
    return (await fresh.ranges(NAMESPACE, id)).map(
      ({ estimatedSize: estimatedBytes, ...range }) => {
        const records = left.splice(0, range.count).map(([path, entry]) => ({
          key: utf8(path),
          entry,
        }));
        return { range: { ...range, estimatedBytes }, records };
      },
    );
  }

  async #diff(): Promise<void> {
    const [left, right] = [this.#known, this.#known];
    const wanted = plainDiff(left.tree, right.tree);
    const some = this.random.below(wanted.length + 1);
    const from = this.random.below(2) === 0 ? new Uint8Array() : utf8(wanted[some]?.path ?? 'z');
    const until = this.random.below(3) === 0 ? utf8(wanted[some + 9]?.path ?? 'z') : undefined;
    const limit = this.random.pick([1, 2, 100, 1_000_000]);
    const options = until ? { from, until, limit } : { from, limit };
    const found = await this.#store.diff(NAMESPACE, left.id, right.id, options);
    const inSpan = wanted.filter(({ path }) => {
      const key = utf8(path);
      return Buffer.compare(key, from) >= 0 && (!until || Buffer.compare(key, until) < 0);
    });
    this.#expect(found, inSpan.slice(0, limit), 'differences');
  }

  async #over(base: KnownTree) {
    const map = changesTo(base.tree, this.#placesMax, this.random);
    const changes: StagedChange[] = [...map]
      .sort(([a], [b]) => compareUtf8(a, b))
      .map(([path, entry]) => ({ path, entry }));
    const ranges = plainCommit(base.ranges, changes, this.#parameters);
    const tree = new Map(ranges.flatMap(({ records }) => records.map(textOf)));
    const isSame = plainDiff(base.tree, tree).length === 0;
    if (isSame) return { changes, known: base };
    const { id } = await buildMetaRange(ranges.map(({ range }) => range));
    return { changes, known: { id, tree, ranges } };
  }

  #laid({ id }: Pick<KnownTree, 'id'>, changes: readonly StagedChange[]) {
    const size = this.random.pick([7, 200, 4_000]);
    return [NAMESPACE, id, inBatches(changes, size), this.#parameters] as const;
  }

  async #applied(base: KnownTree, changes: readonly StagedChange[]): Promise<MetaRangeId> {
    return (await this.#store.apply(...this.#laid(base, changes))).metaRangeId;
  }

  /** What the blocks failed is done again, as a caller does. */
  async #tried<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let failures = 0; ; failures++) {
      try {
        return await work();
      } catch (error) {
        const isOfBlocks = error instanceof Error && error.message.includes('block');
        if (!isOfBlocks) throw error;
        this.failedCount++;
        // A tree of many files would never be stored.
        if (failures > FAILURES_MAX) this.#blocks.failsEvery = 0;
      }
    }
  }

  /** Looks into its files, as somebody does who remembers nothing. */
  async #keep(known: KnownTree): Promise<void> {
    const fresh = new BlockCommittedStore(this.#blocks, undefined);
    const wanted = sorted(known.tree).map(([path, entry]) => ({ path, entry }));
    this.#expect(await fresh.scan(NAMESPACE, known.id, ALL), wanted, 'read from its files');
    this.#expect(await this.#store.scan(NAMESPACE, known.id, ALL), wanted, 'as it is known');
    this.#trees.push(known);
  }

  #expect(found: unknown, wanted: unknown, what: string): void {
    if (isDeepStrictEqual(found, wanted)) return;
    const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 300);
    const of = `${JSON.stringify(this.#parameters)}, ${this.#placesMax} places, step ${this.count}`;
    throw new Error(`${what}: ${shown(found)} instead of ${shown(wanted)} (${of})`);
  }
}

const textOf = ({ key, entry }: PlainRange['records'][number]) =>
  [Buffer.from(key).toString() as ObjectPath, entry] as const;

const sorted = (tree: Tree) => [...tree].sort(([a], [b]) => compareUtf8(a, b));
