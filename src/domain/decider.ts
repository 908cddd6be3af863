/**
 * An aggregate, as three pure things.
 *
 * `decide` returns the events that follow from a command, `[]` when nothing is to be done, or
 * throws a `DomainError`. `evolve` never refuses: it asserts.
 */
export interface Decider<Command, State, Event> {
  readonly initial: State;
  decide(command: Command, state: State): readonly Event[];
  evolve(state: State, event: Event): State;
}

/** Returns what the aggregate is after all of `events`. */
export function fold<Command, State, Event>(
  decider: Decider<Command, State, Event>,
  events: Iterable<Event>,
  from: State = decider.initial,
): State {
  let state = from;
  for (const event of events) state = decider.evolve(state, event);
  return state;
}
