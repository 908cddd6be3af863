import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { seed } from '../../../test/support/seed.js';
import type { ObjectPath, StagingToken } from '../../domain/model.js';
import type { RunsDeleted } from '../../domain/staging/staging.events.js';
import {
  joinedRuns,
  PATHS_UNSAID_MAX,
  RunJoins,
  TokenRuns,
  type ReachingRun,
} from './run-joins.js';

const SHOWN_COUNT = 60;
const path = (at: number) => String(at).padStart(4, '0') as ObjectPath;

/** What a deletion writes that has seen nobody else's. */
const runOf = (first: number, last: number): ReachingRun => ({
  first: path(first),
  last: path(last),
  reach: last + 1 < SHOWN_COUNT ? path(last + 1) : undefined,
});

/** The view's rows: where a run begins, and where it ends. */
class Rows extends Map<string, string> {
  take(events: readonly RunsDeleted[]): void {
    for (const { runs, joined } of events) {
      for (const first of joined) this.delete(first);
      for (const { first, last } of runs) this.set(first, last);
    }
  }
}

/** Cuts what is shown into pieces, in any order, some of which are deleted. */
const deletions = fc
  .tuple(fc.uniqueArray(fc.integer({ min: 1, max: SHOWN_COUNT - 1 })), fc.infiniteStream(fc.nat()))
  .map(([cuts, order]) => {
    const starts = [0, ...cuts.toSorted((left, right) => left - right), SHOWN_COUNT];
    const pieces = starts.slice(1).map((end, at) => [starts[at] ?? 0, end - 1] as const);
    const keyed = pieces.map((piece) => ({ piece, key: order.next().value ?? 0 }));
    const deleted = keyed.filter(({ key }) => key % 4 !== 0);
    return deleted.toSorted((left, right) => left.key - right.key).map(({ piece }) => piece);
  });

function groupsOf(pieces: readonly (readonly [number, number])[]): Map<string, string> {
  const groups: [number, number][] = [];
  for (const [first, last] of pieces.toSorted(([left], [right]) => left - right)) {
    const before = groups.at(-1);
    if (before && before[1] + 1 === first) before[1] = last;
    else groups.push([first, last]);
  }
  return new Map(groups.map(([first, last]) => [path(first), path(last)]));
}

describe(`runs of deletions side by side (SEED=${seed})`, () => {
  it('are one where nothing is shown between them, in whatever order they land', () =>
    fc.assert(
      fc.property(deletions, fc.integer({ min: 1, max: 9 }), (pieces, atOnce) => {
        const rows = new Rows();
        const known = new TokenRuns();
        for (let from = 0; from < pieces.length; from += atOnce) {
          // All of them have looked before the first one lands.
          const news = joinedRuns(known.takeNews());
          for (const [first, last] of pieces.slice(from, from + atOnce)) {
            const run = runOf(first, last);
            rows.take([{ type: 'RunsDeleted', runs: [run], joined: [] }]);
            known.add([run]);
          }
          rows.take(news);
        }
        rows.take(joinedRuns(known.takeNews()));
        expect(rows).toEqual(new Rows(groupsOf(pieces)));
        expect(known.takeNews()).toEqual([]);
      }),
      { seed, numRuns: 500 },
    ));

  it('need no word more when each deletion has seen the one before it', () => {
    for (const order of [
      [1, 2, 3, 4],
      [4, 3, 2, 1],
    ]) {
      const known = new TokenRuns();
      let [low, high] = [Infinity, -Infinity];
      for (const at of order) {
        [low, high] = [Math.min(low, at), Math.max(high, at)];
        known.add([runOf(low, high)]);
        expect(known.takeNews()).toEqual([]);
      }
    }
  });

  it('stay apart where something is shown between them, or may be', () => {
    const known = new TokenRuns();
    known.add([runOf(1, 2), runOf(4, 5), { ...runOf(10, 11), reach: path(11) }, runOf(12, 13)]);
    expect(known.takeNews()).toEqual([]);
    known.add([runOf(3, 3)]);
    const [event] = joinedRuns(known.takeNews());
    expect(event?.runs).toEqual([{ first: path(1), last: path(5) }]);
    expect(event?.joined.toSorted()).toEqual([path(3), path(4)]);
  });

  it('are looked for once enough paths were deleted, each of them once', () => {
    const known = new TokenRuns();
    const some = (from: number, count: number) =>
      Array.from({ length: count }, (_, at) => path(from + at));
    expect(known.takeDue(some(0, PATHS_UNSAID_MAX - 1))).toEqual([]);
    known.leave(some(100, 100).toReversed());
    expect(known.takeDue(some(0, PATHS_UNSAID_MAX - 101))).toEqual([]);
    // One that was staged again, and deleted again.
    known.leave(some(150, 1));
    const due = known.takeDue(some(0, 155));
    expect(due).toEqual([...some(0, 155), ...some(155, 45)]);
    expect(known.takeDue(some(0, 1))).toEqual([]);
    expect(known.takeDue(some(0, PATHS_UNSAID_MAX))).toEqual(some(0, PATHS_UNSAID_MAX));
  });

  it('are forgotten with their token, and when they are too many', () => {
    const joins = new RunJoins();
    const token = 'token' as StagingToken;
    joins.of(token).add([runOf(1, 2)]);
    joins.forget(token);
    joins.of(token).add([runOf(3, 4)]);
    expect(joins.of(token).takeNews()).toEqual([]);
    const known = new TokenRuns(3);
    known.add([runOf(1, 2)]);
    known.add([runOf(10, 10), runOf(20, 20), runOf(30, 30)]);
    known.add([runOf(3, 4)]);
    expect(known.takeNews()).toEqual([]);
  });
});
