import { UNSTAGE_PATHS_MAX } from '../../commands/object/unstage-objects.js';
import { DomainError } from '../../domain/errors.js';
import type { ObjectPath } from '../../domain/model.js';
import { objectOf } from '../json-body.js';
import { listOf, shape, TEXT } from '../openapi/schema.js';
import { objectPath } from '../parse.js';

export const PATH_LIST = shape('PathList', { paths: listOf(TEXT, { max: UNSTAGE_PATHS_MAX }) });

/** One path of a bulk deletion that was refused, as the contract has it. */
export interface ObjectError {
  readonly path: string;
  readonly status_code: number;
  readonly message: string;
}

export interface PathList {
  readonly paths: readonly ObjectPath[];
  /** Paths that no object can have; the others go all the same. */
  readonly refused: readonly ObjectError[];
}

/**
 * The contract's `PathList`, checked by hand. An empty path is no error: Spark sends it for the
 * root of a branch and means nothing by it.
 *
 * @throws DomainError invalid, path_too_many
 */
export function pathList(json: unknown): PathList {
  const { paths }: { paths?: unknown } = objectOf(json, 'body');
  if (!Array.isArray(paths)) throw invalid('paths', 'must be an array');
  if (paths.length > UNSTAGE_PATHS_MAX) {
    throw new DomainError('path_too_many', { max: UNSTAGE_PATHS_MAX });
  }
  const good: ObjectPath[] = [];
  const refused: ObjectError[] = [];
  for (const [at, path] of paths.entries() as IterableIterator<[number, unknown]>) {
    if (typeof path !== 'string') throw invalid(`paths[${at}]`, 'must be a string');
    if (path === '') continue;
    try {
      good.push(objectPath(path, `paths[${at}]`));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      refused.push({ path: path.toWellFormed(), status_code: 400, message: error.message });
    }
  }
  return { paths: good, refused };
}

function invalid(field: string, reason: string): DomainError {
  return new DomainError('invalid', { field, reason });
}
