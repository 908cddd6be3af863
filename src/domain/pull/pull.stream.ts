import { createHash } from 'node:crypto';
import { assert } from '../../shared/assert.js';
import { xidOf } from '../../shared/xid.js';
import type { CommandId, PullId, RepositoryUid } from '../model.js';

export const PULL_STREAM_PREFIX = 'pull-';

export const pullStream = (uid: RepositoryUid, id: PullId): string =>
  `${PULL_STREAM_PREFIX}${uid}-${id}`;

export function pullOfStream(stream: string): { uid: RepositoryUid; id: PullId } {
  const match = /^pull-([0-9a-v]{20})-([0-9a-v]{20})$/.exec(stream);
  assert(match?.[1] && match[2], `not the stream of a pull request: ${stream}`);
  return { uid: match[1] as RepositoryUid, id: match[2] as PullId };
}

/**
 * Returns the id of the pull request that a command asks for: the same for a repeat of it. Ids
 * descend with time, so that the newest is listed first.
 */
export function pullIdOf(commandId: CommandId, atMs: number): PullId {
  const bytes = createHash('sha256').update(`pull/${commandId}`).digest().subarray(0, 12);
  bytes.writeUInt32BE(2 ** 32 - 1 - (Math.floor(atMs / 1000) % 2 ** 32));
  return xidOf(bytes) as PullId;
}
