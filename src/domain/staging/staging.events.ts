import { assert } from '../../shared/assert.js';
import type { ObjectEntry, ObjectPath } from '../model.js';
import type { IntentRequest } from '../branch/branch.events.js';

/** The first event of a token. Only a token that has it takes writes. */
export interface TokenOpened {
  readonly type: 'TokenOpened';
}

export interface ObjectStaged {
  readonly type: 'ObjectStaged';
  readonly path: ObjectPath;
  readonly entry: ObjectEntry;
}

/**
 * A path was given the bytes of another one: from here on one address has two names, whatever
 * becomes of the first.
 */
export interface ObjectCloned {
  readonly type: 'ObjectCloned';
  readonly path: ObjectPath;
  readonly entry: ObjectEntry;
  /** On the same branch, and there when this was appended. */
  readonly source: ObjectPath;
}

/** A tombstone: hides what lies below. */
export interface ObjectUnstaged {
  readonly type: 'ObjectUnstaged';
  readonly path: ObjectPath;
}

/** The last event that means anything; it carries the request for which the token was closed. */
export interface TokenClosed {
  readonly type: 'TokenClosed';
  readonly request: IntentRequest | undefined;
}

/** Rows that no reader can need any more leave the view, in slices. */
export interface StagedRowsDropped {
  readonly type: 'StagedRowsDropped';
  /** Exclusive; undefined: all that is left, and the token with it. */
  readonly until: ObjectPath | undefined;
}

export type StagingEvent =
  TokenOpened | ObjectStaged | ObjectCloned | ObjectUnstaged | TokenClosed | StagedRowsDropped;

/** Returns what a write gave a path. */
export function entryOf(events: readonly StagingEvent[], path: ObjectPath): ObjectEntry {
  for (const event of events) {
    const isOne = event.type === 'ObjectStaged' || event.type === 'ObjectCloned';
    if (isOne && event.path === path) return event.entry;
  }
  return assert(false, `nothing was written to ${path}`) as never;
}
