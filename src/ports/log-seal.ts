/**
 * Ends the writing of a log, for all of its nodes at one moment: what was acknowledged before is
 * in it, and nothing comes behind.
 */
export abstract class LogSeal {
  /**
   * From here on every append is refused, as StoreUnavailable with this note, until it is taken
   * back. Sealed again it gets the new note.
   */
  abstract seal(note: string): Promise<void>;

  abstract unseal(): Promise<void>;
}
