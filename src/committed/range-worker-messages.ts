import type { RangeParameters } from '../ports/committed-store.js';
import type { BaseFile, ChangeCounts } from './range-rewriter.js';
import type { BuiltRange } from './range-writer.js';

/** What the pool says to a worker; a session's messages are done in their order. */
export type ToWorker = { readonly session: number } & (
  | { readonly kind: 'open'; readonly parameters: RangeParameters }
  | { readonly kind: 'openBase'; readonly base: BaseFile }
  | { readonly kind: 'change'; readonly batch: Uint8Array }
  | { readonly kind: 'closeBase' }
  | { readonly kind: 'end' }
  | { readonly kind: 'drop' }
);

/** What a worker says: one of `done`, `ended` and `failed` for each message it got. */
export type FromWorker = { readonly session: number } & (
  | { readonly kind: 'range'; readonly range: BuiltRange; readonly hasChanges: boolean }
  | { readonly kind: 'done' }
  | { readonly kind: 'ended'; readonly counts: ChangeCounts }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string }
);
