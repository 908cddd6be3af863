// Runs merges of trees in memory, and looks at what comes of them.
import type { RecordCursor } from '../../src/committed/merge-side.js';
import type { RangeRecord } from '../../src/committed/range-codec.js';
import { copyOf, sliceOf, type Slice } from '../../src/committed/slice.js';
import {
  threeWayMerge,
  type MergeInput,
  type MergeSink,
  type MergeSteps,
} from '../../src/committed/three-way-merge.js';
import type { RangeId } from '../../src/domain/model.js';
import type { KeySpan } from '../../src/ports/committed-store.js';
import { SeededRandom } from '../support/seeded-random.js';
import {
  described,
  randomCase,
  rangesOf,
  ruledContent,
  type MergeCase,
  type ModelEntry,
  type ModelRange,
  type ModelTree,
} from './merge-cases.js';

/** Stands in for a table: a range's entries, some to a block. */
class ModelCursor implements RecordCursor {
  readonly name = 'model';
  readonly payload = Buffer.alloc(0);
  readonly stored = undefined;
  #at = 0;

  constructor(private readonly range: ModelRange) {}

  get isAtEnd(): boolean {
    return this.#at >= this.range.entries.length;
  }

  get key(): Slice {
    return sliceOf(Buffer.from(this.#entry[0]));
  }

  get value(): Slice {
    const { content, place } = this.#entry[1];
    return sliceOf(Buffer.from(content + place));
  }

  get identity(): Slice {
    return sliceOf(Buffer.from(this.#entry[1].content));
  }

  get isAtBlockStart(): boolean {
    return this.range.blocks.includes(this.#at);
  }

  get blockBytes(): Uint8Array {
    const block = this.range.entries.slice(this.#at, this.#blockEnd);
    return Buffer.from(block.map(([key, { content, place }]) => key + content + place).join(''));
  }

  // As far from the block's last key as a table may have it: just before the next one.
  get blockEnd(): Slice | undefined {
    const next = this.range.entries[this.#blockEnd]?.[0];
    if (next === undefined) return undefined;
    return sliceOf(Buffer.from(`${String.fromCodePoint(next.charCodeAt(0) - 1)}~`));
  }

  get block(): readonly (readonly [key: string, entry: ModelEntry])[] {
    return this.range.entries.slice(this.#at, this.#blockEnd);
  }

  next(): void {
    this.#at++;
  }

  skipBlock(): void {
    this.#at = this.#blockEnd;
  }

  dropBlock(): void {
    this.#at = this.#blockEnd;
  }

  advanceTo(key: Slice): void {
    const text = Buffer.from(copyOf(key)).toString();
    while (!this.isAtEnd && this.#entry[0] < text) this.#at++;
  }

  get #blockEnd(): number {
    return this.range.blocks.find((end) => end > this.#at) ?? this.range.entries.length;
  }

  get #entry(): readonly [key: string, entry: ModelEntry] {
    const entry = this.range.entries[this.#at];
    if (!entry) throw new Error('a read past the end of a range');
    return entry;
  }
}

/** What a merge gave: keys and what they hold, in the order in which they came. */
export interface ModelResult {
  readonly entries: readonly (readonly [key: string, value: string])[];
  readonly conflicts: readonly string[];
  /** Ranges that were referenced, and not written anew. */
  readonly referencedCount: number;
}

class ModelSink implements MergeSink {
  readonly entries: [key: string, value: string][] = [];
  readonly conflicts: string[] = [];
  referencedCount = 0;

  constructor(private readonly takesBlocks: boolean) {}

  range(range: RangeRecord): void {
    this.referencedCount++;
    const { entries } = range as ModelRange;
    for (const [key, { content, place }] of entries) this.entries.push([key, content + place]);
  }

  record(key: Slice, value: Slice): void {
    this.entries.push([textOf(key), textOf(value)]);
  }

  block(cursor: RecordCursor): Slice | undefined {
    if (!this.takesBlocks || !(cursor instanceof ModelCursor)) return undefined;
    let last = '';
    for (const [key, { content, place }] of cursor.block) {
      this.entries.push([key, content + place]);
      last = key;
    }
    return sliceOf(Buffer.from(last));
  }

  conflict(key: Slice): boolean {
    this.conflicts.push(textOf(key));
    return false;
  }
}

const textOf = (slice: Slice): string => Buffer.from(copyOf(slice)).toString('latin1');

/**
 * Merges a case.
 *
 * @param how.takesBlocks  whether the writer takes blocks whole
 * @param how.entersAll  no range is known to be another's, and the base is one that lies under all
 *   keys: so none can be taken without a look into it
 */
export function runCase(
  of: MergeCase,
  how: { readonly takesBlocks: boolean; readonly entersAll: boolean },
): ModelResult {
  const sink = new ModelSink(how.takesBlocks);
  const trees = {
    base: how.entersAll ? underAll(of.base.tree) : rangesOf(of.base),
    source: rangesOf(of.source).map((range) => (how.entersAll ? renamed(range, 's') : range)),
    destination: rangesOf(of.destination).map((range) =>
      how.entersAll ? renamed(range, 'd') : range,
    ),
  };
  const input: MergeInput = {
    ...trees,
    strategy: of.strategy,
    replaced: of.replaced.map(([from, until]): KeySpan => {
      return {
        from: Buffer.from(from),
        ...(until === undefined ? {} : { until: Buffer.from(until) }),
      };
    }),
  };
  const steps: MergeSteps = threeWayMerge(input, sink);
  for (let step = steps.next(undefined); !step.done;) {
    step = steps.next(step.value && new ModelCursor(step.value as ModelRange));
  }
  return sink;
}

const renamed = (range: ModelRange, by: string): ModelRange => ({
  ...range,
  id: `${by} ${range.id}` as RangeId,
});

function underAll(tree: ModelTree): ModelRange[] {
  const entries = [...tree];
  const bounds = { minKey: Buffer.from(' '), maxKey: Buffer.from('~') };
  const id = 'under all' as RangeId;
  return [{ id, ...bounds, count: entries.length, estimatedBytes: 1, entries, blocks: [0] }];
}

/** Returns what is wrong with a result, or undefined. */
export function faultOf(of: MergeCase, result: ModelResult): string | undefined {
  const keys = [
    ...new Set([...of.base.tree.keys(), ...of.source.tree.keys(), ...of.destination.tree.keys()]),
  ].sort();
  const wanted: string[] = [];
  const conflicts: string[] = [];
  for (const key of keys) {
    const content = ruledContent(of, key);
    if (content === 'conflict') conflicts.push(key);
    else if (content !== undefined) wanted.push(key + content);
  }
  const found = result.conflicts.join();
  if (found !== conflicts.join())
    return `conflicts are ${found || 'none'}, not ${conflicts.join()}`;
  const got = result.entries
    .filter(([key]) => !conflicts.includes(key))
    .map(([key, value]) => key + value.slice(0, -1));
  if (got.join() !== wanted.join()) return `it holds ${got.join()}, not ${wanted.join()}`;
  const foreign = result.entries.find(([key, value]) => {
    return ![of.source, of.destination].some(({ tree }) => {
      const entry = tree.get(key);
      return entry && entry.content + entry.place === value;
    });
  });
  return foreign && `${foreign.join()} is a record of no side`;
}

export interface CasesReport {
  readonly count: number;
  readonly conflictCount: number;
  /** Ranges that were referenced, in all. */
  readonly referencedCount: number;
  readonly failure: string | undefined;
}

/** Runs `count` cases, each in several ways; the same ones for the same seed. */
export function runCases(count: number, seed: number): CasesReport {
  const random = new SeededRandom(seed);
  let conflictCount = 0;
  let referencedCount = 0;
  for (let n = 0; n < count; n++) {
    const of = randomCase(random);
    for (const how of WAYS) {
      const result = runCase(of, how);
      const fault = faultOf(of, result);
      if (fault) {
        const where = `SEED=${seed}, case ${n}, ${JSON.stringify(how)}`;
        const failure = `${where}: ${fault}; ${described(of)}`;
        return { count: n, conflictCount, referencedCount, failure };
      }
      conflictCount += result.conflicts.length > 0 ? 1 : 0;
      referencedCount += result.referencedCount;
    }
  }
  return { count, conflictCount, referencedCount, failure: undefined };
}

const WAYS = [
  { takesBlocks: false, entersAll: false },
  { takesBlocks: true, entersAll: false },
  { takesBlocks: true, entersAll: true },
];
