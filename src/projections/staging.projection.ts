import type {
  IntentFailed,
  Restatement,
  StagingDiscarded,
  StoredBranchEvent,
} from '../domain/branch/branch.events.js';
import type { ResetScope } from '../domain/branch/branch.wishes.js';
import { branchOfStream } from '../domain/branch/branch.stream.js';
import type { StagingToken } from '../domain/model.js';
import type { StagingEvent } from '../domain/staging/staging.events.js';
import { tokenOfStream, tokensBetween } from '../domain/staging/staging.stream.js';
import type { KvWrite } from '../ports/kv-store.js';
import { unreachable } from '../shared/assert.js';
import { afterPrefix, utf8 } from '../shared/bytes.js';
import { drop, put, remove } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

type Discarded = Extract<StoredBranchEvent, StagingDiscarded>;
type Failed = Extract<StoredBranchEvent, IntentFailed>;

/** The newest uncommitted entry of each path, one partition a token; and which tokens there are. */
export const stagingProjection: Projection<StagingEvent | Discarded | Failed> = {
  name: 'staging',
  version: 1,
  takes: [
    'ObjectStaged',
    'ObjectCloned',
    'ObjectUnstaged',
    'TokenOpened',
    'TokenClosed',
    'StagedRowsDropped',
    'StagingDiscarded',
    'IntentFailed',
  ],

  project({ stream, atMs, event }) {
    if (event.type === 'StagingDiscarded') return discard(stream, event);
    if (event.type === 'IntentFailed') return restateOldest(stream, event);
    const token = tokenOfStream(stream);
    const partition = partitions.staging(token);
    switch (event.type) {
      case 'ObjectStaged':
      case 'ObjectCloned':
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

/** Of the tokens that an intent took the newest is left, and is the oldest now. */
function restateOldest(stream: string, { restated, record }: Failed): readonly KvWrite[] {
  if (restated.length === 0 || record === null) return [];
  const { lo } = record.tokens;
  const of = { ...branchOfStream(stream), life: record.life };
  return tokensBetween(of, { lo, hi: lo }).flatMap((token) => restate(token, restated));
}

const restate = (token: StagingToken, restated: readonly Restatement[]): readonly KvWrite[] =>
  restated.map(({ path, entry }) => put(partitions.staging(token), utf8(path), entry));

/** A part of closed tokens goes; of whole ones nothing yet: they are consumed, and swept later. */
function discard(stream: string, event: Discarded): readonly KvWrite[] {
  const { scope, tokens, restated, record } = event;
  if (scope.kind === 'all' || record === null) return [];
  const of = { ...branchOfStream(stream), life: record.life };
  // Newest first.
  const taken = tokensBetween(of, tokens);
  const gone = taken.map((token) => discardFrom(token, scope));
  return [...gone, ...taken.slice(0, 1).flatMap((token) => restate(token, restated))];
}

function discardFrom(token: StagingToken, scope: Exclude<ResetScope, { kind: 'all' }>): KvWrite {
  const partition = partitions.staging(token);
  if (scope.kind === 'object') return remove(partition, utf8(scope.path));
  const from = utf8(scope.prefix);
  const until = afterPrefix(from);
  return { kind: 'drop', partition, from, ...(until ? { until } : {}) };
}
