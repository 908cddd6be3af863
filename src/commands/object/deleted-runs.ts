import type { ObjectPath } from '../../domain/model.js';
import type { PathRun } from '../../domain/staging/path-run.js';
import type { RunsDeleted } from '../../domain/staging/staging.events.js';
import type { CommittedStore } from '../../ports/committed-store.js';
import type { KvRead, KvRow, KvSnapshot } from '../../ports/kv-store.js';
import { runAt, runOf, runsFrom } from '../../projections/staging.view.js';
import type { Walk } from '../../queries/differences.js';
import { treeOf } from '../../queries/list-objects.js';
import { Overlay, pathOf } from '../../queries/overlay.js';
import type { ReadPoint } from '../../queries/read-at.js';
import { compareUtf8, justAfter, utf8 } from '../../shared/bytes.js';
import type { ReachingRun } from './run-joins.js';

/** Runs of one token that are read, to be joined with what is deleted between them. */
const RUNS_READ_MAX = 64;
/** Gaps between the paths of one deletion behind which it is not looked for runs any more. */
const GAPS_MAX = 256;
const ROWS_PER_READ_MAX = 256;

interface Known extends PathRun {
  readonly isKnown: boolean;
}

/** Returns the reads of the runs that a deletion of paths, ascending, may join. */
export function runsAround(point: ReadPoint, paths: readonly ObjectPath[]): readonly KvRead[] {
  const [token] = point.tokens;
  const [first, last] = [paths[0], paths.at(-1)];
  if (token === undefined || first === undefined || last === undefined) return [];
  const before = runAt(token, utf8(first));
  if (paths.length === 1) return [before];
  return [before, runsFrom(token, { after: utf8(first), until: utf8(last) }, RUNS_READ_MAX)];
}

/**
 * Returns which runs a token has deleted whole once it has tombstones of these paths, which the
 * branch shows below it. What lies below stands still as long as the token is open.
 *
 * @param paths  ascending by their bytes
 * @param around  the rows of {@link runsAround}, of the same state as the point
 */
export async function runsDeleted(
  stores: { readonly kv: KvSnapshot; readonly committed: CommittedStore },
  point: ReadPoint,
  paths: readonly ObjectPath[],
  around: readonly (readonly KvRow[])[],
): Promise<FoundRuns> {
  const [token, ...below] = point.tokens;
  if (token === undefined || paths.length === 0) return NO_RUNS;
  const known = around.flat().map((row): Known => ({ ...runOf(row), isKnown: true }));
  const parts = [...known, ...paths.map((path) => ({ first: path, last: path, isKnown: false }))];
  parts.sort((left, right) => compareUtf8(left.first, right.first));
  const joining = new Joining(
    new Shows(
      new Overlay(
        { ...treeOf({ ...point, tokens: below }, stores.committed), snapshot: stores.kv },
        {
          from: utf8(parts[0]?.first ?? ''),
          until: undefined,
          rowsPerRead: Math.min(paths.length + 2, ROWS_PER_READ_MAX),
        },
      ),
    ),
  );
  for (const part of parts) {
    await joining.add(part);
    if (joining.gaps > GAPS_MAX) break;
  }
  const next = await joining.nextShown();
  if (next !== undefined && joining.gaps <= GAPS_MAX) {
    const [rows = []] = await stores.kv.read([runAt(token, utf8(next))]);
    for (const row of rows) {
      const run = runOf(row);
      // One that begins before what was deleted ends before it, or is among those read at first.
      if (compareUtf8(run.first, joining.end) > 0) await joining.add({ ...run, isKnown: true });
    }
  }
  return joining.result();
}

/** Runs that a deletion makes, and the event that says so, if there are any. */
export interface FoundRuns {
  readonly events: readonly RunsDeleted[];
  readonly runs: readonly ReachingRun[];
}

export const NO_RUNS: FoundRuns = { events: [], runs: [] };

/** What is shown from a path on, asked for in ascending order. */
class Shows {
  #next: ObjectPath | undefined;
  #isAtEnd = false;

  constructor(private readonly overlay: Walk<{ readonly key: Uint8Array }>) {}

  /** Returns the first path behind another one. */
  async firstBehind(path: ObjectPath): Promise<ObjectPath | undefined> {
    if (this.#isAtEnd) return undefined;
    const order = this.#next === undefined ? -1 : compareUtf8(this.#next, path);
    if (order > 0) return this.#next;
    // Else the walk stands right behind it, as it does at each path of a run.
    if (order < 0) this.overlay.skipTo(justAfter(utf8(path)));
    const row = await this.overlay.next();
    this.#next = row && pathOf(row);
    this.#isAtEnd = row === undefined;
    return this.#next;
  }
}

/** Runs that grow as long as nothing is shown between them. */
class Joining {
  gaps = 0;
  readonly #runs: ReachingRun[] = [];
  readonly #joined: ObjectPath[] = [];
  #open:
    | (ReachingRun & { readonly firsts: readonly ObjectPath[]; readonly isNews: boolean })
    | undefined;

  constructor(private readonly shows: Shows) {}

  /** @param part  of a path at or behind that of the last one */
  async add({ first, last, isKnown }: Known): Promise<void> {
    const open = this.#open;
    const firsts = isKnown ? [first] : [];
    if (open && (await this.#touches(open.last, first))) {
      const end = compareUtf8(last, open.last) > 0 ? last : open.last;
      const isNews = open.isNews || end !== open.last;
      const { first: start } = open;
      this.#open = {
        first: start,
        last: end,
        reach: end,
        firsts: [...open.firsts, ...firsts],
        isNews,
      };
      return;
    }
    if (open) this.gaps++;
    this.#close();
    this.#open = { first, last, reach: last, firsts, isNews: !isKnown };
  }

  /** The end of the last run; "" of none. */
  get end(): string {
    return this.#open?.last ?? '';
  }

  /** Returns the first path that is shown behind the last run. */
  async nextShown(): Promise<ObjectPath | undefined> {
    const open = this.#open;
    if (!open) return undefined;
    const reach = await this.shows.firstBehind(open.last);
    this.#open = { ...open, reach };
    return reach;
  }

  result(): FoundRuns {
    this.#close();
    const runs = this.#runs.map(({ first, last }) => ({ first, last }));
    if (runs.length === 0) return NO_RUNS;
    return { events: [{ type: 'RunsDeleted', runs, joined: this.#joined }], runs: this.#runs };
  }

  async #touches(last: ObjectPath, first: ObjectPath): Promise<boolean> {
    if (compareUtf8(first, last) <= 0) return true;
    const next = await this.nextShown();
    return next === undefined || compareUtf8(next, first) >= 0;
  }

  #close(): void {
    const open = this.#open;
    this.#open = undefined;
    if (!open?.isNews) return;
    const { first, last, reach } = open;
    this.#runs.push({ first, last, reach });
    this.#joined.push(...open.firsts.filter((joined) => joined !== first));
  }
}
