import type { StagingEvent } from '../domain/staging/staging.events.js';
import { tokenOfStream } from '../domain/staging/staging.stream.js';
import { unreachable } from '../shared/assert.js';
import { utf8 } from '../shared/bytes.js';
import { drop, put, remove } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

/** The newest uncommitted entry of each path, one partition a token; and which tokens there are. */
export const stagingProjection: Projection<StagingEvent> = {
  name: 'staging',
  version: 1,
  takes: ['ObjectStaged', 'ObjectUnstaged', 'TokenOpened', 'TokenClosed', 'StagedRowsDropped'],

  project({ stream, atMs, event }) {
    const token = tokenOfStream(stream);
    const partition = partitions.staging(token);
    switch (event.type) {
      case 'ObjectStaged':
        return [put(partition, utf8(event.path), event.entry)];
      case 'ObjectUnstaged':
        // Not a delete: the path may still stand in a sealed token or in the head commit.
        return [put(partition, utf8(event.path), null)];
      case 'TokenOpened':
        return [put(partitions.tokens, keys.token(token), { openedAtMs: atMs })];
      case 'TokenClosed':
        return [put(partitions.closedTokens, keys.token(token), { closedAtMs: atMs })];
      case 'StagedRowsDropped':
        if (event.until !== undefined) return [drop(partition, utf8(event.until))];
        return [
          drop(partition),
          remove(partitions.tokens, keys.token(token)),
          remove(partitions.closedTokens, keys.token(token)),
        ];
      default:
        return unreachable(event);
    }
  },
};
