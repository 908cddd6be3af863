import { IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import type { CherryPick } from '../../commands/branch/cherry-pick.js';
import { IsText } from '../json-body.js';
import { HasSchema } from '../openapi/dto-schema.js';
import { refText } from '../parse.js';
import { COMMIT_OVERRIDES, commitOverrides } from './commit-overrides.js';
import { PARENT_NUMBER_MAX } from './revert-creation.js';

export class CherryPickCreation {
  @IsText()
  readonly ref!: string;

  /** From 1; a merge cannot do without. */
  @IsOptional()
  @Min(1)
  @Max(PARENT_NUMBER_MAX)
  @IsInt()
  readonly parent_number?: number | null;

  @HasSchema(COMMIT_OVERRIDES, 'optional')
  readonly commit_overrides?: unknown;

  @IsOptional()
  @IsBoolean()
  readonly force?: boolean | null;
}

/** @throws DomainError invalid */
export function cherryPickWish(body: CherryPickCreation): CherryPick['wish'] {
  return {
    ref: refText(body.ref, 'ref'),
    parentNumber: body.parent_number ?? undefined,
    overrides: commitOverrides(body.commit_overrides),
    isForced: body.force === true,
  };
}
