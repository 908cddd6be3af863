import type { RangeParameters } from '../ports/committed-store.js';
import type { CellBatch } from './compare-codec.js';
import type { MergedRanges } from './merge-writer.js';
import type { ChangeCounts } from './range-rewriter.js';
import type { RangeRecord } from './range-codec.js';
import type { BuiltRange } from './range-writer.js';
import type { BoundedFile } from './table-cursor.js';
import type { MergeInput } from './three-way-merge.js';

/** What the pool says to a worker; a session's messages are done in their order. */
export type ToWorker = { readonly session: number } & (
  | { readonly kind: 'open'; readonly parameters: RangeParameters }
  | { readonly kind: 'openBase'; readonly base: BoundedFile }
  | { readonly kind: 'change'; readonly batch: Uint8Array }
  | { readonly kind: 'rows'; readonly packed: Uint8Array }
  | { readonly kind: 'closeBase' }
  | { readonly kind: 'end' }
  | { readonly kind: 'merge'; readonly input: MergeInput; readonly parameters: RangeParameters }
  | { readonly kind: 'mergeFile'; readonly file: BoundedFile }
  | { readonly kind: 'drop' }
  | { readonly kind: 'compare'; readonly batch: CellBatch }
);

/**
 * What a worker says: one of `done`, `ended` and `failed` for each message of a rewriting; of a
 * merge, `wanted` for each file that it needs, and `merged` or `failed` in the end; of a batch of
 * cells, `compared` or `failed`.
 */
export type FromWorker = { readonly session: number } & (
  | { readonly kind: 'range'; readonly range: BuiltRange; readonly hasChanges: boolean }
  | { readonly kind: 'done' }
  | { readonly kind: 'ended'; readonly counts: ChangeCounts }
  | { readonly kind: 'wanted'; readonly range: RangeRecord }
  | { readonly kind: 'merged'; readonly merged: MergedRanges }
  | { readonly kind: 'compared'; readonly differences: Uint8Array }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string }
);
