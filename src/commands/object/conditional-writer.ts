import { changesValues, intentIdOf, type LiveBranch } from '../../domain/branch/branch.state.js';
import { DomainError } from '../../domain/errors.js';
import type { ObjectEntry, ObjectPath, StagingToken } from '../../domain/model.js';
import type { StagingEvent } from '../../domain/staging/staging.events.js';
import { stagingStream } from '../../domain/staging/staging.stream.js';
import type { CommittedStore } from '../../ports/committed-store.js';
import type { EventLog, StreamAppend } from '../../ports/event-log.js';
import { partitions } from '../../projections/kv-keys.js';
import { READS_PER_WORD, wordAt } from '../../projections/staging.view.js';
import type { PlannedRead, ReadsAt } from '../../queries/read-at.js';
import { effectiveEntry } from '../../queries/stat-object.js';
import { utf8 } from '../../shared/bytes.js';
import type { Branches, BranchPlace } from '../branch/branches.js';
import type { Intents } from '../branch/intents.js';
import { live } from '../branch/successor.js';
import type { Request } from '../request.js';
import type { StagingWriter } from './staging-writer.js';

/** Looks that may be in vain before a write takes its turn in line with those that are to seal. */
const LOOKS_BESIDE_MAX = 4;
/** One learns what is pending, one where the token ends; the rest is for what other nodes do. */
const LOOKS_A_TURN = 4;
/** Turns in vain before its caller is told that the branch is busy. */
const TURNS_MAX = 50;
/** Looks of one that is not for a write. */
const LOOKS_MAX = 200;

/** A write that depends on what its path has. */
export interface ConditionalWrite {
  readonly path: ObjectPath;
  /**
   * Returns what is written, all of it to this path, or `[]`; asked once for each look, with what
   * the branch shows there. What it throws is the refusal.
   */
  readonly decide: (current: ObjectEntry | undefined) => readonly StagingEvent[];
  /** What is written with it in other streams, or not at all. */
  readonly beside?: readonly StreamAppend[];
  /** A look that was taken before, for a refusal before a body: it may well still stand. */
  readonly seen?: Look;
}

/** What a branch shows at a path at one moment. */
export interface Look {
  readonly current: ObjectEntry | undefined;
  /** Undefined: no token is named yet. */
  readonly token: StagingToken | undefined;
  /** Whether the open token has a word on the path, a tombstone too. */
  readonly isSaidByToken: boolean;
  readonly branch: NonNullable<PlannedRead['point']['branch']>;
  /** The token of which it was known, before the look, that nothing pending changes values. */
  readonly calm?: string | undefined;
}

/** What a write has learnt by looking. */
interface Course {
  /** A look to begin with. */
  seen: Look | undefined;
  /** The token of which it is known that no intent pending then changes values. */
  calm: string | undefined;
  /** The end of the token looked at, from before the look. */
  end: { readonly token: StagingToken; readonly revision: number } | undefined;
  /** Whether nothing of this process seals meanwhile. */
  isInLine: boolean;
}

/**
 * Writes to a path on a condition that the log decides at the append.
 *
 * A look reads branch and path from one snapshot. It stands until the append when (1) no intent
 * that changes values was pending at the look, since one that is asked for later closes the token
 * first, and (2) the path has no event in the open token behind the look: that is the append's
 * guard. So beside other writers nothing is lost, and only a write to the same path makes it look
 * again, or an intent that came between; where those come without a pause it takes its turn among
 * them.
 *
 * Source: docs/adr/0002-control-and-staging-streams-apart.md.
 */
export class ConditionalWriter {
  constructor(
    private readonly log: EventLog,
    private readonly branches: Branches,
    private readonly intents: Intents,
    private readonly writer: StagingWriter,
    private readonly reads: ReadsAt,
    private readonly committed: CommittedStore,
  ) {}

