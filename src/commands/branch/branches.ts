import { LRUCache } from 'lru-cache';
import { branchDecider } from '../../domain/branch/branch.decider.js';
import type {
  BranchEvent,
  BranchRecord,
  BranchResult,
  StoredBranchEvent,
} from '../../domain/branch/branch.events.js';
import {
  intentIdOf,
  recordOf,
  stateOfQuiet,
  type BranchState,
  type PendingIntent,
} from '../../domain/branch/branch.state.js';
import { branchStream } from '../../domain/branch/branch.stream.js';
import { eventIdOf } from '../../domain/event-id.js';
import { decodeEvent } from '../../domain/event-types.js';
import type { BranchId, EventId, IntentId } from '../../domain/model.js';
import type { RepositoryRecord } from '../../domain/repository/repository.events.js';
import {
  READ_EVENTS_MAX,
  type AppendMark,
  type EventContext,
  type EventLog,
  type Expected,
  type RecordedEvent,
  type StreamAppend,
} from '../../ports/event-log.js';
import { EventRefused, WrongExpectedRevision } from '../../ports/store-errors.js';
import { assert } from '../../shared/assert.js';
import { failpoint } from '../../shared/failpoint.js';
import { newEvent } from '../new-events.js';
import { answeredInSteps, effectAppend } from '../repeats/effect-of.js';
import type { Request } from '../request.js';
import { OwnTokens } from './own-tokens.js';

/** A branch of a repository: what its streams are named by, and where its ranges go. */
export interface BranchPlace {
  readonly repository: RepositoryRecord;
  readonly branch: BranchId;
}

/** A branch at one revision of its control stream; -1: the stream has no event. */
export interface BranchFold {
  readonly state: BranchState;
  readonly revision: number;
  /** Of what is pending, the intent that came to an empty queue; it may be done. */
  readonly begunBy?: IntentId | undefined;
  /** Of one that is only sent: what is appended behind it is refused if that is. */
  readonly mark?: AppendMark;
  /** Of what opens its newest token, if that is only sent. */
  readonly opening?: AppendMark;
}

/** A branch as it is when what was sent is accepted. */
interface Sent extends BranchFold {
  readonly decided: Promise<void>;
}

/** What the log says became of an intent. */
export type IntentOutcome = BranchResult | { readonly type: 'BranchDeleted' };

/** Another append was first, or part of this one stands there already. */
export type LostRace = WrongExpectedRevision | EventRefused;

/** Control events as they are decided, and what their ids follow from. */
export interface ControlAppend {
  readonly events: readonly BranchEvent[];
  /** The command or intent that an event follows from. */
  readonly of: (event: BranchEvent) => string;
  readonly part: string;
  /** The same of a result that stands behind them; left out: as of the others. */
  readonly resultPart?: string;
  /** What is written with them in other streams, or not at all; in steps, before them. */
  readonly beside?: readonly StreamAppend[];
  /** The same, in steps behind them. */
  readonly after?: readonly StreamAppend[];
  /** What is accepted with them: of one that must be done once its stream says so with them. */
  readonly accepts?: Request;
}

/** Read at once, looking back for the nearest event that leaves nothing pending. */
const BACKWARD_EVENTS = 32;

/** Control streams as folds, with a bounded cache that says where to write and never refuses. */
export class Branches {
  readonly #folds: LRUCache<string, BranchFold>;
  readonly #outcomes: LRUCache<IntentId, IntentOutcome>;
  /** What this process has written to tokens that it has opened. */
  readonly ownTokens: OwnTokens;
  /** By intent, one for each that waits. */
  readonly #watchers = new Map<IntentId, Set<() => void>>();
  /** Control streams as they are when all that is under way, one behind the other, is accepted. */
  readonly #sent = new Map<string, Sent>();

  constructor(
    private readonly log: EventLog,
    limits: {
      readonly cachedBranches: number;
      readonly cachedOutcomes: number;
      /** Tokens whose writes are remembered; left out: none, and each commit is of two appends. */
      readonly ownTokens?: number;
    },
  ) {
    this.ownTokens = new OwnTokens(limits.ownTokens ?? 0);
    this.#folds = new LRUCache({ max: limits.cachedBranches });
    this.#outcomes = new LRUCache({ max: limits.cachedOutcomes });
  }

