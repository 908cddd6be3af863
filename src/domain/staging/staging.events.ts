import { assert } from '../../shared/assert.js';
import type { ObjectEntry, ObjectPath } from '../model.js';
import type { PathRun } from './path-run.js';
import type { IntentRequest, Restatement } from '../branch/branch.events.js';

/** The first event of a token. Only a token that has it takes writes. */
export interface TokenOpened {
  readonly type: 'TokenOpened';
}

/** An object was written, whatever stood at its path before. */
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
  /** Below this token the branch shows nothing at the path, as long as the token is there. */
  readonly hidesNothing?: true;
}

/**
 * What an undo brings back, in the token that it fills and that nobody reads yet: the words of
 * these paths, ascending over all such events of the token; null: a tombstone.
 */
export interface WordsRestored {
  readonly type: 'WordsRestored';
  readonly words: readonly Restatement[];
}

/**
 * In each run this token has a word on every path that the branch shows below the token: so a
 * reader who meets a tombstone in it need not look below. It stays true while the token is there,
 * since its words are only replaced by others of its own, and what is below stands still.
 */
export interface RunsDeleted {
  readonly type: 'RunsDeleted';
  readonly runs: readonly PathRun[];
  /** First paths of runs that are part of these now. */
  readonly joined: readonly ObjectPath[];
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
  | TokenOpened
  | ObjectStaged
  | ObjectCloned
  | ObjectUnstaged
  | RunsDeleted
  | WordsRestored
  | TokenClosed
  | StagedRowsDropped;

/** Returns what a write gave a path. */
export function entryOf(events: readonly StagingEvent[], path: ObjectPath): ObjectEntry {
  for (const event of events) {
    const isOne = event.type === 'ObjectStaged' || event.type === 'ObjectCloned';
    if (isOne && event.path === path) return event.entry;
  }
  return assert(false, `nothing was written to ${path}`) as never;
}