  /**
   * Writes what `decide` says of the path, when nobody writes to it between.
   *
   * @returns what was written: `[]` when `decide` said so
   * @throws DomainError  branch_not_found, protected_branch_write; whatever `decide` throws
   * @throws WrongExpectedRevision  of a stream `beside`
   */
  write(
    place: BranchPlace,
    write: ConditionalWrite,
    request: Request,
  ): Promise<readonly StagingEvent[]> {
    return this.writer.during(place, request, () => this.#write(place, write, request));
  }

  /**
   * Looks at a path: a refusal on what it shows is true, before a body is taken.
   *
   * @throws DomainError branch_not_found
   */
  async look(place: BranchPlace, path: ObjectPath): Promise<Look> {
    // Before the look, as it is in a write: see #write.
    const calm = calmTokenOf(this.branches.cached(place)?.state);
    return { ...(await this.#look(place, path)), calm };
  }

  async #write(
    place: BranchPlace,
    write: ConditionalWrite,
    request: Request,
  ): Promise<readonly StagingEvent[]> {
    const { seen } = write;
    const calm = seen ? seen.calm : calmTokenOf(this.branches.cached(place)?.state);
    const course: Course = { seen, calm, end: undefined, isInLine: false };
    const attempts = async (count: number) => {
      for (let looks = 0; looks < count; looks++) {
        const written = await this.#attempt(place, write, course, request);
        if (written) return written;
      }
      return undefined;
    };
    const soon = await attempts(LOOKS_BESIDE_MAX);
    if (soon) return soon;
    // Each commit closes the token that was looked at, and each merge may have changed the path.
    // Where they come without a pause nobody would ever be done between two of them.
    course.isInLine = true;
    for (let turns = 0; turns < TURNS_MAX; turns++) {
      const written = await this.intents.inLine(place, () => attempts(LOOKS_A_TURN));
      if (written) return written;
    }
    throw new DomainError('store_busy');
  }

  /** Looks once, and writes if the look stands. @returns undefined: it must look again */
  async #attempt(
    place: BranchPlace,
    { path, decide, beside }: ConditionalWrite,
    course: Course,
    request: Request,
  ): Promise<readonly StagingEvent[] | undefined> {
    const look = course.seen ?? (await this.#look(place, path));
    course.seen = undefined;
    const { current, token, isSaidByToken, branch } = look;
    if (branch.pendingCount > 0 && course.calm !== nameOfToken(branch)) {
      // Who asks behind a look may miss what was completed between: so ask, and look again.
      await this.#calm(place, course, request);
      return undefined;
    }
    const events = decide(current);
    if (events.length === 0) return (await this.writer.effectOf(request)) ?? [];
    if (token === undefined) {
      await this.writer.afterClose(place, branch.tokens.hi, request);
      return undefined;
    }
    const stream = stagingStream(token);
    const { end } = course;
    if (isSaidByToken && end?.token !== token) {
      // Read before the next look, so whatever came until then is in what that one sees.
      course.end = { token, revision: (await this.log.end(stream)).revision };
      return undefined;
    }
    // Of a path that the token says nothing of it has no event at all.
    const sinceRevision = isSaidByToken && end ? end.revision : -1;
    const guard = { key: utf8(path), sinceRevision };
    const append = { stream, events, guard, ...(beside && { beside }) };
    const written = await this.writer.append(append, request);
    if (typeof written !== 'string') {
      this.writer.wrote(place);
      return written;
    }
    if (written === 'closed') await this.writer.afterClose(place, branch.tokens.hi, request);
    course.end = undefined;
    return undefined;
  }

  async #look(place: BranchPlace, path: ObjectPath): Promise<Look> {
    const key = utf8(path);
    const { repository, branch: name } = place;
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      const read = await this.reads.read(repository.name, name, ({ tokens }) => [
        // Shown or not, a word is an event of this path, of which the guard must know.
        ...tokens.slice(0, 1).map((token) => ({
          kind: 'get' as const,
          partition: partitions.idleTombstones(token),
          key,
        })),
        ...tokens.flatMap((token) => wordAt(token, key)),
      ]);
      const { branch, tokens, repository: owner } = read.point;
      // The name means another repository now.
      if (owner.uid !== repository.uid) throw new DomainError('branch_not_found');
      if (branch === undefined) {
        // Only the log's end may say that there is no branch.
        live(await this.branches.view(place));
        continue;
      }
      const own = read.rows.slice(0, 1 + READS_PER_WORD);
      const isSaidByToken = own.some((rows) => rows.length > 0);
      const words = { ...read, rows: read.rows.slice(1) };
      const current = await effectiveEntry(this.committed, words, path);
      return { current, token: tokens[0], isSaidByToken, branch };
    }
    throw new DomainError('store_busy');
  }

  /**
   * Learns of which token nothing pending changes values, or waits for what does. What comes behind
   * that meanwhile is not waited for: on a busy branch there is always something.
   */
  async #calm(place: BranchPlace, course: Course, request: Request): Promise<void> {
    const { state } = live(await this.branches.view(place));
    course.calm = calmTokenOf(state);
    const last = state.queue.findLast(changesValues);
    if (last === undefined) return;
    const waited = [place, intentIdOf(last), request] as const;
    try {
      await (course.isInLine
        ? this.intents.outcomeInLine(...waited)
        : this.intents.outcomeOfOther(...waited));
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'intent_pending') throw error;
      // It completes, and nothing was accepted of this write.
      throw new DomainError('branch_busy', { waitingCount: state.queue.length });
    }
    course.calm = calmTokenOf(this.branches.cached(place)?.state);
  }
}

/** Every intent names a new token, so of those pending at one token's time none is added. */
export const nameOfToken = ({ life, tokens }: Pick<LiveBranch, 'life' | 'tokens'>): string =>
  `${life}.${tokens.hi}`;

/** Returns the token of a branch with nothing pending that changes values; else undefined. */
export const calmTokenOf = (state: LiveBranch | { readonly status: 'absent' } | undefined) =>
  state?.status === 'live' && !state.queue.some(changesValues) ? nameOfToken(state) : undefined;