  /** Returns what this process saw last. Says where to try, never that something is not so. */
  cached(place: BranchPlace): BranchFold | undefined {
    return this.#folds.get(controlStream(place));
  }

  /**
   * Returns the branch as it is when the log accepts what this process has sent it; undefined when
   * nothing is under way. What is appended behind it is refused with it.
   */
  ahead(place: BranchPlace): BranchFold | undefined {
    return this.#sent.get(controlStream(place));
  }

  /** Resolves when the log has said what becomes of that; at once when nothing is under way. */
  async decided(place: BranchPlace): Promise<void> {
    await this.#sent.get(controlStream(place))?.decided;
  }

  /** Returns where to try: a live branch as it was sent or seen last, else as the log's end is. */
  async likely(place: BranchPlace): Promise<BranchFold> {
    const cached = this.ahead(place) ?? this.cached(place);
    // That there is no branch, only the log's end may say.
    return cached?.state.status === 'live' ? cached : this.view(place);
  }

  /** Returns the branch as the end of its control stream has it. */
  async view(place: BranchPlace): Promise<BranchFold> {
    const stream = controlStream(place);
    let fold = this.#folds.get(stream) ?? (await this.#fromNearestQuiet(stream));
    for (;;) {
      const events = await this.log.read(stream, {
        from: fold.revision + 1,
        direction: 'forward',
        limit: READ_EVENTS_MAX,
      });
      await failpoint('fold.afterRead');
      fold = this.#advance(stream, fold, events);
      if (events.length < READ_EVENTS_MAX) return fold;
    }
  }

  /**
   * Appends events right behind a fold, with what belongs to them in other streams: all or none, or
   * in steps. On a log with groups it may be one that is only {@link ahead}: the append is sent at
   * once, and refused if what it stands behind is.
   *
   * @returns undefined when they are in the log; the refusal when the race was lost: nothing is
   *   written then, or the first steps, and the caller looks again
   */
  async append(
    place: BranchPlace,
    fold: BranchFold,
    { events, of, part, resultPart = part, beside = [], after = [], accepts }: ControlAppend,
    context: EventContext,
  ): Promise<LostRace | undefined> {
    const stream = controlStream(place);
    const isWhole = this.log.groups === 'whole';
    const mark = isWhole ? { isAccepted: false } : undefined;
    const states = statesBehind(fold.state, events);
    const control = {
      stream,
      expected: expectedOf(fold),
      events: stored(events, states).map((event) =>
        newEvent(event, of(event), event.type === 'Committed' ? resultPart : part),
      ),
      ...(mark && { mark }),
      ...(fold.mark && { behind: fold.mark }),
    };
    const now = foldBehind(fold, states);
    const word = isWhole && accepts ? effectAppend(accepts, { stream, events }) : [];
    if (!isWhole && accepts) {
      const refusal = await answeredInSteps(this.log, accepts);
      if (refusal) return refusal;
    }
    const appending = this.log.append([...beside, control, ...after, ...word], context);
    const { promise: decided, resolve: isDecided } = Promise.withResolvers<void>();
    const opening = hiOf(now.state) === hiOf(fold.state) ? fold.opening : mark;
    const sent: Sent = { ...now, ...(mark && { mark }), ...(opening && { opening }), decided };
    // Nobody is to stand behind one that will be refused: it stands beside those under way, or
    // behind one that was refused.
    const newest = this.#sent.get(stream);
    const isHopeful = newest ? newest === fold : (fold.mark?.isAccepted ?? true);
    if (mark && isHopeful) this.#sent.set(stream, sent);
    try {
      const results = await appending;
      await failpoint('fold.afterAppend');
      // What was there already may be long past, and another node's, who built it otherwise: the
      // next look says where the branch is.
      const isOurs = isWhole && !results.some(({ isRepeated }) => isRepeated);
      if (isOurs) {
        for (const [at, event] of events.entries()) this.#hear(states[at - 1] ?? fold.state, event);
        this.#keep(stream, now);
        for (const [at, one] of beside.entries()) this.#keepToken(one, results[at]?.revision);
      } else this.#sent.delete(stream);
      return undefined;
    } catch (error) {
      // Nobody is to stand behind what was not accepted as it was sent, nor behind that.
      this.#sent.delete(stream);
      if (error instanceof WrongExpectedRevision || error instanceof EventRefused) return error;
      throw error;
    } finally {
      if (this.#sent.get(stream) === sent) this.#sent.delete(stream);
      isDecided();
    }
  }

  #keepToken({ stream, events }: StreamAppend, revision: number | undefined): void {
    const type = events[0]?.type;
    if (type === 'TokenClosed') this.ownTokens.forget(stream);
    if (type === 'TokenOpened' && revision === 0) this.ownTokens.opened(stream);
  }

