import type { RangeParameters } from '../ports/committed-store.js';
import { RangeRewriter, type ChangeCounts } from './range-rewriter.js';
import type { BuiltRange } from './range-writer.js';
import type { BoundedFile } from './table-cursor.js';
import { nextTurn } from './turn.js';

/** Records that are written on the caller's thread, at most; and the size of their files. */
export const SMALL_RECORDS_MAX = 4000;
export const SMALL_BYTES_MAX = 512 * 1024;

/** Takes a range when it is built. `hasChanges`: something differed from the base before it. */
export type TakeRange = (range: BuiltRange, hasChanges: boolean) => void;

/**
 * A `RangeRewriter` somewhere. Each call resolves when the next may be made, which may be before
 * its work is done; an error comes with that call or a later one.
 */
export interface RewriteSession {
  openBase(base: BoundedFile): Promise<void>;
  change(batch: Uint8Array): Promise<void>;
  closeBase(): Promise<void>;
  /** Resolves when all ranges were taken. */
  end(): Promise<ChangeCounts>;
  /** Gives up; nothing more is taken. */
  drop(): void;
}

export interface RewriteSessions {
  open(parameters: RangeParameters, take: TakeRange): RewriteSession;
}

export const countOf = (counts: ChangeCounts): number =>
  counts.addedCount + counts.changedCount + counts.removedCount;

/** Works on the caller's thread: for so few records that another thread would cost more. */
export class InlineSessions implements RewriteSessions {
  open(parameters: RangeParameters, take: TakeRange): RewriteSession {
    const rewriter: RangeRewriter = new RangeRewriter(parameters, (range) => {
      take(range, countOf(rewriter.counts) > 0);
    });
    return {
      openBase: async (base) => rewriter.openBase(base),
      change: async (batch) => {
        rewriter.change(batch);
        await nextTurn();
      },
      closeBase: async () => {
        rewriter.closeBase();
        await nextTurn();
      },
      end: async () => rewriter.end(),
      drop: () => {},
    };
  }
}
