import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import type { BranchId, RepositoryId } from '../domain/model.js';
import { EventLog } from '../ports/event-log.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import type { Page } from '../shared/page.js';
import { Reflog, type ReflogEntry } from './as-of/reflog.js';

/**
 * What happened to the branches of a name, newest first, those that are deleted too.
 *
 * @throws DomainError  repository_not_found; branch_not_found: there never was one
 */
export class ListReflog extends Query<Page<ReflogEntry>> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly page: {
      /** A revision of the branch's stream, exclusive; undefined: from the newest on. */
      readonly before: number | undefined;
      readonly amount: number;
    },
  ) {
    super();
  }
}

@QueryHandler(ListReflog)
export class ListReflogHandler implements IQueryHandler<ListReflog> {
  readonly #reflog: Reflog;

  constructor(
    log: EventLog,
    private readonly repositories: RepositoriesView,
  ) {
    this.#reflog = new Reflog(log);
  }

  async execute({ repository, branch, page }: ListReflog): Promise<Page<ReflogEntry>> {
    const { uid } = await this.repositories.get(repository);
    const found = await this.#reflog.page(uid, branch, page);
    if (!found) throw new DomainError('branch_not_found');
    return found;
  }
}