  /**
   * Returns whether what lost its race is in the branch all the same: another attempt of a request
   * that must be done once was faster.
   *
   * @throws WrongExpectedRevision  the request was answered meanwhile, and nothing may come of it
   */
  async isAccepted(
    place: BranchPlace,
    { accepts, part }: ControlAppend,
    lost: LostRace,
  ): Promise<boolean> {
    if (accepts?.once === undefined) return false;
    if (await this.find(place, eventIdOf(accepts.commandId, part))) return true;
    const isAnswered = lost instanceof WrongExpectedRevision && lost.stream === accepts.once.stream;
    if (isAnswered) throw lost;
    return false;
  }

  /** Returns what this process has seen become of an intent, without a look at the log. */
  seenOutcome(intentId: IntentId): IntentOutcome | undefined {
    return this.#outcomes.get(intentId);
  }

  /** Resolves when this process sees what became of an intent, or as `work` does before that. */
  async seeingOutcome(intentId: IntentId, work: Promise<void>): Promise<void> {
    const { promise: seen, resolve } = Promise.withResolvers<void>();
    const watchers = this.#watchers.get(intentId) ?? new Set();
    this.#watchers.set(intentId, watchers.add(resolve));
    try {
      await Promise.race([work, seen]);
    } finally {
      watchers.delete(resolve);
      if (watchers.size === 0) this.#watchers.delete(intentId);
    }
  }

  /** Returns what became of an intent, or undefined while it is pending or was never accepted. */
  async outcomeOf(place: BranchPlace, intentId: IntentId): Promise<IntentOutcome | undefined> {
    const known = this.#outcomes.get(intentId);
    if (known) return known;
    const found = await this.log.find(controlStream(place), resultEventId(intentId));
    return found && (decodeEvent(found) as BranchResult);
  }

  /** Returns the event with this id, if the branch has it, in this life or in one before. */
  async find(place: BranchPlace, id: EventId): Promise<StoredBranchEvent | undefined> {
    const found = await this.log.find(controlStream(place), id);
    return found && (decodeEvent(found) as StoredBranchEvent);
  }

