import { LRUCache } from 'lru-cache';
import type { ObjectPath, StagingToken } from '../../domain/model.js';
import type { PathRun } from '../../domain/staging/path-run.js';
import type { RunsDeleted } from '../../domain/staging/staging.events.js';
import { compareUtf8 } from '../../shared/bytes.js';
import { lowerBound } from '../../shared/lower-bound.js';

/** A run that a deletion has written, and what its walk has seen behind it. */
export interface ReachingRun extends PathRun {
  /**
   * Between the run's end and here nothing is shown below the token; undefined: nor anywhere
   * behind it.
   */
  readonly reach: ObjectPath | undefined;
}

interface Noted extends ReachingRun {
  /** First paths of runs that are part of this one. */
  readonly joined: readonly ObjectPath[];
  /** Whether the view has it so, or an append that says so is under way. */
  isSaid: boolean;
}

const TOKENS_MAX = 16;
/** Of one token; they are forgotten when there are more. */
const RUNS_MAX = 20_000;
/** Paths deleted by ones and twos whose runs are looked for together. */
export const PATHS_UNSAID_MAX = 256;
/** Runs that one event brings together. */
const NEWS_MAX = 256;

/**
 * Runs that deletions of this node have written to tokens that are open. Deletions side by side do
 * not see each other, and leave a seam where the run of one ends and that of the other begins; a
 * later one, or the last of them, says that the two are one. What a deletion has seen below its
 * token stands still as long as the token is open, so nothing need be read again for it.
 *
 * What is forgotten here, or was written by another node, leaves a seam: a page is slower by a
 * read, and never wrong.
 */
export class RunJoins {
  readonly #tokens = new LRUCache<StagingToken, TokenRuns>({ max: TOKENS_MAX });

  of(token: StagingToken): TokenRuns {
    const known = this.#tokens.get(token) ?? new TokenRuns();
    this.#tokens.set(token, known);
    return known;
  }

  forget(token: StagingToken): void {
    this.#tokens.delete(token);
  }
}

export class TokenRuns {
  /** Deletions that are under way. */
  deletions = 0;
  /** Ascending, no two of which touch. */
  #runs: Noted[] = [];
  /** Of these, what nobody has said yet. */
  readonly #news = new Set<Noted>();
  #unsaid: ObjectPath[] = [];

  constructor(private readonly runsMax = RUNS_MAX) {}

  /** Takes note of paths that were deleted, and of which no run says so. */
  leave(paths: readonly ObjectPath[]): void {
    this.#unsaid.push(...paths);
  }

  /**
   * Returns the paths whose runs are to be looked for, ascending, once there are enough of them: a
   * look for each would cost as much again as its deletion.
   *
   * @param paths  that are being deleted, ascending
   */
  takeDue(paths: readonly ObjectPath[]): readonly ObjectPath[] {
    if (this.#unsaid.length + paths.length < PATHS_UNSAID_MAX) return [];
    if (this.#unsaid.length === 0) return paths;
    const due = [...new Set([...this.#unsaid, ...paths])].sort(compareUtf8);
    this.#unsaid = [];
    return due;
  }

  /** Takes note of runs that were written. */
  add(runs: readonly ReachingRun[]): void {
    if (this.#runs.length + runs.length > this.runsMax) {
      this.#runs = [];
      this.#news.clear();
    }
    for (const run of runs) this.#add({ ...run, joined: [], isSaid: true });
  }

  /** Returns the runs that came together and of which nobody said so yet, for one who will. */
  takeNews(): readonly Noted[] {
    const news = [...this.#news].slice(0, NEWS_MAX);
    for (const run of news) {
      run.isSaid = true;
      this.#news.delete(run);
    }
    return news;
  }

  #add(run: Noted): void {
    const isBefore = (place: number) => compareUtf8(this.#runs[place]?.first ?? '', run.first) < 0;
    let at = lowerBound({ to: this.#runs.length }, isBefore);
    let whole = run;
    const before = this.#runs[at - 1];
    if (before && touches(before, whole)) {
      whole = joinOf(before, whole);
      at--;
    }
    let end = before && whole !== run ? at + 1 : at;
    for (let next = this.#runs[end]; next && touches(whole, next); next = this.#runs[end]) {
      whole = joinOf(whole, next);
      end++;
    }
    for (const gone of this.#runs.splice(at, end - at, whole)) this.#news.delete(gone);
    if (!whole.isSaid) this.#news.add(whole);
  }
}

/** Returns the event that says what came together; undefined: nothing did. */
export function joinedRuns(news: readonly (PathRun & Pick<Noted, 'joined'>)[]): RunsDeleted[] {
  if (news.length === 0) return [];
  const runs = news.map(({ first, last }) => ({ first, last }));
  return [{ type: 'RunsDeleted', runs, joined: news.flatMap(({ joined }) => joined) }];
}

const touches = ({ reach }: ReachingRun, next: ReachingRun): boolean =>
  reach === undefined || compareUtf8(next.first, reach) <= 0;

function joinOf(left: Noted, right: Noted): Noted {
  const { first } = left;
  const last = later(left.last, right.last);
  const { reach } = left;
  const farther =
    reach === undefined || right.reach === undefined ? undefined : later(reach, right.reach);
  // A deletion that made a run longer, or brought some together, has said so itself.
  const isSaid = [left, right].some(
    (side) => side.isSaid && side.first === first && side.last === last,
  );
  const joined = [...left.joined, ...right.joined, ...(right.first === first ? [] : [right.first])];
  return { first, last, reach: farther, joined: isSaid ? [] : joined, isSaid };
}

const later = (left: ObjectPath, right: ObjectPath): ObjectPath =>
  compareUtf8(left, right) < 0 ? right : left;
