import { DomainError } from '../domain/errors.js';
import type { BranchId, RepositoryId } from '../domain/model.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
import type { RepositoriesView } from '../projections/repositories.view.js';
import type { BranchPlace } from './branch/branches.js';

/** Repositories whose records are kept at hand. */
const REPOSITORIES_MAX = 1_000;

/**
 * Where commands write. A repository's record never changes, so a hot path need not read it: a
 * write to one that was deleted meanwhile finds its token closed, and `forget` is called then.
 */
export class Places {
  readonly #known = new Map<RepositoryId, RepositoryRecord>();

  constructor(private readonly repositories: RepositoriesView) {}

  /**
   * Returns a repository as it was seen last.
   *
   * @throws DomainError repository_not_found
   */
  async repository(name: RepositoryId): Promise<RepositoryRecord> {
    return this.#known.get(name) ?? (await this.fresh(name));
  }

  /** Returns a repository as the view has it now. @throws DomainError repository_not_found */
  async fresh(name: RepositoryId): Promise<RepositoryRecord> {
    this.#known.delete(name);
    const record = await this.repositories.get(name);
    const oldest = this.#known.keys().next();
    if (this.#known.size >= REPOSITORIES_MAX && !oldest.done) this.#known.delete(oldest.value);
    this.#known.set(name, record);
    return record;
  }

  /**
   * Runs work on a branch, once more with a fresh record when it is not found: the name may have
   * gone to another repository since it was seen.
   *
   * @throws DomainError  repository_not_found; read_only_repository unless forced
   */
  async at<Result>(
    { name, branch, isForced }: { name: RepositoryId; branch: BranchId; isForced: boolean },
    work: (place: BranchPlace) => Promise<Result>,
  ): Promise<Result> {
    const repository = await this.repository(name);
    try {
      return await work({ repository: writable(repository, isForced), branch });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    const now = await this.fresh(name);
    if (now.uid === repository.uid) throw new DomainError('branch_not_found');
    return work({ repository: writable(now, isForced), branch });
  }

  /**
   * Returns how a write is refused that cannot simply be done over, since its body was read.
   *
   * A name may go to another repository while a body comes: there the branch may well be.
   */
  async refusalAt({ repository }: BranchPlace, error: unknown): Promise<unknown> {
    if (!isNotFound(error)) return error;
    const { uid } = await this.fresh(repository.name);
    return uid === repository.uid ? error : new DomainError('store_busy');
  }
}

/** @throws DomainError read_only_repository */
export function writable(repository: RepositoryRecord, isForced: boolean): RepositoryRecord {
  if (repository.isReadOnly && !isForced) throw new DomainError('read_only_repository');
  return repository;
}

/** Returns whether a place was not there: perhaps only because its name means another one now. */
export const isNotFound = (error: unknown): boolean =>
  error instanceof DomainError &&
  (error.code === 'branch_not_found' || error.code === 'repository_not_found');
