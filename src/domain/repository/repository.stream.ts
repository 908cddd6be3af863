import { assert } from '../../shared/assert.js';
import type { RepositoryId } from '../model.js';

export const REPOSITORY_STREAM_PREFIX = 'repository-';

/** By name: who has a name is what this stream decides. */
export const repositoryStream = (name: RepositoryId): string =>
  `${REPOSITORY_STREAM_PREFIX}${name}`;

export function repositoryOfStream(stream: string): RepositoryId {
  assert(stream.startsWith(REPOSITORY_STREAM_PREFIX), `not a repository's stream: ${stream}`);
  return stream.slice(REPOSITORY_STREAM_PREFIX.length) as RepositoryId;
}
