import { IsArray, IsInt, IsOptional } from 'class-validator';
import type { CompleteMultipart } from '../../commands/multipart/complete-multipart.js';
import { DomainError } from '../../domain/errors.js';
import type { ObjectPath, RepositoryId } from '../../domain/model.js';
import { checked, IsText, objectOf } from '../json-body.js';
import { metadataOf } from '../metadata.js';
import { HasSchema, schemaOfClass } from '../openapi/dto-schema.js';
import { listOf, METADATA, nullable } from '../openapi/schema.js';
import { objectPath, refText, repositoryId } from '../parse.js';
import { bareTag } from './staging-metadata.js';

/** S3 knows no more parts than this. */
export const PARTS_MAX = 10_000;

export class UploadPart {
  @IsInt()
  readonly part_number!: number;

  @IsText()
  readonly etag!: string;
}

export class UploadPartFrom {
  @IsText()
  readonly physical_address!: string;
}

export class AbortPresignMultipartUpload {
  @IsText()
  readonly physical_address!: string;
}

export class CompletePresignMultipartUpload {
  @IsText()
  readonly physical_address!: string;

  /** Of `UploadPart`s, each checked apart. */
  @IsArray()
  @HasSchema(listOf(schemaOfClass(UploadPart), { max: PARTS_MAX }))
  readonly parts!: readonly unknown[];

  /** Text to text; `metadataOf` says what is wrong in it. */
  @HasSchema(nullable(METADATA), 'optional')
  readonly user_metadata?: unknown;

  @IsOptional()
  @IsText()
  readonly content_type?: string | null;
}

export class CopyPartSource {
  @IsText()
  readonly repository!: string;

  @IsText()
  readonly ref!: string;

  @IsText()
  readonly path!: string;

  @IsOptional()
  @IsText()
  readonly range?: string | null;
}

export class UploadPartCopyFrom {
  @IsText()
  readonly physical_address!: string;

  /** A `CopyPartSource`, checked apart. */
  @HasSchema(schemaOfClass(CopyPartSource))
  readonly copy_source?: unknown;
}

export interface PartSource {
  readonly repository: RepositoryId;
  readonly ref: string;
  readonly path: ObjectPath;
  /** As a `Range` header is written. */
  readonly range: string | undefined;
}

/** @throws DomainError invalid */
export function partSource(body: UploadPartCopyFrom): PartSource {
  const source = checked(CopyPartSource, body.copy_source, 'copy_source.');
  return {
    repository: repositoryId(source.repository, 'copy_source.repository'),
    ref: refText(source.ref, 'copy_source.ref'),
    path: objectPath(source.path, 'copy_source.path'),
    range: source.range ?? undefined,
  };
}

/** @throws DomainError invalid */
export function objectOfParts(body: CompletePresignMultipartUpload): CompleteMultipart['object'] {
  if (body.parts.length === 0 || body.parts.length > PARTS_MAX) {
    const reason = body.parts.length === 0 ? 'are required' : `over ${PARTS_MAX}`;
    throw new DomainError('invalid', { field: 'parts', reason });
  }
  return {
    parts: body.parts.map(partOf),
    contentType: body.content_type ?? '',
    metadata: metadataOf(body.user_metadata, 'user_metadata'),
  };
}

/** By hand: ten thousand times the decorators take too long. */
function partOf(json: unknown, at: number): { partNumber: number; md5: string } {
  const field = `parts[${at}]`;
  const given = objectOf(json, field);
  const partNumber: unknown = Reflect.get(given, 'part_number');
  const etag: unknown = Reflect.get(given, 'etag');
  if (typeof partNumber !== 'number' || !Number.isInteger(partNumber)) {
    throw new DomainError('invalid', {
      field: `${field}.part_number`,
      reason: 'must be an integer',
    });
  }
  if (typeof etag !== 'string') {
    throw new DomainError('invalid', { field: `${field}.etag`, reason: 'must be a string' });
  }
  return { partNumber, md5: bareTag(etag) };
}
