import { assert } from '../../shared/assert.js';
import type { RepositoryUid, TagId } from '../model.js';

export const TAG_STREAM_PREFIX = 'tag-';

export const tagStream = (uid: RepositoryUid, tag: TagId): string =>
  `${TAG_STREAM_PREFIX}${uid}-${tag}`;

export function tagOfStream(stream: string): { uid: RepositoryUid; tag: TagId } {
  const match = /^tag-([0-9a-v]{20})-(.+)$/s.exec(stream);
  assert(match?.[1] && match[2], `not the stream of a tag: ${stream}`);
  return { uid: match[1] as RepositoryUid, tag: match[2] as TagId };
}
