import { LRUCache } from 'lru-cache';
import type { BranchRecord } from '../domain/branch/branch.events.js';
import { DomainError } from '../domain/errors.js';
import type { BranchId, MetaRangeId, RepositoryId, StagingToken } from '../domain/model.js';
import { isCommitId, parseRef, type ParsedRef } from '../domain/ref/parse-ref.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
import { tokensBetween } from '../domain/staging/staging.stream.js';
import type { KvRead, KvRow, KvSnapshot, KvStore } from '../ports/kv-store.js';
import { BranchesView } from '../projections/branches.view.js';
import { decodeValue } from '../projections/kv-codec.js';
import { found, RepositoriesView } from '../projections/repositories.view.js';
import { assert } from '../shared/assert.js';
import type { Moments } from './as-of/moments.js';
import type { RefBase, Refs } from './resolve-ref.js';

/** Where a read looks, newest first: staging tokens, then a committed tree. */
export interface ReadPoint {
  readonly repository: RepositoryRecord;
  /** Newest first; none of a commit, a tag, or `branch@`. */
  readonly tokens: readonly StagingToken[];
  /** Undefined of `branch$`: what is staged, only. */
  readonly metaRangeId: MetaRangeId | undefined;
  /** The branch's record, of the same state; undefined of a commit or a tag. */
  readonly branch: BranchRecord | undefined;
}

export interface PlannedRead {
  readonly point: ReadPoint;
  /** The rows of what was planned, of the same state as the point. */
  readonly rows: readonly (readonly KvRow[])[];
}

export interface BranchBeside extends Pick<PlannedRead, 'rows'> {
  readonly repository: RepositoryRecord;
  readonly record: BranchRecord;
}

type Plan = (point: ReadPoint) => readonly KvRead[];

/** A row that was seen with what it says, so that the same bytes are not parsed again. */
interface Seen<Record> {
  /** One object for all who ask for the row: what waits together is read once. */
  readonly read: KvRead;
  readonly value: Uint8Array;
  readonly record: Record;
}

interface SeenBranch extends Seen<BranchRecord> {
  /** Of a ref that is the bare name, and of the repository as it was seen then. */
  point: ReadPoint | undefined;
}

interface SeenRef {
  readonly parsed: ParsedRef;
  readonly mayBeBranch: boolean;
}

/** How many it remembers of each. */
export interface ReadMemory {
  readonly repositoriesMax: number;
  readonly refsMax: number;
}

const MEMORY: ReadMemory = { repositoriesMax: 1_000, refsMax: 10_000 };

/** Guesses that may turn out old before a read takes a snapshot of several statements instead. */
const GUESSES_MAX = 4;

/**
 * Reads at a ref, all of one state.
 *
 * The tokens to look into stand in the branch's row. To need one statement all the same, a read
 * guesses with the row seen last, reads that row again together with what it wants, and does it
 * over when the row is another one: the guess costs nothing when wrong, and is never believed.
 */
export class ReadsAt {
  readonly #repositories: LRUCache<RepositoryId, Seen<RepositoryRecord>>;
  readonly #branches: LRUCache<string, SeenBranch>;
  readonly #refs: LRUCache<string, SeenRef>;

  constructor(
    private readonly kv: KvStore,
    private readonly refs: Refs,
    private readonly moments: Moments,
    { repositoriesMax, refsMax }: ReadMemory = MEMORY,
  ) {
    this.#repositories = new LRUCache({ max: repositoriesMax });
    this.#branches = new LRUCache({ max: refsMax });
    this.#refs = new LRUCache({ max: refsMax });
  }

  /**
   * Returns where a ref points and the rows that `plan` asks for there.
   *
   * @throws DomainError  repository_not_found, ref_not_found, ref_invalid
   */
  async read(repository: RepositoryId, ref: string, plan: Plan): Promise<PlannedRead> {
    const seenRef = this.#parse(ref);
    if (seenRef.mayBeBranch) {
      for (let guesses = 0; guesses < GUESSES_MAX; guesses++) {
        const read = await this.#guess(repository, seenRef.parsed, plan);
        if (read === 'no branch') break;
        if (read !== 'again') return read;
      }
    }
    const readAll = async (snapshot: KvSnapshot, point: ReadPoint) => {
      const reads = plan(point);
      return { point, rows: reads.length === 0 ? [] : await snapshot.read(reads) };
    };
    // Tags and commits stand still, so what is read of them one by one is one state all the same.
    const owner = await new RepositoriesView(this.kv).get(repository);
    const { base, point } = await this.#point(this.kv, owner, ref);
    if (point.tokens.length === 0) return { point, rows: [] };
    if (base.kind === 'past branch') return readAll(await this.moments.rows(base.moment), point);
    return this.within(repository, ref, readAll);
  }

