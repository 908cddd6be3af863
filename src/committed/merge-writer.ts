import { CONFLICT_PATHS_MAX, type RangeParameters } from '../ports/committed-store.js';
import { inFile } from './corrupt.js';
import type { RecordCursor } from './merge-side.js';
import type { RangeRecord } from './range-codec.js';
import { RangeWriter, type BuiltRange } from './range-writer.js';
import { copyOf, type Slice } from './slice.js';
import { TableCursor, type BoundedFile } from './table-cursor.js';
import { threeWayMerge, type MergeInput, type MergeSink } from './three-way-merge.js';
import { nextTurn } from './turn.js';

/** What came of a merge: ranges in order; or keys that are in conflict, and then no ranges. */
export interface MergedRanges {
  readonly ranges: readonly RangeRecord[];
  readonly conflicts: readonly Uint8Array[];
}

/** A merge somewhere: what it is to do, where it gets its files, and who takes its ranges. */
export interface MergeJob {
  readonly input: MergeInput;
  readonly parameters: RangeParameters;
  fileOf(range: RangeRecord): Promise<BoundedFile>;
  /** Takes a range that was built; of a merge that ends in a conflict it is of no use. */
  take(range: BuiltRange): void;
}

/** Writes the ranges of a merge, until a conflict is found. */
export class MergeWriter implements MergeSink {
  readonly #ranges: RangeRecord[] = [];
  readonly #conflicts: Uint8Array[] = [];
  readonly #writer: RangeWriter;

  /** @param isKept  whether what is known of small ranges is to be kept with them */
  constructor(parameters: RangeParameters, emit: (range: BuiltRange) => void, isKept = false) {
    const taken = (built: BuiltRange) => {
      const { id, minKey, maxKey, count, estimatedBytes } = built;
      this.#ranges.push({ id, minKey, maxKey, count, estimatedBytes });
      emit(built);
    };
    this.#writer = new RangeWriter(parameters, taken, [], isKept);
  }

  range(range: RangeRecord): void {
    if (this.#conflicts.length > 0) return;
    this.#writer.endRange();
    this.#ranges.push(range);
  }

  record(key: Slice, value: Slice): void {
    if (this.#conflicts.length === 0) this.#writer.add(key, value);
  }

  block({ name, payload, stored, known }: RecordCursor): Slice | undefined {
    if (this.#conflicts.length > 0) return undefined;
    return inFile(name, () => this.#writer.addBlock(payload, stored, known));
  }

  conflict(key: Slice): boolean {
    this.#conflicts.push(copyOf(key));
    return this.#conflicts.length >= CONFLICT_PATHS_MAX;
  }

  finish(): MergedRanges {
    if (this.#conflicts.length > 0) return { ranges: [], conflicts: this.#conflicts };
    this.#writer.endRange();
    return { ranges: this.#ranges, conflicts: [] };
  }
}

/** Merges on the caller's thread: for so few records that another thread would cost more. */
export async function mergeInline(job: MergeJob): Promise<MergedRanges> {
  const writer = new MergeWriter(job.parameters, (range) => job.take(range), true);
  const steps = threeWayMerge(job.input, writer);
  for (let step = steps.next(undefined); !step.done;) {
    if (step.value) step = steps.next(new TableCursor(await job.fileOf(step.value)));
    else step = await nextTurn().then(() => steps.next(undefined));
  }
  return writer.finish();
}
