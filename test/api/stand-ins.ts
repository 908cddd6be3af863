import type { Type } from '@nestjs/common';
import { SetUp } from '../../src/commands/auth/set-up.js';
import { CherryPick } from '../../src/commands/branch/cherry-pick.js';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { HardResetBranch } from '../../src/commands/branch/hard-reset-branch.js';
import { MergeIntoBranch } from '../../src/commands/branch/merge-into-branch.js';
import { ResetBranch } from '../../src/commands/branch/reset-branch.js';
import { RevertBranch } from '../../src/commands/branch/revert-branch.js';
import { CreateCommitRecord } from '../../src/commands/commit/create-commit-record.js';
import { CancelImport } from '../../src/commands/import/cancel-import.js';
import { StartImport } from '../../src/commands/import/start-import.js';
import { StageObject } from '../../src/commands/object/stage-object.js';
import { UnstageObjects } from '../../src/commands/object/unstage-objects.js';
import { UploadObject } from '../../src/commands/object/upload-object.js';
import { RunRefsTask } from '../../src/commands/refs/run-refs-task.js';
import { SubmitRefsTask } from '../../src/commands/refs/submit-refs-task.js';
import { AddSampleData } from '../../src/commands/repository/add-sample-data.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import { DeleteRepository } from '../../src/commands/repository/delete-repository.js';
import { SetRepositoryMetadata } from '../../src/commands/repository/set-repository-metadata.js';
import { CreateTag } from '../../src/commands/tag/create-tag.js';
import { DeleteTag } from '../../src/commands/tag/delete-tag.js';
import type {
  BranchId,
  CommitId,
  CommitRecord,
  MetaRangeId,
  ObjectEntry,
  RepositoryId,
  RepositoryUid,
  StorageNamespace,
} from '../../src/domain/model.js';
import type { RepositoryRecord } from '../../src/domain/repository/repository.events.js';
import { DiffBranch } from '../../src/queries/diff-branch.js';
import { DiffRefs } from '../../src/queries/diff-refs.js';
import { FindAuditRecords } from '../../src/queries/audit/find-audit-records.js';
import { OpenFeed } from '../../src/queries/feed/open-feed.js';
import type { FeedSink } from '../../src/queries/feed/feed-consumer.js';
import { FindMergeBase } from '../../src/queries/find-merge-base.js';
import { GetBranch } from '../../src/queries/get-branch.js';
import { GetCommit } from '../../src/queries/get-commit.js';
import { GetImport } from '../../src/queries/get-import.js';
import { GetRefsTask } from '../../src/queries/get-refs-task.js';
import { GetRepositoryMetadata } from '../../src/queries/get-repository-metadata.js';
import { GetRepository } from '../../src/queries/get-repository.js';
import { GetTag } from '../../src/queries/get-tag.js';
import { ListBranches } from '../../src/queries/list-branches.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import type { ReflogEntry } from '../../src/queries/as-of/reflog.js';
import { ListReflog } from '../../src/queries/list-reflog.js';
import { ListRepositories } from '../../src/queries/list-repositories.js';
import { ListTags } from '../../src/queries/list-tags.js';
import { LogCommits } from '../../src/queries/log-commits.js';
import { OpenObject, ReadSmallObject } from '../../src/queries/open-object.js';
import { StatObject, type FoundObject } from '../../src/queries/stat-object.js';
import { dumpId, refsDump } from '../support/samples/import.samples.js';
import { bytesOf } from './running-edge.js';

/** One repository, branch, commit and object, whatever is asked for. */
export const repository: RepositoryRecord = {
  name: 'lake' as RepositoryId,
  uid: 'dc0me0hksduapdji3p30' as RepositoryUid,
  namespace: 'local://lake' as StorageNamespace,
  defaultBranch: 'main' as BranchId,
  createdAtMs: 1_700_000_000_999,
  isReadOnly: false,
};

export const commitId = 'a3'.repeat(32) as CommitId;

export const commit: CommitRecord = {
  id: commitId,
  committer: 'ada',
  message: 'a message',
  metaRangeId: '5f'.repeat(32) as MetaRangeId,
  createdAtMs: 1_700_000_001_500,
  parents: ['b4'.repeat(32) as CommitId],
  metadata: [['k', 'v']],
  generation: 2,
  version: 1,
};

export const entry: ObjectEntry = {
  address: 'data/ft6poe1ksduapdji3oug/dc0me0hksduapdji3p30',
  addressType: 'relative',
  checksum: '5d41402abc4b2a76b9719d911017c592',
  sizeBytes: 5,
  modifiedAtMs: 1_700_000_002_700,
  contentType: 'text/plain',
  metadata: [['color', 'red']],
};