  /**
   * Returns a branch of a repository, both as one state has them; undefined when there is none.
   *
   * @throws DomainError repository_not_found
   */
  async branch(
    repository: RepositoryId,
    branch: BranchId,
  ): Promise<{ repository: RepositoryRecord; record: BranchRecord } | undefined> {
    const parsed: ParsedRef = { base: branch, modifiers: [] };
    for (let guesses = 0; guesses < GUESSES_MAX; guesses++) {
      const read = await this.#guess(repository, parsed, () => []);
      if (read === 'no branch') return undefined;
      if (read === 'again') continue;
      // Of this very read: a slower reader may have noted an older record since.
      const { repository: owner, branch: record } = read.point;
      assert(record, 'a branch has a record');
      return { repository: owner, record };
    }
    return this.kv.snapshot(async (snapshot) => {
      const owner = await new RepositoriesView(snapshot).get(repository);
      const record = await new BranchesView(snapshot).get(owner.uid, branch);
      return record && { repository: owner, record };
    });
  }

  /** The same, of a branch as of a moment too: `main@{…}`. */
  async branchAt(
    repository: RepositoryId,
    ref: string,
  ): Promise<{ repository: RepositoryRecord; record: BranchRecord } | undefined> {
    const { parsed } = this.#parse(ref);
    if (!parsed.asOf) return this.branch(repository, ref as BranchId);
    const owner = await new RepositoriesView(this.kv).get(repository);
    const base = await this.refs.base(this.kv, owner, { ref, parsed });
    return base.kind === 'past branch' ? { repository: owner, record: base.record } : undefined;
  }

  /**
   * Returns the branch that a ref is the bare name of, and the rows that `beside` asks for, all of
   * one state; undefined: the ref is anything else, or there is no such branch.
   *
   * @throws DomainError repository_not_found
   */
  async branchBeside(
    repository: RepositoryId,
    ref: string,
    beside: (repository: RepositoryRecord) => readonly KvRead[],
  ): Promise<BranchBeside | undefined> {
    const parsed: ParsedRef = { base: ref, modifiers: [] };
    if (!mayBeBranch(parsed)) return undefined;
    for (let guesses = 0; guesses < GUESSES_MAX; guesses++) {
      const read = await this.#guess(repository, parsed, (at) => beside(at.repository));
      if (read === 'no branch') return undefined;
      if (read === 'again') continue;
      const { point, rows } = read;
      assert(point.branch, 'a branch has a record');
      return { repository: point.repository, record: point.branch, rows };
    }
    return undefined;
  }

  /** Runs several reads at a ref on one state; dearer than {@link read}. */
  within<Result>(
    repository: RepositoryId,
    ref: string,
    work: (snapshot: KvSnapshot, point: ReadPoint) => Promise<Result>,
  ): Promise<Result> {
    if (this.#parse(ref).parsed.asOf) return this.#withinPast(repository, ref, work);
    return this.kv.snapshot(async (snapshot) => {
      const [rows] = await snapshot.read([RepositoriesView.read(repository)]);
      const record = found(rows);
      const { point } = await this.#point(snapshot, record, ref);
      return work(snapshot, point);
    });
  }

  /** What was is not of the present's state, and needs no snapshot of it. */
  async #withinPast<Result>(
    repository: RepositoryId,
    ref: string,
    work: (snapshot: KvSnapshot, point: ReadPoint) => Promise<Result>,
  ): Promise<Result> {
    const owner = await new RepositoriesView(this.kv).get(repository);
    const { base, point } = await this.#point(this.kv, owner, ref);
    const isPast = base.kind === 'past branch' && point.tokens.length > 0;
    return work(isPast ? await this.moments.rows(base.moment) : this.kv, point);
  }

