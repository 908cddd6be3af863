import { firstCommit } from '../../../src/domain/commit/first-commit.js';
import type { BranchId, RepositoryId, StorageNamespace } from '../../../src/domain/model.js';
import type { RepositoryUid } from '../../../src/domain/model.js';
import type { RepositoryRecord } from '../../../src/domain/repository/repository.events.js';
import { frozen } from './frozen.js';

export const NOW_MS = 1_700_000_000_000;

export const uid = 'c0ffee0c0ffee0c0ffe0' as RepositoryUid;

export const lake: RepositoryRecord = frozen({
  name: 'lake' as RepositoryId,
  uid,
  namespace: 'mem://lake' as StorageNamespace,
  defaultBranch: 'main' as BranchId,
  createdAtMs: NOW_MS,
  isReadOnly: false,
});

/** What `lake` begins with. */
export const root = frozen(firstCommit(NOW_MS));
