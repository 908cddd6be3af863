import { IsBoolean, IsOptional } from 'class-validator';
import type { CreateRepository } from '../../commands/repository/create-repository.js';
import { DomainError } from '../../domain/errors.js';
import { IsText } from '../json-body.js';
import { branchId, repositoryId, storageNamespace } from '../parse.js';

export class RepositoryCreation {
  @IsText()
  readonly name!: string;

  @IsText()
  readonly storage_namespace!: string;

  /** Of several stores; this server has one, called "". */
  @IsOptional()
  @IsText()
  readonly storage_id?: string | null;

  @IsOptional()
  @IsText()
  readonly default_branch?: string | null;

  @IsOptional()
  @IsBoolean()
  readonly sample_data?: boolean | null;

  @IsOptional()
  @IsBoolean()
  readonly read_only?: boolean | null;
}

/** @throws DomainError invalid */
export function repositoryWish(
  body: RepositoryCreation,
  { isBare }: { isBare: boolean },
): CreateRepository['wish'] {
  if (body.storage_id) {
    throw new DomainError('invalid', { field: 'storage_id', reason: 'no such storage' });
  }
  return {
    name: repositoryId(body.name, 'name'),
    namespace: storageNamespace(body.storage_namespace),
    defaultBranch: branchId(body.default_branch || 'main', 'default_branch'),
    isReadOnly: body.read_only === true,
    isBare,
  };
}
