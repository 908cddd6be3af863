import { hash } from 'node:crypto';
import type {
  BranchId,
  CommitId,
  PullId,
  RepositoryUid,
  StagingToken,
  TagId,
} from '../domain/model.js';
import { utf8 } from '../shared/bytes.js';

/**
 * Every partition and key of every view. The part before the slash is the view's name.
 *
 * Source: docs/formats/kv-keys.md.
 */
export const partitions = {
  /** repository's name → RepositoryRecord */
  repositories: 'repositories/live',
  /** uid → RepositoryRecord, from its deletion until it is purged */
  repositoriesDeleting: 'repositories/deleting',
  /** uid → Metadata */
  repositoryMetadata: 'repositories/metadata',
  /** uid → BranchRules, once there are any */
  branchRules: 'repositories/branch-rules',
  /** uid → RepositoryRecord, while some branch may not be in line with its newest rules */
  rulesPending: 'repositories/rules-pending',
  /** branch → BranchRecord */
  branches: (uid: RepositoryUid) => `branches/${uid}`,
  /** `<uid>/<branch>` → PendingBranch, while an intent of it is not complete */
  pendingBranches: 'branches/@pending',
  /** commit id → CommitRecord */
  commits: (uid: RepositoryUid) => `commits/${uid}`,
  /** `<commit id>/<branch>` → {branch}: who stands at a commit */
  heads: (uid: RepositoryUid) => `heads/${uid}`,
  /** `<main parent>/<commit id>` → {id} */
  children: (uid: RepositoryUid) => `children/${uid}`,
  /** pull request → PullRecord */
  pulls: (uid: RepositoryUid) => `pulls/${uid}`,
  /** tag → TagRecord */
  tags: (uid: RepositoryUid) => `tags/${uid}`,
  /** path → ObjectEntry; it goes before a tombstone of the same token */
  staging: (token: StagingToken) => `staging/${token}`,
  /** path → null: deleted here, over something that the branch shows below this token */
  tombstones: (token: StagingToken) => `staging/${token}/gone`,
  /** path → null: deleted here, over nothing; it only says that the path was staged */
  idleTombstones: (token: StagingToken) => `staging/${token}/idle`,
  /** {@link keys.downwards} of a run's first path → its last path */
  deletedRuns: (token: StagingToken) => `staging/${token}/runs`,
  /** token → OpenedToken, until its rows are dropped; no token begins with `@` */
  tokens: 'staging/@tokens',
  /** token → ClosedToken, until its rows are dropped: what a sweep looks through */
  closedTokens: 'staging/@closed',
  /** SHA-256 of an address → CloneRecord: it has, or had, more than one name */
  clones: (uid: RepositoryUid) => `clones/${uid}`,
  /** import id → ImportRecord */
  imports: (uid: RepositoryUid) => `imports/${uid}`,
  importJobs: { running: 'imports/@running', ended: 'imports/@ended' },
  /** task id → RefsTaskRecord */
  refsTasks: (uid: RepositoryUid) => `refs-tasks/${uid}`,
  refsJobs: { running: 'refs-tasks/@running', ended: 'refs-tasks/@ended' },
  /** `<uid>/<upload>` → UploadRecord, until the blocks of its parts are gone */
  uploads: 'uploads/begun',
  /** the same key → OverUpload, once it is completed or given up */
  uploadsOver: 'uploads/over',
  /** `<ms when it began, 15 digits>/<stream>` → BegunRequest, until it is forgotten */
  requests: 'requests/begun',
  /** `setup` → SetupRecord */
  installation: 'installation/state',
  /** access key id → CredentialRecord */
  credentials: 'installation/credentials',
} as const;

/** Returns where a token's words on paths are; of one path in several, the first one's is meant. */
export const wordPartitions = (token: StagingToken): readonly string[] => [
  partitions.staging(token),
  partitions.tombstones(token),
  partitions.idleTombstones(token),
];

/** Where the jobs of one kind are found, in all repositories; `<uid>/<id>` → a job. */
export interface JobPartitions {
  /** → RunningJob, until it ends */
  readonly running: string;
  /** → EndedJob, until it is forgotten */
  readonly ended: string;
}

export const keys = {
  branch: (branch: BranchId) => utf8(branch),
  tag: (tag: TagId) => utf8(tag),
  pull: (pull: PullId) => utf8(pull),
  head: (commit: CommitId, branch: BranchId) => utf8(`${commit}/${branch}`),
  child: (parent: CommitId, child: CommitId) => utf8(`${parent}/${child}`),
  commit: (commit: CommitId | string) => utf8(commit),
  uid: (uid: RepositoryUid) => utf8(uid),
  pendingBranch: (uid: RepositoryUid, branch: BranchId) => utf8(`${uid}/${branch}`),
  token: (token: StagingToken) => utf8(token),
  /** A key that puts paths in the opposite order; no path has a NUL. */
  downwards: (path: Uint8Array) => {
    const key = new Uint8Array(path.length + 1).fill(0xff);
    for (const [at, byte] of path.entries()) key[at] = 0xff - byte;
    return key;
  },
  /** Returns the path of such a key. */
  upwards: (key: Uint8Array) => key.subarray(0, -1).map((byte) => 0xff - byte),
  address: (address: string) => utf8(hash('sha256', address)),
  job: (id: string) => utf8(id),
  jobOf: (uid: RepositoryUid, id: string) => utf8(`${uid}/${id}`),
  upload: ({ uid, uploadId }: { uid: RepositoryUid; uploadId: string }) =>
    utf8(`${uid}/${uploadId}`),
  request: (begunAtMs: number, stream: string) =>
    utf8(`${String(begunAtMs).padStart(15, '0')}/${stream}`),
  setup: utf8('setup'),
} as const;
