import { IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import type { CommitBranch } from '../../commands/branch/commit-branch.js';
import { IsText } from '../json-body.js';
import { metadataOf } from '../metadata.js';
import { HasSchema } from '../openapi/dto-schema.js';
import { METADATA, nullable } from '../openapi/schema.js';

export class CommitCreation {
  @IsText()
  readonly message!: string;

  /** Text to text; `metadataOf` says what is wrong in it. */
  @HasSchema(nullable(METADATA), 'optional')
  readonly metadata?: unknown;

  /** Epoch, seconds; until the end of the year 9999. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(253_402_300_799)
  readonly date?: number | null;

  @IsOptional()
  @IsBoolean()
  readonly allow_empty?: boolean | null;

  @IsOptional()
  @IsBoolean()
  readonly force?: boolean | null;
}

/** @throws DomainError invalid */
export function commitWish(body: CommitCreation): CommitBranch['wish'] {
  return {
    message: body.message,
    metadata: metadataOf(body.metadata, 'metadata'),
    dateMs: typeof body.date === 'number' ? body.date * 1000 : undefined,
    allowsEmpty: body.allow_empty === true,
    isForced: body.force === true,
  };
}
