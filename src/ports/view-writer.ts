import type { KvWrite } from './kv-store.js';

/** What views take of a piece of the log. */
export interface ViewStep {
  /** The position that the views are believed to be at. */
  readonly from: number;
  /** Of the piece's last event. */
  readonly to: number;
  /** In the events' order. */
  readonly writes: readonly KvWrite[];
}

/**
 * Writes the views of a log that stands elsewhere. They are at one position of it, which is kept
 * with them; what they show is what every event up to there says.
 */
export abstract class ViewWriter {
  /** Whether other nodes write the same views. */
  abstract readonly isShared: boolean;

  /** Returns the position that the views are at; 0: nothing was written yet. */
  abstract position(): Promise<number>;

  /**
   * Brings the views from one position to another, in one step. Of several who try at once one
   * does it.
   *
   * @returns the position that they are at then: the step's end, or, when they were not where the
   *   step begins, whither somebody else has brought them, and nothing was written
   * @throws StoreUnavailable  nobody knows whether it was done; ask for the position
   */
  abstract advance(step: ViewStep): Promise<number>;
}
