import { IsArray } from 'class-validator';
import type { SetRepositoryMetadata } from '../../commands/repository/set-repository-metadata.js';
import { IsText, objectOf } from '../json-body.js';
import { metadataOf } from '../metadata.js';
import { HasSchema } from '../openapi/dto-schema.js';
import { METADATA } from '../openapi/schema.js';

export class RepositoryMetadataSet {
  /** Text to text; `metadataOf` says what is wrong in it. */
  @HasSchema(METADATA)
  readonly metadata?: unknown;
}

export class RepositoryMetadataKeys {
  @IsArray()
  @IsText({ each: true })
  readonly keys!: string[];
}

/** @throws DomainError invalid */
export function metadataChange(body: RepositoryMetadataSet): SetRepositoryMetadata['change'] {
  return { set: metadataOf(objectOf(body.metadata, 'metadata'), 'metadata'), unset: [] };
}
