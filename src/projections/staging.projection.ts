import type {
  IntentFailed,
  Restatement,
  StagingDiscarded,
  StoredBranchEvent,
  TokensFolded,
  Undone,
} from '../domain/branch/branch.events.js';
import type { ResetScope } from '../domain/branch/branch.wishes.js';
import { branchOfStream } from '../domain/branch/branch.stream.js';
import type { ObjectPath, StagingToken } from '../domain/model.js';
import type { ObjectUnstaged, StagingEvent } from '../domain/staging/staging.events.js';
import { stagingToken, tokenOfStream, tokensBetween } from '../domain/staging/staging.stream.js';
import type { KvWrite } from '../ports/kv-store.js';
import { unreachable } from '../shared/assert.js';
import { afterPrefix, utf8 } from '../shared/bytes.js';
import { drop, put, remove } from './kv-codec.js';
import { keys, partitions, wordPartitions } from './kv-keys.js';
import type { Projection } from './projection.js';

type Discarded = Extract<StoredBranchEvent, StagingDiscarded>;
type Folded = Extract<StoredBranchEvent, TokensFolded>;
type Taken = Extract<StoredBranchEvent, Undone>;
type Failed = Extract<StoredBranchEvent, IntentFailed>;

/**
 * What is not committed: of each token its newest entries, its tombstones apart from them, and the
 * runs of paths that it has deleted whole; and which tokens there are.
 *
 * Where a token has an entry and a tombstone of one path, the entry is newer: a deletion takes the
 * entry away, and staging leaves the tombstone, so that it writes one row.
 */
export const stagingProjection: Projection<StagingEvent | Discarded | Failed | Folded | Taken> = {
  name: 'staging',
  version: 2,
  takes: [
    'ObjectStaged',
    'ObjectCloned',
    'ObjectUnstaged',
    'RunsDeleted',
    'TokenOpened',
    'TokenClosed',
    'StagedRowsDropped',
    'StagingDiscarded',
    'IntentFailed',
    'TokensFolded',
    'WordsRestored',
    'Undone',
  ],

  project({ stream, atMs, event }) {
    if (event.type === 'StagingDiscarded') return discard(stream, event);
    if (event.type === 'IntentFailed') return restateOldest(stream, event);
    if (event.type === 'TokensFolded') return fold(stream, event);
    if (event.type === 'Undone') return forgetRuns(stream, event);
    const token = tokenOfStream(stream);
    const partition = partitions.staging(token);
    switch (event.type) {
      case 'ObjectStaged':
      case 'ObjectCloned':
        return [put(partition, utf8(event.path), event.entry)];
      case 'ObjectUnstaged':
        return unstage(token, event);
      case 'RunsDeleted':
        return [
          ...event.joined.map((first) => remove(partitions.deletedRuns(token), runKey(first))),
          ...event.runs.map(({ first, last }) =>
            put(partitions.deletedRuns(token), runKey(first), last),
          ),
        ];
      case 'WordsRestored':
        return event.words.map(({ path, entry }) =>
          put(entry ? partition : partitions.tombstones(token), utf8(path), entry),
        );
      case 'TokenOpened':
        return [put(partitions.tokens, keys.token(token), { openedAtMs: atMs })];
      case 'TokenClosed':
        return [put(partitions.closedTokens, keys.token(token), { closedAtMs: atMs })];
      case 'StagedRowsDropped':
        if (event.until !== undefined) return dropWords(token, utf8(event.until));
        return [
          ...dropWords(token),
          remove(partitions.tokens, keys.token(token)),
          remove(partitions.closedTokens, keys.token(token)),
        ];
      default:
        return unreachable(event);
    }
  },
};

const runKey = (first: ObjectPath) => keys.downwards(utf8(first));

