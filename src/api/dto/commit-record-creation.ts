import { IsArray, IsBoolean, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import type { CommitId, CommitRecord, MetaRangeId } from '../../domain/model.js';
import { IsText } from '../json-body.js';
import { metadataOf } from '../metadata.js';
import { HasSchema } from '../openapi/dto-schema.js';
import { METADATA, nullable } from '../openapi/schema.js';

const HEX = /^[0-9a-f]{64}$/;
const HEX_OR_NONE = /^(?:[0-9a-f]{64})?$/;
const YEAR_9999_SECONDS = 253_402_300_799;

export class CommitRecordCreation {
  @IsText()
  readonly commit_id!: string;

  @Min(0)
  @Max(1)
  @IsInt()
  readonly version!: number;

  @IsText()
  readonly committer!: string;

  @IsText()
  readonly message!: string;

  /** Empty: the empty tree. */
  @Matches(HEX_OR_NONE)
  readonly metarange_id!: string;

  /** Epoch, seconds. */
  @Min(0)
  @Max(YEAR_9999_SECONDS)
  @IsInt()
  readonly creation_date!: number;

  @Matches(HEX, { each: true })
  @IsArray()
  readonly parents!: readonly string[];

  @HasSchema(nullable(METADATA), 'optional')
  readonly metadata?: unknown;

  /** 0: unknown. */
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  @IsInt()
  readonly generation!: number;

  @IsOptional()
  @IsBoolean()
  readonly force?: boolean | null;
}

/** @throws DomainError invalid */
export function commitRecord(body: CommitRecordCreation): CommitRecord {
  return {
    id: body.commit_id as CommitId,
    committer: body.committer,
    message: body.message,
    metaRangeId: body.metarange_id as MetaRangeId,
    createdAtMs: body.creation_date * 1000,
    parents: body.parents as readonly CommitId[],
    metadata: metadataOf(body.metadata, 'metadata'),
    generation: body.generation,
    version: body.version,
  };
}
