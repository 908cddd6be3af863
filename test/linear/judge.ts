import { importsOf } from './imports.js';
import type { LoggedEvent } from './log-event.js';
import { Model } from './model.js';
import { told, type Recorded } from './operations.js';
import { Places, type Place } from './places.js';

export interface Judgement {
  /** What no order of the operations explains; empty: the history is linearizable. */
  readonly violations: readonly string[];
  readonly answered: number;
  readonly unknown: number;
  /** Imports that their clients were told are done. */
  readonly imported: number;
}

/**
 * Decides whether a history could have come from one branch after another step: whether there is a
 * place in the log's order for each operation, between its beginning and its answer, at which it
 * does and sees what its client was told.
 *
 * Writes have their place: where the log has them. A read takes the first one at which it is true
 * and which is not before anything that was answered before it began; taking a later one would
 * only leave less room for what follows. So one pass in the order of time decides.
 */
export function judge(history: readonly Recorded[], log: readonly LoggedEvent[]): Judgement {
  const model = new Model(importsOf(history));
  for (const event of log) model.take(event);
  const violations = [...model.faults];
  const places = new Places(model, history);
  const placed = new Map<number, Place>();
  // The latest place of all that was answered so far.
  let now = 0;
  let latest: Recorded | undefined;
  for (const { of, isReturn } of inOrderOfTime(history)) {
    if (isReturn) {
      // What nobody was told of binds nobody.
      if (of.answer.is === 'unknown') continue;
      const at = placed.get(of.number)?.at;
      if (at !== undefined && at > now) [now, latest] = [at, of];
      continue;
    }
    const place = places.of(of, now);
    placed.set(of.number, place);
    for (const fault of place.faults) violations.push(`${fault}: ${told(of)}`);
    const { from } = place;
    if (from !== undefined && from <= now) {
      const before = latest === undefined ? '' : `, behind ${told(latest)}, which is at ${now}`;
      violations.push(`it happened at ${from}, before it began: ${told(of)}${before}`);
    }
  }
  violations.push(...places.leftOver());
  for (const branch of model.branches.values()) {
    for (const { id } of branch.pending) violations.push(`${id} on ${branch.name} never ended`);
  }
  const unknown = history.filter(({ answer }) => answer.is === 'unknown').length;
  const isImported = ({ operation, answer }: Recorded): boolean =>
    operation.do === 'import' && answer.is === 'done';
  const imported = history.filter(isImported).length;
  return { violations, answered: history.length - unknown, unknown, imported };
}

interface Moment {
  readonly ns: bigint;
  readonly isReturn: boolean;
  readonly of: Recorded;
}

/** Of what happens at the same time the beginnings come first: those are at once, then. */
function inOrderOfTime(history: readonly Recorded[]): readonly Moment[] {
  const moments = history.flatMap((of): Moment[] => [
    { ns: of.invokedNs, isReturn: false, of },
    { ns: of.returnedNs, isReturn: true, of },
  ]);
  return moments.sort((a, b) => {
    if (a.ns !== b.ns) return a.ns < b.ns ? -1 : 1;
    return Number(a.isReturn) - Number(b.isReturn);
  });
}
