import { DomainError } from '../domain/errors.js';
import type { BranchRecord } from '../domain/branch/branch.events.js';
import type { BranchId, CommitId, CommitRecord, TagId } from '../domain/model.js';
import {
  isCommitId,
  isCommitPrefix,
  parseRef,
  type ParsedRef,
  type RefModifier,
} from '../domain/ref/parse-ref.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
import { BranchesView } from '../projections/branches.view.js';
import type { CommitsView } from '../projections/commits.view.js';
import { TagsView } from '../projections/tags.view.js';
import type { KvSnapshot } from '../ports/kv-store.js';
import type { BranchMoment } from './as-of/find-moment.js';
import type { Moments } from './as-of/moments.js';

/** What a ref's base is: names go before short ids, a whole commit id before all. */
export type RefBase =
  | { readonly kind: 'branch'; readonly branch: BranchId; readonly record: BranchRecord }
  /** A branch as it stood: what becomes of it now changes nothing of that. */
  | { readonly kind: 'past branch'; readonly record: BranchRecord; readonly moment: BranchMoment }
  | { readonly kind: 'commit'; readonly commitId: CommitId };

/** Turns a ref into what it stands for now, or stood for at the moment that it names. */
export class Refs {
  constructor(
    private readonly commits: CommitsView,
    private readonly moments: Moments,
  ) {}

  /**
   * Returns what a ref's base is.
   *
   * @throws DomainError  ref_not_found; of a moment, whatever {@link Moments.find} refuses
   */
  async base(
    snapshot: KvSnapshot,
    repository: RepositoryRecord,
    { ref, parsed }: { readonly ref: string; readonly parsed: ParsedRef },
  ): Promise<RefBase> {
    const { base } = parsed;
    const { uid } = repository;
    if (parsed.asOf) return this.#past(snapshot, uid, { ref, parsed });
    if (isCommitId(base)) {
      const commit = await this.commits.get(uid, base as CommitId);
      if (commit) return { kind: 'commit', commitId: commit.id };
    }
    const record = await new BranchesView(snapshot).get(uid, base as BranchId);
    if (record) return { kind: 'branch', branch: base as BranchId, record };
    const tag = await new TagsView(snapshot).get(uid, base as TagId);
    if (tag) return { kind: 'commit', commitId: tag.commitId };
    if (isCommitPrefix(base)) {
      const commit = await this.commits.byPrefix(uid, base);
      if (commit) return { kind: 'commit', commitId: commit.id };
    }
    throw new DomainError('ref_not_found');
  }

  /**
   * Returns the commit that a ref stands for; of a branch, its head.
   *
   * @throws DomainError  ref_invalid, ref_not_found, commit_not_found, parent_out_of_range
   */
  async commit(
    snapshot: KvSnapshot,
    repository: RepositoryRecord,
    ref: string,
  ): Promise<CommitRecord> {
    return (await this.commitAndBase(snapshot, repository, ref)).commit;
  }

  /** Returns the commit that a ref stands for, and what it was counted from. Throws likewise. */
  async commitAndBase(
    snapshot: KvSnapshot,
    repository: RepositoryRecord,
    ref: string,
  ): Promise<{ readonly commit: CommitRecord; readonly base: RefBase }> {
    const parsed = parseRef(ref);
    const base = await this.base(snapshot, repository, { ref, parsed });
    if (parsed.modifiers[0]?.kind === 'staged') throw new DomainError('ref_invalid', { ref });
    return { commit: await this.walk(repository, base, { ref, parsed }), base };
  }

  /** Returns whether a name is the whole id of a commit: that goes before all other names. */
  async isCommit({ uid }: RepositoryRecord, name: string): Promise<boolean> {
    return isCommitId(name) && (await this.commits.get(uid, name as CommitId)) !== undefined;
  }

  /** Follows `~` and `^` from a base. */
  async walk(
    { uid }: RepositoryRecord,
    base: RefBase,
    { ref, parsed }: { ref: string; parsed: ParsedRef },
  ): Promise<CommitRecord> {
    let id = base.kind === 'commit' ? base.commitId : base.record.head.commitId;
    let commit = await this.#get(uid, id);
    for (const modifier of parsed.modifiers) {
      for (const parent of stepsOf(modifier, base, ref)) {
        if (parent > commit.parents.length) {
          throw modifier.kind === 'ancestor'
            ? new DomainError('ref_not_found')
            : new DomainError('ref_invalid', { ref });
        }
        id = commit.parents[parent - 1] ?? id;
        commit = await this.#get(uid, id);
      }
    }
    return commit;
  }

  async #past(
    snapshot: KvSnapshot,
    uid: RepositoryRecord['uid'],
    { ref, parsed }: { readonly ref: string; readonly parsed: ParsedRef },
  ): Promise<RefBase> {
    const { plainName, base } = parsed;
    // A commit has no history.
    const isCommit = isCommitId(base) && (await this.commits.get(uid, base as CommitId));
    if (isCommit) throw new DomainError('ref_invalid', { ref });
    const tag = plainName && (await new TagsView(snapshot).get(uid, plainName as TagId));
    if (tag) return { kind: 'commit', commitId: tag.commitId };
    const moment = await this.moments.find(uid, ref, parsed);
    if (moment.kind === 'commit') return moment;
    return { kind: 'past branch', record: moment.record, moment };
  }

  async #get(uid: RepositoryRecord['uid'], id: CommitId): Promise<CommitRecord> {
    const commit = await this.commits.get(uid, id);
    if (!commit) throw new DomainError('commit_not_found');
    return commit;
  }
}

/** Returns an error of a ref's look-up as the refusal of an operation, which names the ref. */
export function namedRefusal(error: unknown, of: { ref: string; step: string }): unknown {
  if (!(error instanceof DomainError)) return error;
  switch (error.code) {
    case 'ref_not_found':
    case 'commit_not_found':
      return new DomainError('commit_ref_not_found', of);
    case 'ref_invalid':
      return new DomainError('commit_ref_invalid', of);
    default:
      return error;
  }
}

/** Yields the number of the parent to go to, step by step; each from 1. */
function* stepsOf(modifier: RefModifier, base: RefBase, ref: string): Generator<number> {
  switch (modifier.kind) {
    case 'ancestor':
      for (let step = 0; step < modifier.count; step++) yield 1;
      return;
    case 'parent':
      if (modifier.number > 0) yield modifier.number;
      return;
    case 'committed':
    case 'staged':
      if (base.kind === 'commit') throw new DomainError('ref_invalid', { ref });
  }
}
