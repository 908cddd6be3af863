import { isDeleting } from '../../domain/branch/branch.state.js';
import { DomainError } from '../../domain/errors.js';
import type { StagingToken } from '../../domain/model.js';
import type { StagingEvent } from '../../domain/staging/staging.events.js';
import { stagingStream } from '../../domain/staging/staging.stream.js';
import type { Clock } from '../../ports/clock.js';
import type {
  AppendMark,
  EventContext,
  EventLog,
  Guard,
  StreamAppend,
} from '../../ports/event-log.js';
import { EventRefused, WrongExpectedRevision } from '../../ports/store-errors.js';
import { failpoint } from '../../shared/failpoint.js';
import {
  controlStream,
  type BranchFold,
  type Branches,
  type BranchPlace,
} from '../branch/branches.js';
import type { BranchTraffic } from '../branch/branch-traffic.js';
import type { Intents } from '../branch/intents.js';
import { live, tokenAt, type Successors } from '../branch/successor.js';
import { contextOf, newEvent } from '../new-events.js';
import { effectAppend, effectOf } from '../repeats/effect-of.js';
import { nameToken, unnameToken } from '../repeats/named-token.js';
import type { Request } from '../request.js';

/** Tokens that may close under one write before its caller is told that the branch is busy. */
const TRIES_MAX = 200;

export interface StagedAppend {
  /** Of the token. */
  readonly stream: string;
  readonly events: readonly StagingEvent[];
  readonly guard?: Guard;
  /** Of what opens the token: until that is accepted, a refusal would not be the last word. */
  readonly behind?: AppendMark;
  /** What is written with it in other streams, or not at all. */
  readonly beside?: readonly StreamAppend[];
  /** Called when it was handed to the log, which has not answered yet. */
  readonly onSent?: () => void;
}

