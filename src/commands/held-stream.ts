import type { Decider } from '../domain/decider.js';
import { DomainError } from '../domain/errors.js';
import { decodeEvent, type DomainEvent } from '../domain/event-types.js';
import type { Clock } from '../ports/clock.js';
import { READ_EVENTS_MAX, type EventLog, type StreamAppend } from '../ports/event-log.js';
import { WrongExpectedRevision } from '../ports/store-errors.js';
import { InTurn } from '../shared/in-turn.js';
import { contextOf, newEvent } from './new-events.js';
import { partOf, type Request } from './request.js';

/** Lost races that one command may have before it is refused as busy. */
const TRIES_MAX = 50;

/**
 * One aggregate, for who sends it many commands: what was read once is not read again. Commands
 * wait for each other here; between nodes the log decides, as always.
 */
export class HeldStream<Command, State, Event extends DomainEvent> {
  readonly #turns = new InTurn();
  #state: State;
  #revision = -1;

  constructor(
    private readonly ports: { readonly log: EventLog; readonly clock: Clock },
    private readonly stream: string,
    private readonly decider: Decider<Command, State, Event>,
    private readonly request: Request,
  ) {
    this.#state = decider.initial;
  }

  /** As it was seen last. */
  get state(): State {
    return this.#state;
  }

  /** Reads what came since the last look. */
  look(): Promise<State> {
    return this.#turns.run('', () => this.#look());
  }

  async #look(): Promise<State> {
    for (;;) {
      const options = { from: this.#revision + 1, direction: 'forward' } as const;
      const events = await this.ports.log.read(this.stream, { ...options, limit: READ_EVENTS_MAX });
      for (const recorded of events) {
        this.#state = this.decider.evolve(this.#state, decodeEvent(recorded) as Event);
        this.#revision = recorded.revision;
      }
      if (events.length < READ_EVENTS_MAX) return this.#state;
    }
  }

  /**
   * Returns the events that a command led to, appended; `[]` when nothing was to be done.
   *
   * @throws DomainError  the decider refused, on what the log's end says
   */
  send(command: Command): Promise<readonly Event[]> {
    return this.#turns.run('', () => this.#send(command));
  }

  /**
   * Returns what a command leads to as an append to go with others: it is refused with them when
   * the stream is not any more as it was seen last. Undefined: nothing is to be done.
   */
  asAppend(command: Command): StreamAppend | undefined {
    const events = this.decider.decide(command, this.#state);
    if (events.length === 0) return undefined;
    // What is sent at this revision by itself is another append.
    const { commandId } = partOf(this.request, `${this.#revision + 1}/with others`);
    return {
      stream: this.stream,
      expected: this.#revision,
      events: events.map((event, index) => newEvent(event, commandId, index)),
    };
  }

  async #send(command: Command): Promise<readonly Event[]> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const events = this.decider.decide(command, this.#state);
      if (events.length === 0) return [];
      const { commandId } = partOf(this.request, `${this.#revision + 1}`);
      const append = {
        stream: this.stream,
        expected: this.#revision < 0 ? ('none' as const) : this.#revision,
        events: events.map((event, index) => newEvent(event, commandId, index)),
      };
      try {
        await this.ports.log.append([append], contextOf(this.request, this.ports.clock));
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision)) throw error;
        await this.#look();
        continue;
      }
      for (const event of events) this.#state = this.decider.evolve(this.#state, event);
      this.#revision += events.length;
      return events;
    }
    throw new DomainError('store_busy');
  }
}
