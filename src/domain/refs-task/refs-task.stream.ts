import { assert } from '../../shared/assert.js';
import type { RefsTaskId, RepositoryUid } from '../model.js';

export const REFS_TASK_STREAM_PREFIX = 'refs-task-';

export const refsTaskStream = (uid: RepositoryUid, id: RefsTaskId): string =>
  `${REFS_TASK_STREAM_PREFIX}${uid}-${id}`;

/** Reads it back: a uid has no dash, an id may have. */
export function refsTaskOfStream(stream: string): { uid: RepositoryUid; id: RefsTaskId } {
  const match = /^refs-task-([0-9a-v]{20})-([DR]R[\w-]{20})$/.exec(stream);
  assert(match?.[1] && match[2], `not the stream of a task: ${stream}`);
  return { uid: match[1] as RepositoryUid, id: match[2] as RefsTaskId };
}
