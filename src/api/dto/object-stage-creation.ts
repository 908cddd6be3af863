import type { StageObject } from '../../commands/object/stage-object.js';
import { DomainError } from '../../domain/errors.js';
import type { ObjectPath } from '../../domain/model.js';
import { objectOf } from '../json-body.js';
import { metadataOf } from '../metadata.js';
import { BYTES, FLAG, METADATA, nullable, shape, TEXT, whole } from '../openapi/schema.js';

/** The contract's `ObjectStageCreation`. Checked by hand: this route is the hottest there is. */
interface ObjectStageCreation {
  readonly physical_address?: unknown;
  readonly checksum?: unknown;
  readonly size_bytes?: unknown;
  /** Epoch, seconds. */
  readonly mtime?: unknown;
  readonly metadata?: unknown;
  readonly content_type?: unknown;
  readonly force?: unknown;
}

/** The same as a schema; null is as good as left out. */
export const OBJECT_STAGE_CREATION = shape('ObjectStageCreation', {
  physical_address: TEXT,
  checksum: TEXT,
  size_bytes: BYTES,
  'mtime?': nullable(whole(0, 253_402_300_799)),
  'metadata?': nullable(METADATA),
  'content_type?': nullable(TEXT),
  'force?': nullable(FLAG),
});

/** @throws DomainError invalid  naming the field */
export function objectToStage(path: ObjectPath, json: unknown): StageObject['object'] {
  const body: ObjectStageCreation = objectOf(json, 'body');
  const mtime = given(body.mtime) ? wholeNumber(body.mtime, 'mtime', SECONDS_MAX) : undefined;
  return {
    path,
    physicalAddress: text(body.physical_address, 'physical_address'),
    checksum: text(body.checksum, 'checksum'),
    sizeBytes: wholeNumber(body.size_bytes, 'size_bytes', Number.MAX_SAFE_INTEGER),
    modifiedAtMs: mtime === undefined ? undefined : mtime * 1000,
    contentType: given(body.content_type) ? text(body.content_type, 'content_type') : '',
    metadata: metadataOf(body.metadata, 'metadata'),
    isForced: given(body.force) && flag(body.force, 'force'),
  };
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function text(value: unknown, field: string): string {
  if (value === undefined) throw invalid(field, 'value is required but missing');
  if (typeof value !== 'string') throw invalid(field, 'must be a string');
  if (!value.isWellFormed()) throw invalid(field, 'is not valid Unicode');
  return value;
}

function wholeNumber(value: unknown, field: string, max: number): number {
  if (value === undefined) throw invalid(field, 'value is required but missing');
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw invalid(field, 'must be an integer');
  }
  if (value < 0) throw invalid(field, 'must not be negative');
  if (value > max) throw invalid(field, `must be at most ${max}`);
  return value;
}

function flag(value: unknown, field: string): boolean {
  if (typeof value !== 'boolean') throw invalid(field, 'must be a boolean');
  return value;
}

function invalid(field: string, reason: string): DomainError {
  return new DomainError('invalid', { field, reason });
}

/** The end of the year 9999. */
const SECONDS_MAX = 253_402_300_799;
