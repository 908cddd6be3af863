import { IsBoolean, IsInt, IsOptional, Matches, Min } from 'class-validator';
import type { CommitId } from '../../domain/model.js';
import type { UndoBranch } from '../../commands/undo/undo-branch.js';
import { IsText } from '../json-body.js';

/** Which operation is meant; left out: the newest. */
export class UndoRequest {
  /** Its revision in the branch's stream, as the reflog has it. */
  @IsOptional()
  @IsInt()
  @Min(0)
  readonly revision?: number | null;

  /** The commit that the branch stands at. */
  @IsOptional()
  @IsText()
  @Matches(/^[0-9a-f]{64}$/, { message: 'is not the id of a commit' })
  readonly commit_id?: string | null;

  @IsOptional()
  @IsBoolean()
  readonly force?: boolean | null;
}

export const undoWish = (body: UndoRequest): UndoBranch['wish'] => ({
  revision: body.revision ?? undefined,
  commitId: (body.commit_id ?? undefined) as CommitId | undefined,
  isForced: body.force === true,
});
