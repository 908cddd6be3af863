import { IsBoolean, IsOptional } from 'class-validator';
import type { CreateBranch } from '../../commands/branch/create-branch.js';
import { IsText } from '../json-body.js';
import { branchId, refText } from '../parse.js';

export class BranchCreation {
  @IsText()
  readonly name!: string;

  @IsText()
  readonly source!: string;

  @IsOptional()
  @IsBoolean()
  readonly force?: boolean | null;

  @IsOptional()
  @IsBoolean()
  readonly hidden?: boolean | null;
}

/** @throws DomainError invalid */
export function branchWish(body: BranchCreation): CreateBranch['wish'] {
  return {
    branch: branchId(body.name, 'name'),
    sourceRef: refText(body.source, 'source'),
    isHidden: body.hidden === true,
    isForced: body.force === true,
  };
}
