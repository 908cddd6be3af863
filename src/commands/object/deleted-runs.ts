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

/** Runs of one token that are read, to be joined with what is deleted between them. */
const RUNS_READ_MAX = 64;
/** Gaps between the paths of one deletion behind which it is not looked for runs any more. */
const GAPS_MAX = 64;
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
): Promise<readonly RunsDeleted[]> {
  const [token, ...below] = point.tokens;
  if (token === undefined || paths.length === 0) return [];
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
    for (const row of rows) await joining.add({ ...runOf(row), isKnown: true });
  }
  const { runs, joined } = joining.result();
  return runs.length === 0 ? [] : [{ type: 'RunsDeleted', runs, joined }];
}

/** What is shown from a path on, asked for in ascending order. */
class Shows {
  #next: ObjectPath | undefined;
  #isAtEnd = false;

  constructor(private readonly overlay: Walk<{ readonly key: Uint8Array }>) {}

  /** Returns the first path behind another one. */
  async firstBehind(path: ObjectPath): Promise<ObjectPath | undefined> {
    if (this.#isAtEnd) return undefined;
    if (this.#next !== undefined && compareUtf8(this.#next, path) > 0) return this.#next;
    this.overlay.skipTo(justAfter(utf8(path)));
    const row = await this.overlay.next();
    this.#next = row && pathOf(row);
    this.#isAtEnd = row === undefined;
    return this.#next;
  }
}

/** Runs that grow as long as nothing is shown between them. */
class Joining {
  gaps = 0;
  readonly #runs: PathRun[] = [];
  readonly #joined: ObjectPath[] = [];
  #open:
    (PathRun & { readonly firsts: readonly ObjectPath[]; readonly isNews: boolean }) | undefined;

  constructor(private readonly shows: Shows) {}

  /** @param part  of a path at or behind that of the last one */
  async add({ first, last, isKnown }: Known): Promise<void> {
    const open = this.#open;
    const firsts = isKnown ? [first] : [];
    if (open && (await this.#touches(open.last, first))) {
      const end = compareUtf8(last, open.last) > 0 ? last : open.last;
      const isNews = open.isNews || end !== open.last;
      this.#open = { first: open.first, last: end, firsts: [...open.firsts, ...firsts], isNews };
      return;
    }
    if (open) this.gaps++;
    this.#close();
    this.#open = { first, last, firsts, isNews: !isKnown };
  }

  /** Returns the first path that is shown behind the last run. */
  async nextShown(): Promise<ObjectPath | undefined> {
    return this.#open && this.shows.firstBehind(this.#open.last);
  }

  result(): { readonly runs: readonly PathRun[]; readonly joined: readonly ObjectPath[] } {
    this.#close();
    return { runs: this.#runs, joined: this.#joined };
  }

  async #touches(last: ObjectPath, first: ObjectPath): Promise<boolean> {
    if (compareUtf8(first, last) <= 0) return true;
    const next = await this.shows.firstBehind(last);
    return next === undefined || compareUtf8(next, first) >= 0;
  }

  #close(): void {
    const open = this.#open;
    this.#open = undefined;
    if (!open?.isNews) return;
    this.#runs.push({ first: open.first, last: open.last });
    this.#joined.push(...open.firsts.filter((first) => first !== open.first));
  }
}
