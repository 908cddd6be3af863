import { setTimeout as delay } from 'node:timers/promises';
import type { Imported } from './commit-graph.js';
import type { Answer, ImportedSource, Operation, Recorded, Refusal } from './operations.js';
import { md5 } from './places.js';

export type Import = Extract<Operation, { do: 'import' }>;

/** Once more each time, as a client that grows patient. */
const POLL_MS_MIN = 2;
const POLL_MS_MAX = 100;
const OBJECT = 'object';

/** Returns what the imports of a history lay over their branches, by their commits' messages. */
export function importsOf(history: readonly Recorded[]): ReadonlyMap<string, Imported> {
  const asked = history.flatMap(({ operation }) => (operation.do === 'import' ? [operation] : []));
  return new Map(asked.map(({ message, sources }) => [message, importedFrom(sources)]));
}

/** Of two sources with an object for one path the later one's is taken. */
function importedFrom(sources: readonly ImportedSource[]): Imported {
  const rows = new Map<string, string>();
  for (const source of sources) {
    if (source.kind === 'object') rows.set(source.path, md5(source.body));
    else
      for (const [name, body] of Object.entries(source.bodies))
        rows.set(source.prefix + name, md5(body));
  }
  const isReplaced = (path: string): boolean =>
    sources.some((source) =>
      source.kind === 'object' ? path === source.path : path.startsWith(source.prefix),
    );
  return { rows, isReplaced };
}

/** Returns what must lie where an import takes it from, by keys that no other import has. */
export const filesOf = ({ message, sources }: Import): readonly (readonly [string, string])[] =>
  sources.flatMap((source, at) =>
    source.kind === 'object'
      ? [[`${message}/${at}/${OBJECT}`, source.body] as const]
      : Object.entries(source.bodies).map(
          ([name, body]) => [`${message}/${at}/${name}`, body] as const,
        ),
  );

/** Returns where each source lies, below a root. */
export const uriOf = (root: string, message: string, source: ImportedSource, at: number): string =>
  `${root}/${message}/${at}${source.kind === 'object' ? `/${OBJECT}` : ''}`;

/**
 * Asks about an import until it has ended, also when nobody answers for a while.
 *
 * @param ask  returns undefined while it runs
 */
export async function endOf(
  ask: () => Promise<Answer | undefined>,
  pollsMax: number,
): Promise<Answer> {
  let why = 'it has not ended';
  for (let polls = 0, ms = POLL_MS_MIN; polls < pollsMax; polls++) {
    await delay(ms);
    ms = Math.min(2 * ms, POLL_MS_MAX);
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      why = String(error);
    }
  }
  return { is: 'unknown', why };
}

/** Returns what a client is told of an import that failed. */
export function failed(text: string): Answer {
  const found = REFUSALS.find(([words]) => words.test(text));
  return { is: 'refused', why: found?.[1] ?? 'broken' };
}

const REFUSALS: readonly (readonly [RegExp, Refusal])[] = [
  [/(^|: )Canceled$/, 'cancelled'],
  [/merge import: .*dirty branch/, 'dirty'],
  [/merge import: .*branch not found/, 'not_found'],
];