/** Lands writes in a branch's open token. They never read or move the control stream. */
export class StagingWriter {
  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
    private readonly branches: Branches,
    private readonly intents: Intents,
    private readonly successors: Successors,
    private readonly traffic: BranchTraffic,
  ) {}

  /**
   * Appends events to the token that is open at that moment, whichever it is.
   *
   * @param beside  what is written with them in other streams, or not at all
   * @returns what stands in the log: of a repeat of what must be done once, the first time's events
   * @throws DomainError  branch_not_found, protected_branch_write: as the control stream's end says
   * @throws WrongExpectedRevision  of a stream `beside`
   */
  write(
    place: BranchPlace,
    events: readonly StagingEvent[],
    request: Request,
    beside: readonly StreamAppend[] = [],
  ): Promise<readonly StagingEvent[]> {
    return this.during(place, request, () => this.#write(place, { events, beside }, request));
  }

  /**
   * Appends what was decided on the sight of one token; when it has closed, what is right in any.
   *
   * @returns what stands in the log, as of {@link write}
   * @throws DomainError  as {@link write} does
   */
  writeSeen(
    place: BranchPlace,
    seen: { readonly token: StagingToken; readonly events: readonly StagingEvent[] },
    anywhere: readonly StagingEvent[],
    request: Request,
  ): Promise<readonly StagingEvent[]> {
    return this.during(place, request, async () => {
      const append = { stream: stagingStream(seen.token), events: seen.events };
      const written = await this.append(append, request);
      if (typeof written !== 'string') return written;
      return this.#write(place, { events: anywhere, beside: [] }, request);
    });
  }

  /**
   * Runs a write to a branch, so that those who seal its token know of it. What it refuses a repeat
   * of a request that was done before is not refused: the first time's events are its answer.
   */
  during(
    place: BranchPlace,
    request: Request,
    write: () => Promise<readonly StagingEvent[]>,
  ): Promise<readonly StagingEvent[]> {
    const stream = controlStream(place);
    return this.traffic.during(stream, async () => {
      try {
        return await write();
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        const before = await this.effectOf(request);
        if (before) return before;
        const { once } = request;
        const isNamed = once !== undefined && this.log.groups === 'stepwise';
        if (isNamed) await unnameToken(this.log, { ...request, once }, this.#contextOf(request));
        throw error;
      }
    });
  }

  /** To be called when a write to a branch has landed that was not done by {@link write}. */
  wrote(place: BranchPlace): void {
    this.traffic.wrote(controlStream(place));
  }

  /** Returns what a request that must be done once has written before; undefined: nothing. */
  effectOf(request: Request): Promise<readonly StagingEvent[] | undefined> {
    return effectOf(this.log, request);
  }

  async #write(
    place: BranchPlace,
    write: Pick<StagedAppend, 'events' | 'beside'>,
    request: Request,
  ): Promise<readonly StagingEvent[]> {
    await this.traffic.beforeWrite(controlStream(place));
    let fold = await this.branches.likely(place);
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const { state } = live(fold);
      const { hi } = state.tokens;
      if (hi >= 0) {
        const stream = stagingStream(tokenAt(place, state, hi));
        // A seal that waits for it goes right behind it, with the same call to the log.
        const onSent = () => this.traffic.wrote(controlStream(place));
        const behind = fold.opening;
        const sent = { stream, onSent, ...write, ...(behind && { behind }) };
        const written = await this.append(sent, request);
        if (typeof written !== 'string') return written;
      }
      fold = await this.afterClose(place, hi, request);
    }
    throw new DomainError('store_busy');
  }

  /**
   * Returns the branch after its token of this ordinal was found closed, or was never named; names
   * the next one if nobody has.
   *
   * @throws DomainError  branch_not_found, protected_branch_write: as the control stream's end says
   */
  async afterClose(place: BranchPlace, hi: number, request: Request): Promise<BranchFold> {
    await failpoint('token.foundClosed');
    const fold = await this.branches.view(place);
    const now = live(fold);
    if (now.state.tokens.hi !== hi) return fold;
    const { protection } = this.successors;
    if (now.state.areWritesBlocked) {
      const refusal = new DomainError('protected_branch_write');
      await protection.confirm(place, now.state, refusal, request);
    } else if (isDeleting(now.state)) await this.intents.help(place, request);
    else await this.successors.name(place, now, request);
    return this.branches.view(place);
  }

  /**
   * Refuses what a rule forbids before any work is done for it. A rule that nobody here has heard
   * of is met by the write itself.
   *
   * @throws DomainError  branch_not_found, protected_branch_write: as the control stream's end says
   */
  async refuseBlocked(place: BranchPlace, request: Request): Promise<void> {
    const { state } = live(await this.branches.likely(place));
    if (state.areWritesBlocked) await this.afterClose(place, state.tokens.hi, request);
  }

  /**
   * Appends once to a token that should be open.
   *
   * @returns what stands in the log, or why nothing was written
   */
  async append(
    { stream, events, guard, behind, beside = [], onSent }: StagedAppend,
    request: Request,
  ): Promise<readonly StagingEvent[] | 'closed' | 'guard'> {
    const append = {
      stream,
      expected: 'open' as const,
      events: events.map((event, index) => newEvent(event, request.commandId, index)),
      ...(guard && { guard }),
      ...(behind && { behind }),
    };
    try {
      const context = this.#contextOf(request);
      const effect = await this.#effect(request, append, context);
      // Of another token, that is open: this one is closed, or was never named.
      if (effect === 'elsewhere') return 'closed';
      if (effect.written) return effect.written;
      await failpoint('write.beforeAppend');
      const appended = this.log.append([append, ...beside, ...effect.appends], context);
      onSent?.();
      const [result] = await appended;
      const { ownTokens } = this.branches;
      if (!result || result.isRepeated) ownTokens.forget(stream);
      else ownTokens.wrote(stream, result.revision, events);
      await failpoint('write.afterAppend');
      const mayBeRepeated = result?.isRepeated || this.log.groups === 'stepwise';
      return mayBeRepeated ? ((await this.effectOf(request)) ?? events) : events;
    } catch (error) {
      const isLost = error instanceof WrongExpectedRevision;
      // Closed, or never opened: the control stream says where writes go now.
      if (isLost && error.stream === stream) return error.reason === 'guard' ? 'guard' : 'closed';
      // Also when some of it, beside, is known.
      const before =
        isLost || error instanceof EventRefused ? await this.effectOf(request) : undefined;
      if (before) return before;
      throw error;
    }
  }

  /** What is appended with a write that must land once; without groups, before it. */
  async #effect(
    request: Request,
    { stream, events }: StreamAppend,
    context: EventContext,
  ): Promise<
    | 'elsewhere'
    | { readonly appends: readonly StreamAppend[]; readonly written?: readonly StagingEvent[] }
  > {
    const { once } = request;
    if (once === undefined) return { appends: [] };
    if (this.log.groups === 'whole') return { appends: effectAppend(request, { stream, events }) };
    const write = { stream, eventCount: events.length };
    const named = await nameToken(this.log, { ...request, once }, write, context);
    if (named === 'named') return { appends: [] };
    return named === 'elsewhere' ? named : { appends: [], written: named };
  }

  #contextOf(request: Request): EventContext {
    return contextOf(request, this.clock);
  }
}
