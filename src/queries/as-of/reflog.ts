import type { BranchRecord, StoredBranchEvent } from '../../domain/branch/branch.events.js';
import { branchStream } from '../../domain/branch/branch.stream.js';
import type { ResetScope, Wish } from '../../domain/branch/branch.wishes.js';
import { decodeEvent } from '../../domain/event-types.js';
import type { BranchId, CommitId, RepositoryUid } from '../../domain/model.js';
import type { EventLog, RecordedEvent } from '../../ports/event-log.js';
import type { Page } from '../../shared/page.js';

/** What happened to a branch: its head moved, it came or went, or what was staged on it did. */
export interface ReflogEntry {
  readonly operation: Wish['kind'] | 'create' | 'delete';
  /** Of the event that did it: in the branch's stream, and in the log. */
  readonly revision: number;
  readonly position: number;
  /** When it happened; UTC, epoch. */
  readonly atMs: number;
  /** Who asked for it, and in which request. */
  readonly caller: string;
  readonly requestId: string;
  readonly commandId: string;
  /** "" of what has none. */
  readonly message: string;
  /** Null: there was no branch. */
  readonly from: CommitId | null;
  /** Null: there is no branch any more. */
  readonly to: CommitId | null;
  /** What of the staged was thrown away; undefined of anything but a reset. */
  readonly scope: ResetScope | undefined;
  /** The revision of what an undo or a restore took back; undefined of anything else. */
  readonly undoes: number | undefined;
}

/** Control events that one page looks at, at most: it may hold fewer entries than asked for. */
const LOOKED_AT_MAX = 10_000;
/** An operation is its request, its result and, most often, one more. */
const EVENTS_PER_ENTRY = 4;
const EVENTS_PER_READ = { min: 32, max: 400 };

interface Seen {
  readonly recorded: RecordedEvent;
  readonly event: StoredBranchEvent;
}

/**
 * Reads what happened to the branches of a name, newest first, in all their lives: all of it stands
 * in one stream, and what a page costs does not depend on how long that is.
 */
export class Reflog {
  constructor(private readonly log: EventLog) {}

  /**
   * @param before  a revision, exclusive; undefined: from the newest on
   * @returns undefined  there never was a branch of this name
   */
  async page(
    uid: RepositoryUid,
    branch: BranchId,
    { before, amount }: { readonly before: number | undefined; readonly amount: number },
  ): Promise<Page<ReflogEntry> | undefined> {
    const stream = branchStream(uid, branch);
    const { revision: end } = await this.log.end(stream);
    if (end < 0) return undefined;
    const first = before === undefined ? end : Math.min(before - 1, end);
    const page = new ReflogPage(amount);
    const { min, max } = EVENTS_PER_READ;
    const limit = Math.min(Math.max(min, EVENTS_PER_ENTRY * (amount + 1)), max);
    let from = first;
    while (from >= 0 && !page.isFull && first - from < LOOKED_AT_MAX) {
      const options = { from, direction: 'backward', limit } as const;
      const events = await this.log.read(stream, options);
      if (events.length === 0) break;
      for (const recorded of events) {
        page.take({ recorded, event: decodeEvent(recorded) as StoredBranchEvent });
      }
      from -= events.length;
    }
    // The first event of all has none before it.
    if (from < 0) page.end();
    return page.result(from + 1);
  }
}

/** One page, filled from the newest event to the oldest. */
class ReflogPage {
  readonly #entries: ReflogEntry[] = [];
  /** Where the entry is whose request was not met yet. */
  readonly #unasked = new Map<string, number>();
  /** It is known what it was when the event before it is. */
  #newer: Seen | undefined;
  #isAtEnd = false;

  constructor(private readonly amount: number) {}

  /** One more entry than asked for is there, and all that are shown know who asked for them. */
  get isFull(): boolean {
    const shown = [...this.#unasked.values()].some((at) => at < this.amount);
    return this.#entries.length > this.amount && !shown;
  }

  take(seen: Seen): void {
    this.#decide(seen.event.record);
    this.#newer = seen;
    this.#ask(seen);
  }

  /** There are no more events. */
  end(): void {
    this.#decide(null);
    this.#isAtEnd = true;
  }

  /** @param lookedAt  the oldest revision that was taken */
  result(lookedAt: number): Page<ReflogEntry> {
    const items = this.#entries.slice(0, this.amount);
    const isMore = this.#entries.length > this.amount;
    if (this.#isAtEnd && !isMore) return { items, hasMore: false, nextOffset: '' };
    // The oldest event is not decided yet: the next page begins with it.
    const next = isMore ? items.at(-1)?.revision : lookedAt + 1;
    return { items, hasMore: true, nextOffset: String(next) };
  }

  #decide(before: BranchRecord | null): void {
    const seen = this.#newer;
    const entry = seen && entryOf(seen, before);
    if (!entry) return;
    if ('intentId' in seen.event) this.#unasked.set(seen.event.intentId, this.#entries.length);
    this.#entries.push(entry);
  }

  /** Another than who asked may have completed it. */
  #ask({ recorded, event }: Seen): void {
    const isRequest = event.type === 'IntentRequested';
    if (!isRequest && event.type !== 'BranchDeletionRequested') return;
    const id = isRequest ? event.intent.id : event.intentId;
    const at = this.#unasked.get(id);
    const entry = at === undefined ? undefined : this.#entries[at];
    if (at === undefined || !entry) return;
    this.#unasked.delete(id);
    const { caller, requestId, commandId } = recorded;
    const words = isRequest && wordsOf(event.intent);
    this.#entries[at] = { ...entry, ...words, caller, requestId, commandId };
  }
}

const wordsOf = ({ wish, message }: { wish: Wish; message: string }) => ({
  operation: wish.kind,
  message,
  undoes: wish.kind === 'undo' || wish.kind === 'restore' ? wish.of : undefined,
});

/** @param before  the branch as it was before the event */
function entryOf({ recorded, event }: Seen, before: BranchRecord | null): ReflogEntry | undefined {
  const from = before?.head.commitId ?? null;
  const to = event.record?.head.commitId ?? null;
  const operation = operationOf(event);
  if (operation === undefined && from === to) return undefined;
  const { revision, position, atMs, caller, requestId, commandId } = recorded;
  return {
    operation: operation ?? 'commit',
    revision,
    position,
    atMs,
    caller,
    requestId,
    commandId,
    message: '',
    from,
    to,
    scope: event.type === 'StagingDiscarded' ? event.scope : undefined,
    undoes: undefined,
  };
}

/** What its request says goes before this; undefined: an entry only if the head moved. */
function operationOf({ type }: StoredBranchEvent): ReflogEntry['operation'] | undefined {
  switch (type) {
    case 'BranchCreated':
      return 'create';
    case 'BranchDeleted':
      return 'delete';
    case 'StagingDiscarded':
      return 'reset';
    case 'HeadMoved':
      return 'hard-reset';
    case 'Merged':
      return 'merge';
    case 'Undone':
      return 'undo';
    default:
      return undefined;
  }
}