  async #fromNearestQuiet(stream: string): Promise<BranchFold> {
    const ahead: StoredBranchEvent[] = [];
    let before = (await this.log.end(stream)).revision;
    const end = before;
    while (before >= 0) {
      const events = await this.log.read(stream, {
        from: before,
        direction: 'backward',
        limit: BACKWARD_EVENTS,
      });
      assert(events.length > 0, `${stream} has no event at ${before}`);
      for (const recorded of events) {
        const event = decodeEvent(recorded) as StoredBranchEvent;
        if ((event.record?.pendingCount ?? 0) === 0) {
          return this.#forward(stateOfQuiet(event.record), ahead, end);
        }
        ahead.unshift(event);
      }
      before -= events.length;
    }
    return this.#forward(branchDecider.initial, ahead, end);
  }

  #forward(from: BranchState, events: readonly StoredBranchEvent[], revision: number): BranchFold {
    let fold: BranchFold = { state: from, revision: revision - events.length };
    for (const event of events) fold = this.#next(fold, event);
    return fold;
  }

  #advance(stream: string, fold: BranchFold, events: readonly RecordedEvent[]): BranchFold {
    let newest = fold;
    for (const recorded of events) {
      const { revision } = newest;
      assert(recorded.revision === revision + 1, `${stream} has a gap behind ${revision}`);
      newest = this.#next(newest, decodeEvent(recorded) as StoredBranchEvent);
    }
    return this.#keep(stream, newest);
  }

  #next(fold: BranchFold, event: StoredBranchEvent): BranchFold {
    this.#hear(fold.state, event);
    const state = branchDecider.evolve(fold.state, event);
    assertSame(state, event.record);
    return foldBehind(fold, [state]);
  }

  /** Answers those who wait for what an event says, of a branch as it was before. */
  #hear(state: BranchState, event: BranchEvent): void {
    switch (event.type) {
      case 'Committed':
      case 'Merged':
      case 'HeadMoved':
      case 'StagingDiscarded':
      case 'Undone':
      case 'IntentFailed':
        this.#saw(event.intentId, event);
        break;
      case 'BranchDeleted':
        // Whoever still waits behind a delete is answered by it.
        for (const pending of queueOf(state)) {
          this.#saw(intentIdOf(pending), { type: 'BranchDeleted' });
        }
    }
  }

  #saw(intentId: IntentId, outcome: IntentOutcome): void {
    this.#outcomes.set(intentId, outcome);
    for (const seen of this.#watchers.get(intentId) ?? []) seen();
  }

  /** A fold that is older than the one in the cache, of a slower reader, does not replace it. */
  #keep(stream: string, fold: BranchFold): BranchFold {
    const cached = this.#folds.get(stream);
    if (!cached || cached.revision < fold.revision) this.#folds.set(stream, fold);
    return fold;
  }
}

/** Returns the name of a place's control stream. */
export const controlStream = ({ repository, branch }: BranchPlace): string =>
  branchStream(repository.uid, branch);

/** An intent has one result, whoever completes it. */
export const resultEventId = (intentId: IntentId) => eventIdOf(intentId, 'result');

/** Returns what a fold's stream must be for an append behind it. */
export const expectedOf = ({ revision }: BranchFold): Expected =>
  revision < 0 ? 'none' : revision;

/** Returns events as they are stored: each with the branch as it is after it. */
export function withRecords(
  state: BranchState,
  events: readonly BranchEvent[],
): readonly StoredBranchEvent[] {
  return stored(events, statesBehind(state, events));
}

/** Returns the ordinal of a branch's newest token; of one that is absent nothing. */
const hiOf = (state: BranchState) => (state.status === 'live' ? state.tokens.hi : undefined);

/** Returns the fold behind the events after which a branch was so. */
function foldBehind(fold: BranchFold, states: readonly BranchState[]): BranchFold {
  let { state, begunBy } = fold;
  for (const after of states) {
    const [first] = queueOf(after);
    if (first === undefined) begunBy = undefined;
    else if (queueOf(state).length === 0) begunBy = intentIdOf(first);
    state = after;
  }
  return { state, revision: fold.revision + states.length, begunBy };
}

/** Returns what is pending on a branch; on one that is absent nothing is. */
export const queueOf = (state: BranchState): readonly PendingIntent[] =>
  state.status === 'live' ? state.queue : [];

/** Returns the branch behind each event. */
function statesBehind(state: BranchState, events: readonly BranchEvent[]): readonly BranchState[] {
  let after = state;
  return events.map((event) => (after = branchDecider.evolve(after, event)));
}

const stored = (
  events: readonly BranchEvent[],
  states: readonly BranchState[],
): readonly StoredBranchEvent[] =>
  events.map((event, at) => {
    const after = states[at];
    assert(after, 'there is a state behind each event');
    return { ...event, record: recordOf(after) };
  });

function assertSame(state: BranchState, record: BranchRecord | null): void {
  const mine = recordOf(state);
  assert(
    JSON.stringify(mine) === JSON.stringify(record),
    'the branch after an event is what its writer said it would be',
  );
}
