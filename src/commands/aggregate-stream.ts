import type { Decider } from '../domain/decider.js';
import { DomainError } from '../domain/errors.js';
import { decodeEvent, type DomainEvent } from '../domain/event-types.js';
import type { Clock } from '../ports/clock.js';
import { READ_EVENTS_MAX, type EventLog, type Expected } from '../ports/event-log.js';
import { WrongExpectedRevision } from '../ports/store-errors.js';
import { contextOf, newEvent } from './new-events.js';
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
   * Returns the events that a command led to, appended; `[]` when nothing was to be done.
   *
   * @throws DomainError  the decider refused, on what the log's end says
   */
  async transact<Command, State, Event extends DomainEvent>(
    { stream, decider, command, isLikelyNew }: Transaction<Command, State, Event>,
    request: Request,
  ): Promise<readonly Event[]> {
    let at = isLikelyNew
      ? { state: decider.initial, expected: 'none' as Expected }
      : await this.load(stream, decider);
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const events = decider.decide(command, at.state);
      if (events.length === 0) return [];
      const append = {
        stream,
        expected: at.expected,
        events: events.map((event, index) => newEvent(event, request.commandId, index)),
      };
      try {
        await this.log.append([append], contextOf(request, this.clock));
        return events;
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision)) throw error;
        at = await this.load(stream, decider);
      }
    }
    throw new DomainError('store_busy');
  }
}
