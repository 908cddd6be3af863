import type { BranchId, PullId } from '../../../src/domain/model.js';
import type { PullRecord } from '../../../src/domain/pull/pull.events.js';
import { frozen } from './frozen.js';
import { NOW_MS } from './repository.samples.js';

export const pull: PullRecord = frozen({
  id: '4opgoshksdubvtpdqr7g' as PullId,
  title: 'a title',
  description: 'why, and how',
  author: 'ann',
  source: 'work' as BranchId,
  destination: 'main' as BranchId,
  createdAtMs: NOW_MS,
  status: 'open',
  closedAtMs: null,
  mergedCommitId: null,
  merging: null,
});
