import { fold, type Decider } from '../domain/decider.js';
import { DomainError } from '../domain/errors.js';
import { eventIdOf } from '../domain/event-id.js';
import { decodeEvent, type DomainEvent } from '../domain/event-types.js';
import type { Clock } from '../ports/clock.js';
import {
  READ_EVENTS_MAX,
  type EventLog,
  type Expected,
  type StreamAppend,
} from '../ports/event-log.js';
import { EventRefused, WrongExpectedRevision } from '../ports/store-errors.js';
import { contextOf, newEvent } from './new-events.js';
import { answeredInSteps, effectAppend } from './repeats/effect-of.js';
import type { Request } from './request.js';

/** Lost races that one command may have before it is refused as busy. */
const TRIES_MAX = 50;

export interface Transaction<Command, State, Event> {
  readonly stream: string;
  readonly decider: Decider<Command, State, Event>;
  readonly command: Command;
  /** The stream is most likely new: decide on nothing first, and read only when the log says no. */
  readonly isLikelyNew?: boolean;
}

/** Load, decide, append, again: the only joint of a decider and the log. */
export class AggregateStreams {
  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
  ) {}

  /** As the log says of itself. */
  get groups(): EventLog['groups'] {
    return this.log.groups;
  }

  /** Returns what an aggregate is now, and the revision that says so. */
  async load<Command, State, Event extends DomainEvent>(
    stream: string,
    { initial, evolve }: Decider<Command, State, Event>,
  ): Promise<{ state: State; expected: Expected }> {
    let state = initial;
    let from = 0;
    for (;;) {
      const options = { from, direction: 'forward', limit: READ_EVENTS_MAX } as const;
      const events = await this.log.read(stream, options);
      for (const event of events) state = evolve(state, decodeEvent(event) as Event);
      from += events.length;
      if (events.length < READ_EVENTS_MAX) break;
    }
    return { state, expected: from === 0 ? 'none' : from - 1 };
  }

  /**
   * Returns the events that a command led to, appended; `[]` when nothing was to be done. Of a
   * repeat of what must be done once they are the first time's.
   *
   * @throws DomainError  the decider refused, on what the log's end says
   */
  async transact<Command, State, Event extends DomainEvent>(
    transaction: Transaction<Command, State, Event>,
    request: Request,
  ): Promise<readonly Event[]> {
    return this.once(transaction.stream, request, async () => {
      const { events } = await this.settle(transaction, request);
      return events;
    });
  }

  /**
   * Runs what leads to events in a stream, for a request that may have come before: when there is
   * nothing left for it to do, what it did before is returned.
   */
  async once<Event extends DomainEvent>(
    stream: string,
    request: Request,
    work: () => Promise<readonly Event[]>,
  ): Promise<readonly Event[]> {
    let failure: DomainError | undefined;
    try {
      const events = await work();
      if (events.length > 0 || request.once === undefined) return events;
    } catch (error) {
      if (!(error instanceof DomainError) || request.once === undefined) throw error;
      failure = error;
    }
    const before = await this.recorded<Event>(stream, request);
    if (before.length === 0 && failure) throw failure;
    return before;
  }

  /** Returns what a request that must be done once has led to in a stream; `[]`: nothing yet. */
  async recorded<Event extends DomainEvent>(
    stream: string,
    { commandId, once }: Request,
  ): Promise<readonly Event[]> {
    const events: Event[] = [];
    if (once === undefined) return events;
    for (;;) {
      const found = await this.log.find(stream, eventIdOf(commandId, events.length));
      if (!found) return events;
      events.push(decodeEvent(found) as Event);
    }
  }

  /**
   * Returns what is appended with what a request does to a stream, so that nothing comes of it
   * once it is answered.
   *
   * @throws WrongExpectedRevision  in steps: it was answered
   */
  async wordBeside(append: StreamAppend, request: Request): Promise<readonly StreamAppend[]> {
    const refusal = await answeredInSteps(this.log, request);
    if (refusal) throw refusal;
    return this.groups === 'whole' ? effectAppend(request, append) : [];
  }

  /**
   * Returns the events that a command led to, and what the aggregate is after them.
   *
   * @throws DomainError  the decider refused, on what the log's end says
   */
  async settle<Command, State, Event extends DomainEvent>(
    { stream, decider, command, isLikelyNew }: Transaction<Command, State, Event>,
    request: Request,
  ): Promise<{ readonly events: readonly Event[]; readonly state: State }> {
    let at = isLikelyNew
      ? { state: decider.initial, expected: 'none' as Expected }
      : await this.load(stream, decider);
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const events = decider.decide(command, at.state);
      if (events.length === 0) return { events, state: at.state };
      const append = {
        stream,
        expected: at.expected,
        events: events.map((event, index) => newEvent(event, request.commandId, index)),
      };
      try {
        const appends = [append, ...(await this.wordBeside(append, request))];
        const [result] = await this.log.append(appends, contextOf(request, this.clock));
        const mayBeRepeated = result?.isRepeated || this.groups === 'stepwise';
        if (mayBeRepeated && request.once) {
          const { state } = await this.load(stream, decider);
          return { events: await this.recorded(stream, request), state };
        }
        return { events, state: fold(decider, events, at.state) };
      } catch (error) {
        const isLost = error instanceof WrongExpectedRevision;
        if (!isLost && !(error instanceof EventRefused && request.once)) throw error;
        at = await this.load(stream, decider);
        const before = await this.recorded<Event>(stream, request);
        if (before.length > 0) return { events: before, state: at.state };
        // Answered meanwhile, nothing may come of it any more.
        if (!isLost || error.stream === request.once?.stream) throw error;
      }
    }
    throw new DomainError('store_busy');
  }
}
