import { Outbox } from './outbox.js';
import type { MergedRanges, MergeJob } from './merge-writer.js';
import type { RangeRecord } from './range-codec.js';
import type { BuiltRange } from './range-writer.js';
import type { BoundedFile } from './table-cursor.js';
import { SMALL_BYTES_MAX, SMALL_RECORDS_MAX } from './rewrite-session.js';

export interface MergeContext extends Pick<MergeJob, 'input' | 'parameters'> {
  /** For little work, and for all other. */
  readonly merges: {
    readonly small: (job: MergeJob) => Promise<MergedRanges>;
    readonly large: (job: MergeJob) => Promise<MergedRanges>;
  };
  fileOf(range: RangeRecord): Promise<BoundedFile>;
  store(range: BuiltRange): Promise<void>;
}

export interface Merged extends MergedRanges {
  /** Resolves when every range is durable; to be awaited. @throws what the store threw */
  readonly stored: Promise<void>;
}

/**
 * Merges, where it costs least. Of a merge that ends in a conflict nothing is stored, but of one
 * so large that it does not fit in the outbox.
 *
 * @throws CorruptData, BlockNotFound, and what the store throws
 */
export async function mergeTrees(context: MergeContext): Promise<Merged> {
  const { input, parameters, merges } = context;
  const outbox = new Outbox((range) => context.store(range));
  for (const tree of [input.base, input.source, input.destination]) {
    for (const { id } of tree) outbox.know(id);
  }
  const merge = isLittleWork(input) ? merges.small : merges.large;
  try {
    const merged = await merge({
      input,
      parameters,
      fileOf: async (range) => {
        await outbox.room();
        return context.fileOf(range);
      },
      take: (range) => outbox.take(range, false),
    });
    const stored = outbox.finish(merged.conflicts.length === 0);
    // Whoever takes the result awaits it; until then its failure is nobody's.
    stored.catch(() => undefined);
    return { ...merged, stored };
  } catch (error) {
    await outbox.drop();
    throw error;
  }
}

// Ranges that all trees have are not entered; of the others it is not known before.
function isLittleWork({ base, source, destination }: MergeJob['input']): boolean {
  const trees = [base, source, destination];
  const seen = new Map<string, number>();
  for (const { id } of trees.flat()) seen.set(id, (seen.get(id) ?? 0) + 1);
  let recordCount = 0;
  let bytes = 0;
  for (const range of trees.flat()) {
    if (seen.get(range.id) === trees.length) continue;
    recordCount += range.count;
    bytes += range.estimatedBytes;
  }
  return recordCount <= SMALL_RECORDS_MAX && bytes <= SMALL_BYTES_MAX;
}
