import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import type { ImportId, RepositoryId } from '../domain/model.js';
import { KvStore } from '../ports/kv-store.js';
import { ImportsView } from '../projections/imports.view.js';
import type { ImportRecord } from '../projections/kv-codec.js';
import { RepositoriesView } from '../projections/repositories.view.js';

export type FoundImport = ImportRecord;

/** @throws DomainError  repository_not_found, import_not_found */
export class GetImport extends Query<FoundImport> {
  constructor(
    readonly repository: RepositoryId,
    readonly id: ImportId,
  ) {
    super();
  }
}

@QueryHandler(GetImport)
export class GetImportHandler implements IQueryHandler<GetImport> {
  constructor(
    private readonly kv: KvStore,
    private readonly repositories: RepositoriesView,
  ) {}

  async execute({ repository, id }: GetImport): Promise<FoundImport> {
    const { uid } = await this.repositories.get(repository);
    const found = await new ImportsView(this.kv).get(uid, id);
    if (!found) throw new DomainError('import_not_found');
    return found;
  }
}
