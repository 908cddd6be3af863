import { IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import type { RevertBranch } from '../../commands/branch/revert-branch.js';
import { IsText } from '../json-body.js';
import { HasSchema } from '../openapi/dto-schema.js';
import { refText } from '../parse.js';
import { COMMIT_OVERRIDES, commitOverrides } from './commit-overrides.js';

/** No commit has more parents than a number of 32 bits can say. */
export const PARENT_NUMBER_MAX = 2_147_483_647;

export class RevertCreation {
  @IsText()
  readonly ref!: string;

  /** From 1, of a merge; 0 of any other commit. */
  @Min(0)
  @Max(PARENT_NUMBER_MAX)
  @IsInt()
  readonly parent_number!: number;

  @HasSchema(COMMIT_OVERRIDES, 'optional')
  readonly commit_overrides?: unknown;

  @IsOptional()
  @IsBoolean()
  readonly force?: boolean | null;

  @IsOptional()
  @IsBoolean()
  readonly allow_empty?: boolean | null;
}

/** @throws DomainError invalid */
export function revertWish(body: RevertCreation): RevertBranch['wish'] {
  return {
    ref: refText(body.ref, 'ref'),
    parentNumber: body.parent_number,
    overrides: commitOverrides(body.commit_overrides),
    allowsEmpty: body.allow_empty === true,
    isForced: body.force === true,
  };
}
