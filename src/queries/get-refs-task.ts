import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import type { RefsTaskId, RepositoryId } from '../domain/model.js';
import { KvStore } from '../ports/kv-store.js';
import type { RefsTaskRecord } from '../projections/kv-codec.js';
import { RefsTasksView } from '../projections/refs-tasks.view.js';
import { RepositoriesView } from '../projections/repositories.view.js';

export type FoundRefsTask = RefsTaskRecord;

/** @throws DomainError  repository_not_found; task_not_found: of this kind neither */
export class GetRefsTask extends Query<FoundRefsTask> {
  constructor(
    readonly repository: RepositoryId,
    readonly id: RefsTaskId,
    readonly kind: 'dump' | 'restore',
  ) {
    super();
  }
}

const prefixes = { dump: 'DR', restore: 'RR' } as const;

@QueryHandler(GetRefsTask)
export class GetRefsTaskHandler implements IQueryHandler<GetRefsTask> {
  constructor(
    private readonly kv: KvStore,
    private readonly repositories: RepositoriesView,
  ) {}

  async execute({ repository, id, kind }: GetRefsTask): Promise<FoundRefsTask> {
    const { uid } = await this.repositories.get(repository);
    const isOfKind = id.startsWith(prefixes[kind]);
    const found = isOfKind ? await new RefsTasksView(this.kv).get(uid, id) : undefined;
    if (!found) throw new DomainError('task_not_found');
    return found;
  }
}
