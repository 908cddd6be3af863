import type { BranchResult, IntentFailed } from '../../domain/branch/branch.events.js';
import type { Wish } from '../../domain/branch/branch.wishes.js';
import { REQUEST_PART } from '../../domain/branch/intent-parts.js';
import { DomainError } from '../../domain/errors.js';
import { eventIdOf } from '../../domain/event-id.js';
import type {
  BranchId,
  CommitId,
  CommitRecord,
  Metadata,
  RepositoryId,
} from '../../domain/model.js';
import type { Clock } from '../../ports/clock.js';
import { DEFAULT_RANGE_PARAMETERS } from '../../ports/committed-store.js';
import type { KvStore } from '../../ports/kv-store.js';
import { namedRefusal, type Refs } from '../../queries/resolve-ref.js';
import { assert } from '../../shared/assert.js';
import type { Places } from '../places.js';
import type { Request } from '../request.js';
import type { Branches, BranchPlace, IntentOutcome } from './branches.js';
import { intentIdOfRequest, type Intents } from './intents.js';
import { refusalOf } from './refusals.js';
import { live } from './successor.js';

/** What a new commit says beside what it holds; a wish that makes none says nothing. */
export interface CommitWords {
  readonly message: string;
  readonly metadata: Metadata;
}

const NO_WORDS: CommitWords = { message: '', metadata: [] };

/** What an operation on a branch does around its own wish. */
export class BranchOperations {
  constructor(
    private readonly kv: KvStore,
    private readonly clock: Clock,
    private readonly places: Places,
    private readonly refs: Refs,
    private readonly branches: Branches,
    private readonly intents: Intents,
  ) {}

  /**
   * Runs work on a branch.
   *
   * @throws DomainError  repository_not_found; read_only_repository unless forced
   */
  at<Result>(
    target: { name: RepositoryId; branch: BranchId; isForced: boolean },
    work: (place: BranchPlace) => Promise<Result>,
  ): Promise<Result> {
    return this.places.at(target, work);
  }

  /**
   * Returns the commit that a ref names now: a request holds commits, never names that may move.
   *
   * @param step  what it is looked up for, as it stands before the ref in a refusal
   * @throws DomainError  branch_not_found of the place itself; commit_ref_not_found,
   *   commit_ref_invalid
   */
  async named(place: BranchPlace, ref: string, step: string): Promise<CommitRecord> {
    return (await this.namedFrom(place, ref, step)).commit;
  }

  /**
   * Looks whether a commit's parent is there: one that was brought in as data may lack it. A
   * request would wait for it for ever; what is there once stays.
   *
   * @throws DomainError  commit_ref_not_found
   */
  async parentNamed(place: BranchPlace, parent: CommitId | undefined): Promise<void> {
    if (parent !== undefined) await this.named(place, parent, 'get commit from ref');
  }

  /** The same, with the head that the ref was counted from when that is the branch's own. */
  async namedFrom(
    place: BranchPlace,
    ref: string,
    step: string,
  ): Promise<{ readonly commit: CommitRecord; readonly head: CommitId | null }> {
    try {
      const { commit, base } = await this.refs.commitAndBase(this.kv, place.repository, ref);
      const isOwn = base.kind === 'branch' && base.branch === place.branch;
      return { commit, head: isOwn ? base.record.head.commitId : null };
    } catch (error) {
      // Of a branch that is not there nothing else is worth saying.
      live(await this.branches.view(place));
      throw namedRefusal(error, { ref, step });
    }
  }

  /**
   * Returns what this request has come to, if it came before: what it names may have gone since.
   * Else asks for an intent, and returns what the log says became of it.
   *
   * @param intent  looks up what it names
   */
  async performNamed(
    place: BranchPlace,
    request: Request,
    intent: () => Promise<{ readonly wish: Wish; readonly words?: CommitWords }>,
  ): Promise<IntentOutcome> {
    const { once } = request;
    const id = intentIdOfRequest(request);
    const before = once?.isRepeat && (await this.branches.outcomeOf(place, id));
    if (before) return before;
    const { wish, words } = await intent();
    return this.perform(place, wish, request, words);
  }

  /** Returns what became of the intent that this request has asked for; undefined: of none. */
  async cameTo(place: BranchPlace, request: Request): Promise<IntentOutcome | undefined> {
    const id = intentIdOfRequest(request);
    const before = await this.branches.outcomeOf(place, id);
    if (before) return before;
    const asked = await this.branches.find(place, eventIdOf(id, REQUEST_PART));
    return asked && this.intents.outcome(place, id, request);
  }

  /** Asks for an intent, and returns what the log says became of it. */
  perform(
    place: BranchPlace,
    wish: Wish,
    request: Request,
    { message, metadata }: CommitWords = NO_WORDS,
  ): Promise<IntentOutcome> {
    const intent = {
      id: intentIdOfRequest(request),
      wish,
      message,
      metadata,
      committer: request.caller.user,
      dateMs: this.clock.nowMs(),
      ranges: DEFAULT_RANGE_PARAMETERS,
    };
    return this.intents.perform(place, intent, request);
  }
}

/**
 * Returns what an intent came to when it did not fail.
 *
 * @param step  what was asked for, as it stands before a reason
 * @param conflict  how paths in conflict are told; of a merge the message names them
 * @throws DomainError  what the log says why it failed; branch_not_found: it went with the branch
 */
export function succeeded(
  outcome: IntentOutcome,
  step: string,
  conflict?: Parameters<typeof refusalOf>[2],
): Exclude<BranchResult, IntentFailed> {
  if (outcome.type === 'IntentFailed') throw refusalOf(outcome, step, conflict);
  if (outcome.type === 'BranchDeleted') throw new DomainError('branch_not_found');
  return outcome;
}

/** Returns the commit that an intent made. @throws DomainError  see {@link succeeded} */
export function commitMade(...told: Parameters<typeof succeeded>): CommitRecord {
  const result = succeeded(...told);
  assert('commit' in result, `a commit was asked for, and it ended as ${result.type}`);
  return result.commit;
}
