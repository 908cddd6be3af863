import { IsOptional } from 'class-validator';
import type { CommitOverrides } from '../../commands/branch/revert-branch.js';
import { checked, IsText } from '../json-body.js';
import { metadataOf } from '../metadata.js';
import { HasSchema } from '../openapi/dto-schema.js';
import { METADATA, nullable, shape, TEXT } from '../openapi/schema.js';

export const COMMIT_OVERRIDES = nullable(
  shape('CommitOverrides', { 'message?': nullable(TEXT), 'metadata?': nullable(METADATA) }),
);

class Overrides {
  @IsOptional()
  @IsText()
  readonly message?: string | null;

  @HasSchema(nullable(METADATA), 'optional')
  readonly metadata?: unknown;
}

/** @throws DomainError invalid */
export function commitOverrides(json: unknown): CommitOverrides {
  if (json === undefined || json === null) return { message: '', metadata: undefined };
  const { message, metadata } = checked(Overrides, json, 'commit_overrides.');
  const isTold = metadata !== undefined && metadata !== null;
  return {
    message: message ?? '',
    metadata: isTold ? metadataOf(metadata, 'commit_overrides.metadata') : undefined,
  };
}
