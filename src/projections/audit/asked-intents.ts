import { eventIdOf } from '../../domain/event-id.js';
import { decodeEvent } from '../../domain/event-types.js';
import { DELETION_PART, REQUEST_PART } from '../../domain/branch/intent-parts.js';
import type { Wish } from '../../domain/branch/branch.wishes.js';
import type { IntentId } from '../../domain/model.js';
import type { EventLog, RecordedEvent } from '../../ports/event-log.js';

/** An operation on a branch as it was asked for. */
export interface AskedIntent {
  readonly caller: string;
  readonly requestId: string;
  /** Null: the branch is to go. */
  readonly wish: Wish | null;
}

/**
 * Who asked for what a result on a branch is of. Whoever comes first to a queue completes it, so a
 * result's own caller may be anybody.
 */
export class AskedIntents {
  /** By stream and intent; of what was met lately. */
  readonly #met = new Map<string, AskedIntent>();

  constructor(private readonly log: Pick<EventLog, 'find'>) {}

  /** Remembers an event that asks. */
  meet(event: RecordedEvent): void {
    const asked = askedBy(event);
    if (!asked) return;
    if (this.#met.size >= MET_MAX) {
      for (const oldest of this.#met.keys()) {
        this.#met.delete(oldest);
        break;
      }
    }
    this.#met.set(`${event.stream} ${asked.intentId}`, asked);
  }

  /** Undefined: nothing in the stream asks for it. */
  async of(stream: string, intentId: IntentId): Promise<AskedIntent | undefined> {
    const met = this.#met.get(`${stream} ${intentId}`);
    if (met) return met;
    for (const part of [REQUEST_PART, DELETION_PART]) {
      const found = await this.log.find(stream, eventIdOf(intentId, part));
      if (!found) continue;
      this.meet(found);
      return askedBy(found);
    }
    return undefined;
  }
}

function askedBy(event: RecordedEvent): (AskedIntent & { intentId: IntentId }) | undefined {
  const { type, caller, requestId, commandId } = event;
  if (type !== 'IntentRequested' && type !== 'BranchDeletionRequested') return undefined;
  const decoded = decodeEvent(event);
  if (decoded.type === 'BranchDeletionRequested') {
    return { caller, requestId, wish: null, intentId: decoded.intentId };
  }
  if (decoded.type !== 'IntentRequested') return undefined;
  const { id, wish, committer } = decoded.intent;
  const isOwn = (commandId as string) === id;
  // One that its requester left half done is appended by whoever finds it.
  return {
    caller: isOwn ? caller : committer,
    requestId: isOwn ? requestId : '',
    wish,
    intentId: id,
  };
}

const MET_MAX = 2_000;
