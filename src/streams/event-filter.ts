import { LinearPattern } from '../shared/linear-pattern.js';
import { PatternRefused } from '../shared/linear-pattern-parser.js';
import type { Expression, Filter } from './protocol/messages.js';
import { badArgument } from './refusal.js';
import type { ServedEvent } from './served-event.js';

/** Which events of the whole log a client wants, and how often it wants to hear how far it is. */
export class EventFilter {
  readonly #textOf: (event: ServedEvent) => string;
  readonly #isWanted: (text: string) => boolean;
  /** What was found for texts already: there are few types, and each comes often. */
  readonly #known = new Map<string, boolean>();
  /** A checkpoint is due after so many events, wanted or not. */
  readonly checkpointEvery: number;

  /** @throws Refusal  it says neither by what nor how far, or its expression is none */
  constructor({ by, streamName, eventType, window, max, checkpointIntervalMultiplier }: Filter) {
    const expression = by === 'streamName' ? streamName : by === 'eventType' ? eventType : null;
    if (!expression) throw badArgument('a filter is by event type or by stream name');
    if (window === undefined) throw badArgument("a filter's window is a maximum or unbounded");
    if (window === 'max' && max === 0) throw badArgument("a filter's window is at least 1");
    this.#textOf = by === 'streamName' ? ({ stream }) => stream : ({ carried: { type } }) => type;
    this.#isWanted = testOf(expression);
    const size = window === 'max' ? max : WINDOW_EVENTS;
    this.checkpointEvery = size * Math.max(1, checkpointIntervalMultiplier);
  }

  takes(event: ServedEvent): boolean {
    const text = this.#textOf(event);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const isWanted = this.#isWanted(text);
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(text, isWanted);
    return isWanted;
  }
}

function testOf({ regex, prefixes }: Expression): (text: string) => boolean {
  if (regex === '') {
    if (prefixes.length === 0) throw badArgument('a filter has prefixes or a regular expression');
    if (prefixes.length > PREFIXES_MAX) {
      throw badArgument(`a filter has at most ${PREFIXES_MAX} prefixes`);
    }
    return (text) => prefixes.some((prefix) => text.startsWith(prefix));
  }
  try {
    const pattern = new LinearPattern(regex);
    return (text) => pattern.matches(text);
  } catch (error) {
    if (!(error instanceof PatternRefused)) throw error;
    throw badArgument(`the regular expression ${regex} cannot be used: ${error.message}`);
  }
}

const WINDOW_EVENTS = 32;
const PREFIXES_MAX = 1000;
const KNOWN_MAX = 1000;
