import { IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import type { LinkAddress } from '../../commands/address/link-address.js';
import { DomainError } from '../../domain/errors.js';
import type { ObjectPath } from '../../domain/model.js';
import type { WriteCondition } from '../../domain/staging/write-condition.js';
import { checked, IsText } from '../json-body.js';
import { metadataOf } from '../metadata.js';
import { STAGING_LOCATION } from '../openapi/answer-schemas.js';
import { HasSchema } from '../openapi/dto-schema.js';
import { METADATA, nullable } from '../openapi/schema.js';

/** What `getPhysicalAddress` answered, handed back; of all of it only the address counts. */
export class StagingLocation {
  @IsText()
  readonly physical_address!: string;
}

export class StagingMetadata {
  /** A `StagingLocation`, checked apart. */
  @HasSchema(STAGING_LOCATION)
  readonly staging?: unknown;

  @IsText()
  readonly checksum!: string;

  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly size_bytes!: number;

  /** Text to text; `metadataOf` says what is wrong in it. */
  @HasSchema(nullable(METADATA), 'optional')
  readonly user_metadata?: unknown;

  @IsOptional()
  @IsText()
  readonly content_type?: string | null;

  /** Epoch, seconds; until the end of the year 9999. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(253_402_300_799)
  readonly mtime?: number | null;

  @IsOptional()
  @IsBoolean()
  readonly force?: boolean | null;
}

/** @throws DomainError invalid */
export function objectToLink(
  path: ObjectPath,
  body: StagingMetadata,
  condition: WriteCondition | undefined,
): LinkAddress['link'] {
  const { physical_address } = checked(StagingLocation, body.staging, 'staging.');
  const checksum = bareTag(body.checksum);
  if (checksum === '') {
    throw new DomainError('invalid', { field: 'checksum', reason: 'is required' });
  }
  return {
    path,
    physicalAddress: physical_address,
    checksum,
    sizeBytes: body.size_bytes,
    modifiedAtMs: typeof body.mtime === 'number' ? body.mtime * 1000 : undefined,
    contentType: body.content_type ?? '',
    metadata: metadataOf(body.user_metadata, 'user_metadata'),
    condition,
    isForced: body.force === true,
  };
}

/** Clients hand on an `ETag` as they were told it, quotes and all. */
export function bareTag(text: string): string {
  return text.trim().replaceAll(/^"|"$/g, '').trim();
}
