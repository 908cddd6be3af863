import type { RangeParameters } from '../ports/committed-store.js';
import { PackedRows } from '../shared/packed-rows.js';
import { RangeRewriter, type ChangeCounts } from './range-rewriter.js';
import type { BuiltRange } from './range-writer.js';
import type { BoundedFile } from './table-cursor.js';
import { nextTurn } from './turn.js';

/** Records that are written on the caller's thread, at most; and the size of their files. */
export const SMALL_RECORDS_MAX = 4000;
export const SMALL_BYTES_MAX = 512 * 1024;

/** Bytes that are worked on, on the caller's thread, before others have a turn: about 2 ms. */
const TURN_BYTES_MAX = 64 * 1024;

/** Takes a range when it is built. `hasChanges`: something differed from the base before it. */
export type TakeRange = (range: BuiltRange, hasChanges: boolean) => void;

/**
 * A `RangeRewriter` somewhere. Each call resolves when the next may be made, which may be before
 * its work is done; an error comes with that call or a later one.
 */
export interface RewriteSession {
  openBase(base: BoundedFile): Promise<void>;
  change(batch: Uint8Array): Promise<void>;
  /** @param packed  the session's from here on */
  rows(packed: Uint8Array): Promise<void>;
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
  #untilTurnBytes = TURN_BYTES_MAX;

  open(parameters: RangeParameters, take: TakeRange): RewriteSession {
    const taken = (range: BuiltRange) => take(range, countOf(rewriter.counts) > 0);
    // What is written here is likely to be the base of what is written next.
    const rewriter: RangeRewriter = new RangeRewriter(parameters, taken, true);
    let baseBytes = 0;
    return {
      openBase: async (base) => {
        baseBytes = base.file.length;
        rewriter.openBase(base);
      },
      change: async (batch) => {
        rewriter.change(batch);
        await this.#turnAfter(batch.length);
      },
      rows: async (packed) => {
        for (const part of partsOf(packed)) {
          rewriter.rows(part);
          await this.#turnAfter(part.length);
        }
      },
      closeBase: async () => {
        rewriter.closeBase();
        await this.#turnAfter(baseBytes);
      },
      end: async () => rewriter.end(),
      drop: () => {},
    };
  }

  /** Of many small pieces of work only some are worth a turn: under load a turn is long. */
  async #turnAfter(bytes: number): Promise<void> {
    this.#untilTurnBytes -= bytes;
    if (this.#untilTurnBytes > 0) return;
    this.#untilTurnBytes = TURN_BYTES_MAX;
    await nextTurn();
  }
}

/** Yields rows, so many at a time as go into a turn. */
function* partsOf(packed: Uint8Array): Generator<Uint8Array> {
  const { buffer, byteOffset, byteLength } = packed;
  const rows = new PackedRows(Buffer.from(buffer, byteOffset, byteLength));
  let from = 0;
  while (rows.next()) {
    if (rows.rowEnd - from < TURN_BYTES_MAX) continue;
    yield packed.subarray(from, rows.rowEnd);
    from = rows.rowEnd;
  }
  if (from < packed.length) yield packed.subarray(from);
}
