import { IsBoolean, IsOptional } from 'class-validator';
import type { CreateTag } from '../../commands/tag/create-tag.js';
import { IsText } from '../json-body.js';
import { refText, tagId } from '../parse.js';

export class TagCreation {
  @IsText()
  readonly id!: string;

  @IsText()
  readonly ref!: string;

  @IsOptional()
  @IsBoolean()
  readonly force?: boolean | null;
}

/** @throws DomainError invalid */
export function tagWish(body: TagCreation): CreateTag['wish'] {
  return {
    tag: tagId(body.id, 'id'),
    ref: refText(body.ref, 'ref'),
    isForced: body.force === true,
  };
}