  async #guess(
    repository: RepositoryId,
    { base, modifiers }: ParsedRef,
    plan: Plan,
  ): Promise<PlannedRead | 'again' | 'no branch'> {
    const seenRepository = this.#repositories.get(repository);
    if (!seenRepository) {
      const read = RepositoriesView.read(repository);
      const [rows] = await this.kv.read([read]);
      this.#noteRepository(repository, read, rows);
      return 'again';
    }
    const { record: owner } = seenRepository;
    const key = `${owner.uid}/${base}`;
    const seenBranch = this.#branches.get(key);
    const point = seenBranch && seenPoint(owner, base as BranchId, seenBranch, modifiers[0]?.kind);
    const planned = point ? plan(point) : [];
    const branchRead = seenBranch?.read ?? BranchesView.read(owner.uid, base as BranchId);
    const reads = [seenRepository.read, branchRead, ...planned];
    const [repositoryRows, branchRows, ...rows] = await this.kv.read(reads);
    if (!isSame(seenRepository, repositoryRows)) {
      this.#noteRepository(repository, seenRepository.read, repositoryRows);
      return 'again';
    }
    const row = branchRows?.[0];
    if (!row) {
      this.#branches.delete(key);
      return 'no branch';
    }
    if (!point || !isSame(seenBranch, branchRows)) {
      const record = decodeValue<BranchRecord>(row);
      this.#branches.set(key, { read: branchRead, value: row.value, record, point: undefined });
      return 'again';
    }
    return { point, rows };
  }

  #noteRepository(
    repository: RepositoryId,
    read: KvRead,
    rows: readonly KvRow[] | undefined,
  ): void {
    const row = rows?.[0];
    if (!row) {
      this.#repositories.delete(repository);
      throw new DomainError('repository_not_found');
    }
    this.#repositories.set(repository, { read, value: row.value, record: found(rows) });
  }

  async #point(
    snapshot: KvSnapshot,
    repository: RepositoryRecord,
    ref: string,
  ): Promise<{ readonly base: RefBase; readonly point: ReadPoint }> {
    const { parsed } = this.#parse(ref);
    const base = await this.refs.base(snapshot, repository, { ref, parsed });
    const isPlain = parsed.modifiers.length === 0 || !mayWalk(parsed);
    if (base.kind !== 'commit' && isPlain) {
      const branch = base.kind === 'branch' ? base.branch : base.moment.branch;
      const mark = parsed.modifiers[0]?.kind;
      return { base, point: pointOf(repository, branch, base.record, mark) };
    }
    const { metaRangeId } = await this.refs.walk(repository, base, { ref, parsed });
    return { base, point: { repository, tokens: [], metaRangeId, branch: undefined } };
  }

  #parse(ref: string): SeenRef {
    const known = this.#refs.get(ref);
    if (known) return known;
    const parsed = parseRef(ref);
    const seen = { parsed, mayBeBranch: mayBeBranch(parsed) };
    this.#refs.set(ref, seen);
    return seen;
  }
}

function seenPoint(
  repository: RepositoryRecord,
  branch: BranchId,
  seen: SeenBranch,
  mark: string | undefined,
): ReadPoint {
  if (mark !== undefined) return pointOf(repository, branch, seen.record, mark);
  if (seen.point?.repository === repository) return seen.point;
  seen.point = pointOf(repository, branch, seen.record);
  return seen.point;
}

/** Returns where a read of a branch looks. */
export function pointOf(
  repository: RepositoryRecord,
  branch: BranchId,
  record: BranchRecord,
  mark?: string,
): ReadPoint {
  const { life, head, tokens } = record;
  const of = { uid: repository.uid, branch, life };
  const names = mark === 'committed' ? [] : tokensBetween(of, tokens);
  const metaRangeId = mark === 'staged' ? undefined : head.metaRangeId;
  return { repository, tokens: names, metaRangeId, branch: record };
}

const mayWalk = ({ modifiers }: ParsedRef): boolean =>
  modifiers.some(({ kind }) => kind === 'ancestor' || kind === 'parent');

/** A whole commit id goes before a branch of that name, so it is looked up the long way. */
const mayBeBranch = (parsed: ParsedRef): boolean =>
  !parsed.asOf && !mayWalk(parsed) && !isCommitId(parsed.base) && /^\w[-\w]*$/.test(parsed.base);

const isSame = (seen: Seen<unknown> | undefined, rows: readonly KvRow[] | undefined): boolean => {
  const row = rows?.[0];
  return row !== undefined && seen !== undefined && Buffer.compare(row.value, seen.value) === 0;
};