const reflogEntry: ReflogEntry = {
  operation: 'reset',
  revision: 3,
  position: 17,
  atMs: 1_700_000_003_123,
  caller: 'ada',
  requestId: 'r',
  commandId: 'c',
  message: '',
  from: commitId,
  to: commitId,
  scope: { kind: 'prefix', prefix: 'a/' },
  undoes: undefined,
};

const namespace = repository.namespace;
const page = <Item>(...items: Item[]) => ({ items, hasMore: false, nextOffset: '' });
const drained = async (upload: UploadObject['upload']) => {
  let sizeBytes = 0;
  for await (const chunk of upload.body) sizeBytes += chunk.length;
  return sizeBytes;
};

export const standIns = new Map<Type<object>, (asked: never) => unknown>([
  [
    SetUp,
    () => ({ accessKeyId: 'AKIAJX', secretAccessKey: 'shh', createdAtMs: 1_700_000_000_000 }),
  ],
  [CommitBranch, () => commit],
  [CreateBranch, () => commitId],
  [DeleteBranch, () => undefined],
  [CherryPick, () => commit],
  [HardResetBranch, () => undefined],
  [MergeIntoBranch, () => commit],
  [ResetBranch, () => undefined],
  [RevertBranch, () => commit],
  [CreateCommitRecord, () => undefined],
  [FindMergeBase, () => ({ source: commitId, destination: commitId, base: commitId })],
  [
    StageObject,
    ({ object }: StageObject): ObjectEntry => ({
      address: object.physicalAddress,
      addressType: 'full',
      checksum: object.checksum,
      sizeBytes: object.sizeBytes,
      modifiedAtMs: object.modifiedAtMs ?? 1_700_000_003_000,
      contentType: object.contentType,
      metadata: object.metadata,
    }),
  ],
  [UnstageObjects, () => undefined],
  [
    UploadObject,
    async ({ upload }: UploadObject): Promise<FoundObject> => ({
      entry: {
        ...entry,
        sizeBytes: await drained(upload),
        contentType: upload.contentType,
        metadata: upload.metadata,
      },
      namespace: repository.namespace,
    }),
  ],
  [CreateRepository, () => repository],
  [AddSampleData, () => commit],
  [DeleteRepository, () => undefined],
  [SetRepositoryMetadata, () => undefined],
  [CreateTag, () => commitId],
  [DeleteTag, () => undefined],
  [
    DiffBranch,
    () =>
      page(
        { type: 'added', path: 'a', pathType: 'object', sizeBytes: 5 },
        { type: 'prefix_changed', path: 'b/', pathType: 'common_prefix', sizeBytes: 0 },
      ),
  ],
  [
    DiffRefs,
    () =>
      page(
        { type: 'conflict', path: 'a', pathType: 'object', sizeBytes: 5, entry },
        { type: 'prefix_changed', path: 'b/', pathType: 'common_prefix' },
      ),
  ],
  [FindAuditRecords, () => ({ items: [], hasMore: false, nextOffset: '' })],
  [OpenFeed, () => ({ at: 0, uid: undefined, follow: (sink: FeedSink) => sink.end('draining') })],
  [GetBranch, ({ branch }: GetBranch) => ({ name: branch, commitId })],
  [GetCommit, () => commit],
  [StartImport, () => 'dc0os19ksdubvtpdpdlg'],
  [CancelImport, () => undefined],
  [GetImport, () => ({ updatedAtMs: 1_700_000_000_999, ingestedCount: 3, error: null, commit })],
  [RunRefsTask, () => refsDump],
  [SubmitRefsTask, () => ({ repository, id: dumpId })],
  [
    GetRefsTask,
    () => ({ updatedAtMs: 1_700_000_000_999, isDone: true, error: null, refs: refsDump }),
  ],
  [GetRepositoryMetadata, () => [['k', 'v']]],
  [GetRepository, () => repository],
  [GetTag, ({ tag }: GetTag) => ({ name: tag, commitId })],
  [ListBranches, () => page({ name: 'main', commitId })],
  [
    ListObjects,
    () => ({
      ...page({ kind: 'object', path: 'a', entry }, { kind: 'common_prefix', path: 'b/' }),
      hasMore: true,
      nextOffset: 'b/',
      namespace,
    }),
  ],
  [ListReflog, () => page(reflogEntry)],
  [ListRepositories, () => page(repository)],
  [ListTags, () => page({ name: 'v1', commitId })],
  [LogCommits, () => page(commit)],
  [
    OpenObject,
    ({ range }: OpenObject) =>
      bytesOf(range === undefined ? 'hello' : 'hello'.slice(range.start, range.end + 1)),
  ],
  [ReadSmallObject, () => undefined],
  [StatObject, () => ({ entry, namespace })],
]);
