import { DomainError } from '../domain/errors.js';
import type { CommitId, CommitRecord, RepositoryUid } from '../domain/model.js';
import type { CommitsView } from '../projections/commits.view.js';
import { Heap } from '../shared/heap.js';

/** Commits not at hand that a walk may meet before it reads a page of others along. */
const MISSES_PER_PAGE = 16;
/** The same of a walk that is to be so long. */
const MISSES_OF_LONG = 2;
const LONG_COUNT = 250;
const ROWS_PER_PAGE = 1_000;
/** Pages that one walk reads along, at most: a history that is larger is walked step by step. */
const PAGES_MAX = 20;

/**
 * Walks a commit and its ancestors, newest first by date, then by id descending. A clock that was
 * wrong may put a parent before its child. What is at hand is walked without waiting for anything.
 */
export class NewestFirst {
  readonly #waiting = new Heap<CommitRecord>(byDateThenId);
  readonly #seen = new Set<CommitId>();
  readonly #parents: Parents;
  #missing: CommitId[] = [];

  constructor(
    private readonly commits: CommitsView,
    private readonly uid: RepositoryUid,
    head: CommitRecord,
    private readonly options: {
      readonly isFirstParentOnly: boolean;
      /** How many will be taken, about; undefined: nobody knows. */
      readonly expectedCount?: number;
    },
  ) {
    const isLong = (options.expectedCount ?? 0) >= LONG_COUNT;
    this.#parents = new Parents(commits, uid, isLong ? MISSES_OF_LONG : MISSES_PER_PAGE);
    this.#seen.add(head.id);
    this.#waiting.push(head);
  }

  /** Whether nothing is left, and nothing to be read. */
  get isAtEnd(): boolean {
    return this.#missing.length === 0 && this.#waiting.size === 0;
  }

  /** Commits that it has met: what it holds in memory. */
  get seenCount(): number {
    return this.#seen.size;
  }

  /** Returns the next commit; undefined when parents must be read first, or nothing is left. */
  take(): CommitRecord | undefined {
    if (this.#missing.length > 0) return undefined;
    const commit = this.#waiting.pop();
    if (commit === undefined) return undefined;
    const { parents } = commit;
    for (const id of this.options.isFirstParentOnly ? parents.slice(0, 1) : parents) {
      if (this.#seen.has(id)) continue;
      this.#seen.add(id);
      const parent = this.commits.atHand(this.uid, id);
      if (parent) this.#waiting.push(parent);
      else this.#missing.push(id);
    }
    return commit;
  }

  /** Reads the parents that were not at hand. Returns whether there was any. */
  async read(): Promise<boolean> {
    if (this.#missing.length === 0) return false;
    for (const parent of await this.#parents.of(this.#missing)) this.#waiting.push(parent);
    this.#missing = [];
    return true;
  }
}

/** Yields what {@link NewestFirst} takes. */
export async function* newestFirst(
  ...from: ConstructorParameters<typeof NewestFirst>
): AsyncGenerator<CommitRecord> {
  const walk = new NewestFirst(...from);
  for (;;) {
    const commit = walk.take();
    if (commit) yield commit;
    else if (!(await walk.read())) return;
  }
}

/** Yields a commit and its ancestors, one generation of parents after the other, each once. */
export async function* breadthFirst(
  commits: CommitsView,
  uid: RepositoryUid,
  head: CommitRecord,
): AsyncGenerator<CommitRecord> {
  const parents = new Parents(commits, uid);
  const seen = new Set<CommitId>([head.id]);
  let level: readonly CommitRecord[] = [head];
  while (level.length > 0) {
    yield* level;
    const ids = level.flatMap((commit) => commit.parents).filter((id) => !seen.has(id));
    for (const id of ids) seen.add(id);
    level = await parents.of([...new Set(ids)]);
  }
}

/**
 * Reads parents. A history is a chain, so each read must wait for the one before; where many are
 * not at hand, whole pages are read along, and most of what comes next is among them.
 */
class Parents {
  #misses = 0;
  #pages = 0;
  #after: CommitId | undefined;

  constructor(
    private readonly commits: CommitsView,
    private readonly uid: RepositoryUid,
    private readonly missesPerPage = MISSES_PER_PAGE,
  ) {}

  async of(ids: readonly CommitId[]): Promise<readonly CommitRecord[]> {
    if (ids.length === 0) return [];
    this.#misses += ids.filter((id) => this.commits.atHand(this.uid, id) === undefined).length;
    if (this.#misses >= this.missesPerPage && this.#pages < PAGES_MAX) await this.#readAlong();
    const found = await this.commits.getAll(this.uid, ids);
    return found.map((commit) => {
      // Commits are brought in as data too, a child before its parents.
      if (!commit) throw new DomainError('commit_not_found');
      return commit;
    });
  }

  async #readAlong(): Promise<void> {
    this.#misses = 0;
    this.#pages++;
    const page = await this.commits.page(this.uid, this.#after, ROWS_PER_PAGE);
    this.#after = page.at(-1)?.id;
    if (page.length < ROWS_PER_PAGE) this.#pages = PAGES_MAX;
  }
}

const byDateThenId = (left: CommitRecord, right: CommitRecord): number =>
  right.createdAtMs - left.createdAtMs || (left.id < right.id ? 1 : -1);
