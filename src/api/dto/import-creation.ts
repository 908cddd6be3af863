import { IsArray, IsBoolean, IsIn, IsOptional } from 'class-validator';
import type { StartImport } from '../../commands/import/start-import.js';
import { DomainError } from '../../domain/errors.js';
import type { ImportSource } from '../../domain/import/import.events.js';
import { checked, IsText } from '../json-body.js';
import { HasSchema, schemaOfClass } from '../openapi/dto-schema.js';
import { listOf } from '../openapi/schema.js';
import { metadataOf } from '../metadata.js';
import { objectPath } from '../parse.js';
import { CommitCreation } from './commit-creation.js';

export class ImportLocation {
  @IsIn(['common_prefix', 'object'])
  readonly type!: 'common_prefix' | 'object';

  /** `scheme://…` */
  @IsText()
  readonly path!: string;

  @IsText()
  readonly destination!: string;
}

export class ImportCreation {
  @IsArray()
  @HasSchema(listOf(schemaOfClass(ImportLocation)))
  readonly paths!: unknown[];

  @HasSchema(schemaOfClass(CommitCreation))
  readonly commit!: unknown;

  @IsOptional()
  @IsBoolean()
  readonly force?: boolean | null;
}

/** @throws DomainError invalid */
export function importWish({ paths, commit, force }: ImportCreation): StartImport['wish'] {
  const sources = paths.map((path, at) => {
    const within = `paths[${at}].`;
    return sourceOf(checked(ImportLocation, path, within), within);
  });
  const { message, metadata } = checked(CommitCreation, commit, 'commit.');
  return {
    sources,
    message,
    metadata: metadataOf(metadata, 'commit.metadata'),
    isForced: force === true,
  };
}

function sourceOf(location: ImportLocation, within: string): ImportSource {
  const { type, path: uri, destination } = location;
  if (type === 'object') {
    return { kind: 'object', uri, path: objectPath(destination, `${within}destination`) };
  }
  if (destination.includes('\0')) {
    throw new DomainError('invalid', { field: `${within}destination`, reason: 'holds a NUL' });
  }
  const isWhole = destination === '' || destination.endsWith('/');
  return { kind: 'prefix', uri, prefix: isWhole ? destination : `${destination}/` };
}
