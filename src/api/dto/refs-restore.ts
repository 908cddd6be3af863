import { IsBoolean, IsOptional } from 'class-validator';
import type { MetaRangeId } from '../../domain/model.js';
import type { RefsWork } from '../../domain/refs-task/refs-task.events.js';
import { IsText } from '../json-body.js';

export class RefsRestore {
  @IsText()
  readonly commits_meta_range_id!: string;

  @IsText()
  readonly tags_meta_range_id!: string;

  @IsText()
  readonly branches_meta_range_id!: string;

  @IsOptional()
  @IsBoolean()
  readonly force?: boolean | null;
}

/** Whether there are such files, whoever reads them says. */
export function restoreOf(body: RefsRestore): Extract<RefsWork, { kind: 'restore' }> {
  return {
    kind: 'restore',
    refs: {
      commits: body.commits_meta_range_id as MetaRangeId,
      tags: body.tags_meta_range_id as MetaRangeId,
      branches: body.branches_meta_range_id as MetaRangeId,
    },
    isForced: body.force === true,
  };
}
