import type { Adapters } from '../../../src/app/adapters.module.js';
import type { AppendResult, EventContext, StreamAppend } from '../../../src/ports/event-log.js';
import type { SeededRandom } from '../../support/seeded-random.js';
import type { Answer, Operation } from '../operations.js';

/** What a defect has to go by. */
export interface Hand {
  readonly node: number;
  readonly random: SeededRandom;
  /** Says whether to do harm this time, one time in so many, and counts it. */
  strikes(oneIn: number): boolean;
}

/** A fault as programs of this kind have had it, planted into the ports of a node. */
export interface Defect {
  readonly name: string;
  plant?(adapters: Adapters, hand: Hand): Adapters;
  /** Changes what a client is told. */
  answer?(operation: Operation, answer: Answer, hand: Hand): Answer;
}

/** Returns a port of which some calls are in other hands. */
export function over<Port extends object>(port: Port, calls: Partial<Port>): Port {
  return new Proxy(port, {
    get: (target, name) => {
      const own: unknown = Reflect.get(calls, name);
      if (own !== undefined) return own;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

type Append = (
  appends: readonly StreamAppend[],
  context: EventContext,
) => Promise<readonly AppendResult[]>;

/** Returns adapters with other appends. */
export const appending = (
  adapters: Adapters,
  append: (
    appends: readonly StreamAppend[],
    context: EventContext,
    plain: Append,
  ) => ReturnType<Append>,
): Adapters => {
  const { log } = adapters;
  const plain: Append = (appends, context) => log.append(appends, context);
  const own = over(log, { append: (appends, context) => append(appends, context, plain) });
  return { ...adapters, log: own };
};

/** Returns what an append that was never sent is said to have come to. */
export const pretended = (appends: readonly StreamAppend[]): readonly AppendResult[] =>
  appends.map(() => ({ revision: 0, position: 0, isRepeated: false }));

export const typesIn = (appends: readonly StreamAppend[]): readonly string[] =>
  appends.flatMap(({ events }) => events.map(({ type }) => type));

export const isStaging = (appends: readonly StreamAppend[]): boolean =>
  typesIn(appends).some((type) => type === 'ObjectStaged' || type === 'ObjectUnstaged');
