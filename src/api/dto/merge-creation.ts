import { IsBoolean, IsOptional } from 'class-validator';
import type { MergeIntoBranch } from '../../commands/branch/merge-into-branch.js';
import type { MergeStrategy } from '../../domain/branch/branch.wishes.js';
import { DomainError } from '../../domain/errors.js';
import { IsText } from '../json-body.js';
import { metadataOf } from '../metadata.js';
import { HasSchema } from '../openapi/dto-schema.js';
import { METADATA, nullable, oneOf } from '../openapi/schema.js';

export class Merge {
  /** Empty: says what was merged into what. */
  @IsOptional()
  @IsText()
  readonly message?: string | null;

  @HasSchema(nullable(METADATA), 'optional')
  readonly metadata?: unknown;

  @IsOptional()
  @IsText()
  @HasSchema(nullable(oneOf('', 'source-wins', 'dest-wins')), 'optional')
  readonly strategy?: string | null;

  @IsOptional()
  @IsBoolean()
  readonly force?: boolean | null;

  @IsOptional()
  @IsBoolean()
  readonly allow_empty?: boolean | null;

  @IsOptional()
  @IsBoolean()
  readonly squash_merge?: boolean | null;
}

/** @throws DomainError invalid */
export function mergeWish(body: Merge): Omit<MergeIntoBranch['wish'], 'sourceRef'> {
  return {
    message: body.message ?? '',
    metadata: metadataOf(body.metadata, 'metadata'),
    strategy: strategyOf(body.strategy ?? ''),
    isSquash: body.squash_merge === true,
    allowsEmpty: body.allow_empty === true,
    isForced: body.force === true,
  };
}

function strategyOf(text: string): MergeStrategy {
  if (text === '') return 'default';
  if (text === 'source-wins' || text === 'dest-wins') return text;
  const reason = `'${text}' is neither source-wins nor dest-wins`;
  throw new DomainError('invalid', { field: 'strategy', reason });
}
