import { IsBoolean, IsIn, IsOptional } from 'class-validator';
import type { ResetBranch } from '../../commands/branch/reset-branch.js';
import type { ResetScope } from '../../domain/branch/branch.wishes.js';
import { DomainError } from '../../domain/errors.js';
import { IsText } from '../json-body.js';
import { objectPath, PATH_BYTES_MAX } from '../parse.js';

const TYPES = ['object', 'common_prefix', 'reset'] as const;

export class ResetCreation {
  /** `reset`: everything that is staged. */
  @IsIn(TYPES)
  readonly type!: (typeof TYPES)[number];

  @IsOptional()
  @IsText()
  readonly path?: string | null;

  @IsOptional()
  @IsBoolean()
  readonly force?: boolean | null;
}

/** @throws DomainError invalid */
export function resetWish(body: ResetCreation): ResetBranch['wish'] {
  return { scope: scopeOf(body), isForced: body.force === true };
}

function scopeOf({ type, path }: ResetCreation): ResetScope {
  switch (type) {
    case 'reset':
      return { kind: 'all' };
    case 'object':
      return { kind: 'object', path: objectPath(path ?? '') };
    case 'common_prefix': {
      const prefix = path ?? '';
      // Nothing less than all has every path in it.
      if (prefix === '') return { kind: 'all' };
      if (prefix.includes('\0') || Buffer.byteLength(prefix) > PATH_BYTES_MAX) {
        throw new DomainError('invalid', { field: 'path', reason: 'is no beginning of a path' });
      }
      return { kind: 'prefix', prefix };
    }
  }
}