/** Not only a delete: the path may still stand in a sealed token or in the head commit. */
function unstage(
  token: StagingToken,
  { path, hidesNothing }: Pick<ObjectUnstaged, 'path' | 'hidesNothing'>,
): readonly KvWrite[] {
  const key = utf8(path);
  const { tombstones, idleTombstones } = partitions;
  const where = hidesNothing ? idleTombstones(token) : tombstones(token);
  return [remove(partitions.staging(token), key), put(where, key, null)];
}

function dropWords(token: StagingToken, until?: Uint8Array): readonly KvWrite[] {
  const words = wordPartitions(token).map((partition) => drop(partition, until));
  const partition = partitions.deletedRuns(token);
  // Their keys go the other way.
  return until
    ? [...words, { kind: 'drop', partition, from: keys.downwards(until) }]
    : [...words, drop(partition)];
}

/** Of the tokens that an intent took the newest is left, and is the oldest now. */
function restateOldest(stream: string, { restated, record }: Failed): readonly KvWrite[] {
  if (restated.length === 0 || record === null) return [];
  const { lo } = record.tokens;
  const of = { ...branchOfStream(stream), life: record.life };
  return tokensBetween(of, { lo, hi: lo }).flatMap((token) => restate(token, restated));
}

const restate = (token: StagingToken, restated: readonly Restatement[]): readonly KvWrite[] =>
  restated.flatMap(({ path, entry }) => {
    if (entry) return [put(partitions.staging(token), utf8(path), entry)];
    // The head has nothing there, and nothing lies between.
    const tombstone = remove(partitions.tombstones(token), utf8(path));
    return [tombstone, ...unstage(token, { path, hidesNothing: true })];
  });

/** What is said here the newest of the folded tokens had no word on. */
function fold(stream: string, { into, words, idle, runs, record }: Folded): readonly KvWrite[] {
  if (record === null) return [];
  const token = stagingToken({ ...branchOfStream(stream), life: record.life, ordinal: into });
  const { staging, tombstones, idleTombstones, deletedRuns } = partitions;
  return [
    ...words.map(({ path, entry }) =>
      put(entry ? staging(token) : tombstones(token), utf8(path), entry),
    ),
    ...idle.map((path) => put(idleTombstones(token), utf8(path), null)),
    ...runs.map(({ first, last }) => put(deletedRuns(token), runKey(first), last)),
  ];
}

/** What lies below sealed tokens is another tree now, in which their runs may have other paths. */
function forgetRuns(stream: string, { token: filled, record }: Taken): readonly KvWrite[] {
  if (record === null) return [];
  const of = { ...branchOfStream(stream), life: record.life };
  const sealed = tokensBetween(of, { ...record.tokens, hi: filled - 1 });
  return sealed.map((token) => drop(partitions.deletedRuns(token)));
}

/** A part of closed tokens goes; of whole ones nothing yet: they are consumed, and swept later. */
function discard(stream: string, event: Discarded): readonly KvWrite[] {
  const { scope, tokens, restated, record } = event;
  if (scope.kind === 'all' || record === null) return [];
  const of = { ...branchOfStream(stream), life: record.life };
  // Newest first.
  const taken = tokensBetween(of, tokens);
  const gone = taken.flatMap((token) => discardFrom(token, scope));
  return [...gone, ...taken.slice(0, 1).flatMap((token) => restate(token, restated))];
}

function discardFrom(
  token: StagingToken,
  scope: Exclude<ResetScope, { kind: 'all' }>,
): readonly KvWrite[] {
  // A run that is left may say more than is true now; without it a read is slower, and right.
  const runs = drop(partitions.deletedRuns(token));
  const words = wordPartitions(token);
  if (scope.kind === 'object') {
    return [...words.map((partition) => remove(partition, utf8(scope.path))), runs];
  }
  const from = utf8(scope.prefix);
  const until = afterPrefix(from);
  const span = { from, ...(until ? { until } : {}) };
  return [...words.map((partition) => ({ kind: 'drop' as const, partition, ...span })), runs];
}
