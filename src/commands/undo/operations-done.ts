import type {
  BranchEvent,
  BranchRecord,
  BranchResult,
  IntentFailed,
  IntentRequested,
  StoredBranchEvent,
  UndoneOperation,
} from '../../domain/branch/branch.events.js';
import { eventIdOf } from '../../domain/event-id.js';
import { decodeEvent } from '../../domain/event-types.js';
import type { EventLog } from '../../ports/event-log.js';
import { assert } from '../../shared/assert.js';
import { REQUEST_PART } from '../../domain/branch/intent-parts.js';

const EVENTS_PER_READ = 64;

/** What changed a branch, and can be taken back. */
export type OperationEvent = Exclude<BranchResult, IntentFailed>;

export interface OperationDone {
  readonly revision: number;
  readonly event: OperationEvent;
}

/** An event of a branch, with the branch as it is after it. */
export interface PastEvent {
  readonly revision: number;
  readonly event: StoredBranchEvent;
}

/** Yields the events of a branch's stream from a revision back to another, both among them. */
export async function* eventsBack(
  log: EventLog,
  stream: string,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<PastEvent> {
  for (let before = from; before >= to;) {
    const options = { from: before, direction: 'backward', limit: EVENTS_PER_READ } as const;
    const events = await log.read(stream, options);
    assert(events.length > 0, `${stream} has no event at ${before}`);
    for (const recorded of events) {
      if (recorded.revision < to) return;
      yield { revision: recorded.revision, event: decodeEvent(recorded) as StoredBranchEvent };
    }
    before -= events.length;
  }
}

/** Returns the event of a branch's stream at a revision. */
export async function eventAt(log: EventLog, stream: string, revision: number): Promise<PastEvent> {
  for await (const past of eventsBack(log, stream, { from: revision, to: revision })) return past;
  return assert(false, `${stream} has no event at ${revision}`) as never;
}

/** Whether an operation moved the head: a reset does not, nor what takes one back. */
export const movesHead = (event: OperationEvent): boolean =>
  event.type === 'Undone' ? event.operation !== 'reset' : event.type !== 'StagingDiscarded';

/** What may be undone, and what has come since that stands in the way. */
export interface Undoable {
  readonly operation: OperationDone | undefined;
  readonly newer: OperationDone | undefined;
}

/**
 * Returns the newest operation of a branch's life, or the one at a revision.
 *
 * An operation that moved the head stays undoable while only resets follow; a reset while nothing
 * follows.
 *
 * @param within  the revisions to look at: of one life, up to the end
 */
export async function undoable(
  log: EventLog,
  stream: string,
  within: { readonly from: number; readonly to: number },
  named?: number,
): Promise<Undoable> {
  const back = { from: within.to, to: Math.max(within.from, named ?? 0) };
  const since: OperationDone[] = [];
  for await (const { revision, event } of eventsBack(log, stream, back)) {
    if (!isOperation(event)) continue;
    const operation = { revision, event };
    // A branch that came back is deleted, not taken back.
    if (event.type === 'Undone' && event.operation === 'delete') break;
    if (named === undefined) return { operation, newer: undefined };
    if (revision === named) {
      const newer = since.find(({ event: other }) => movesHead(other) || !movesHead(event));
      return { operation, newer };
    }
    since.push(operation);
  }
  return { operation: undefined, newer: since[0] };
}

/** Returns what was asked for that an operation came of. */
export async function kindOf(
  log: EventLog,
  stream: string,
  { event }: OperationDone,
): Promise<UndoneOperation> {
  switch (event.type) {
    case 'Undone':
      return event.operation;
    case 'Committed':
      return 'commit';
    case 'HeadMoved':
      return 'hard-reset';
    case 'StagingDiscarded':
      return 'reset';
    case 'Merged': {
      const found = await log.find(stream, eventIdOf(event.intentId, REQUEST_PART));
      assert(found, `${event.intentId} was asked for`);
      const { wish } = (decodeEvent(found) as IntentRequested).intent;
      assert(wish.kind !== 'undo' && wish.kind !== 'restore', 'these end otherwise');
      return wish.kind;
    }
  }
}

/** Returns a branch as it was after an event that left it there. */
export function recordAfter({ event }: PastEvent): BranchRecord {
  assert(event.record, 'the branch is there');
  return event.record;
}

const isOperation = (event: BranchEvent): event is OperationEvent =>
  OPERATIONS.has(event.type as OperationEvent['type']);

const OPERATIONS: ReadonlySet<OperationEvent['type']> = new Set([
  'Committed',
  'Merged',
  'HeadMoved',
  'StagingDiscarded',
  'Undone',
]);
