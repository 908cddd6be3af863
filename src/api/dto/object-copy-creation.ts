import { IsBoolean, IsOptional } from 'class-validator';
import type { CloneObject } from '../../commands/object/clone-object.js';
import type { CopyObject } from '../../commands/object/copy-object.js';
import { DomainError } from '../../domain/errors.js';
import type { ObjectPath } from '../../domain/model.js';
import { IsText } from '../json-body.js';
import { HasSchema } from '../openapi/dto-schema.js';
import { METADATA } from '../openapi/schema.js';
import type { PlaceOnBranch } from '../params.js';
import { objectPath, refText } from '../parse.js';

export class ObjectCopyCreation {
  @IsText()
  readonly src_path!: string;

  /** Left out or empty: the branch that is copied to. */
  @IsOptional()
  @IsText()
  readonly src_ref?: string | null;

  @IsOptional()
  @IsBoolean()
  readonly force?: boolean | null;

  @IsOptional()
  @IsBoolean()
  readonly shallow?: boolean | null;
}

export class UpdateObjectUserMetadata {
  /** Text to text; `metadataOf` says what is wrong in it. */
  @HasSchema(METADATA)
  readonly set?: unknown;
}

type CopyWish =
  | { readonly isShallow: false; from: CopyObject['source']; to: CopyObject['target'] }
  | ({ readonly isShallow: true } & CloneObject['clone']);

/** @throws DomainError invalid  naming the field */
export function copyWish(
  place: PlaceOnBranch,
  path: ObjectPath,
  body: ObjectCopyCreation,
): CopyWish {
  const source = objectPath(body.src_path, 'src_path');
  const isForced = body.force === true;
  const ref = body.src_ref ? refText(body.src_ref, 'src_ref') : place.branch;
  if (body.shallow !== true) {
    const { repository } = place;
    return {
      isShallow: false,
      from: { repository, ref, path: source },
      to: { ...place, path, isForced },
    };
  }
  if (ref !== place.branch) {
    const reason = 'a shallow copy stays on its branch';
    throw new DomainError('invalid', { field: 'src_ref', reason });
  }
  return { isShallow: true, source, path, overrides: {}, isForced };
}
