import type { Expected, StreamEnd } from './event-log.js';

/** Another append was first, or the stream is closed. Nothing was written. */
export class WrongExpectedRevision extends Error {
  override readonly name = 'WrongExpectedRevision';

  constructor(
    readonly stream: string,
    readonly expected: Expected,
    readonly actual: StreamEnd,
    /** `guard`: the stream was as expected, and the guarded key has a newer event. */
    readonly reason: 'revision' | 'closed' | 'missing' | 'guard',
  ) {
    super(`${stream}: expected ${expected}, is ${JSON.stringify(actual)} (${reason})`);
  }
}

/** The store did not say what became of an append; the same again gives the first answer. */
export class UnknownOutcome extends Error {
  override readonly name = 'UnknownOutcome';
}

/** An append that no store can take: too large, empty, or of events partly known already. */
export class EventRefused extends Error {
  override readonly name = 'EventRefused';
}

/** The key is not as the caller saw it. Nothing was written. */
export class PredicateFailed extends Error {
  override readonly name = 'PredicateFailed';
}

/** The store cannot be reached now. Nothing was written. */
export class StoreUnavailable extends Error {
  override readonly name: string = 'StoreUnavailable';
}

/** Somebody has ended the writing of this log; the message is theirs. Nothing was written. */
export class LogSealed extends StoreUnavailable {
  override readonly name = 'LogSealed';
}

/** A snapshot was held longer than it may be; begin the read again. */
export class SnapshotTooOld extends Error {
  override readonly name = 'SnapshotTooOld';
}

/** A view's slot is not there, or is not in the state that the call needs. */
export class SlotUnknown extends Error {
  override readonly name = 'SlotUnknown';
}

/** The stored schema is newer than this program. */
export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew';
}

/** A block is not there: never written, or deleted behind our back. */
export class BlockNotFound extends Error {
  override readonly name = 'BlockNotFound';
}

/** An address that does not stay in its namespace, or that this store cannot serve. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** Stored bytes are not what their name, checksum or format says. */
export class CorruptData extends Error {
  override readonly name = 'CorruptData';
}
