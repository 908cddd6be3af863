import { describe, expect, it } from '@jest/globals';
import { addressStream } from '../../domain/address/address.stream.js';
import { branchStream } from '../../domain/branch/branch.stream.js';
import { commitStream } from '../../domain/commit/commit.stream.js';
import { importStream } from '../../domain/import/import.stream.js';
import type { RepositoryId, RepositoryUid } from '../../domain/model.js';
import { multipartStream } from '../../domain/multipart/multipart.stream.js';
import { pullStream } from '../../domain/pull/pull.stream.js';
import { refsTaskStream } from '../../domain/refs-task/refs-task.stream.js';
import { repositoryStream } from '../../domain/repository/repository.stream.js';
import { stagingStream, stagingToken } from '../../domain/staging/staging.stream.js';
import { OWN_STREAM_PREFIXES } from '../../domain/stream-names.js';
import { tagStream } from '../../domain/tag/tag.stream.js';
import { uidOfStream } from './scope.js';

const uid = 'c9f3k2m1' as RepositoryUid;
const name = 'a-b.c' as never;
const streams = [
  addressStream(uid, 'data/x/y'),
  branchStream(uid, name),
  commitStream(uid, name),
  importStream(uid, name),
  multipartStream({ uid, uploadId: name }),
  pullStream(uid, name),
  refsTaskStream(uid, name),
  stagingStream(stagingToken({ uid, branch: name, life: 0, ordinal: 3 })),
  tagStream(uid, name),
];
/** A user's, the installation's, or nobody's yet. */
const OF_NO_REPOSITORY = [
  'credential-',
  'gc-',
  'group-',
  'installation',
  'kv-',
  'policy-',
  'repository-',
  'request-',
  'run-',
  'user-',
];

describe('a stream', () => {
  it.each(streams)('says whose it is: %s', (stream) => {
    expect(uidOfStream(stream)).toBe(uid);
  });

  it('of a repository itself is found by its name', () => {
    expect(uidOfStream(repositoryStream('branch-x-y' as RepositoryId))).toBeUndefined();
  });

  it('of every kind was thought of', () => {
    const ofRepository = streams.map((stream) => stream.slice(0, stream.indexOf(uid)));
    expect([...ofRepository, ...OF_NO_REPOSITORY].toSorted()).toEqual([...OWN_STREAM_PREFIXES]);
  });
});
