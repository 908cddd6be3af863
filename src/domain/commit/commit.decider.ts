import { assert } from '../../shared/assert.js';
import type { Decider } from '../decider.js';
import { DomainError } from '../errors.js';
import type { CommitRecord } from '../model.js';
import type { CommitEvent } from './commit.events.js';
import { commitIdOf } from './commit-id.js';

export interface RecordCommit {
  readonly type: 'RecordCommit';
  readonly commit: CommitRecord;
}

export type CommitState = { readonly status: 'absent' } | { readonly status: 'there' };

/** A commit that is brought in as data: it is there, or it is not. */
export const commitDecider: Decider<RecordCommit, CommitState, CommitEvent> = {
  initial: { status: 'absent' },

  decide({ commit }, state) {
    // An id is a hash of what it names, so whoever has one can tell what was meant.
    if (commitIdOf(commit) !== commit.id) throw new DomainError('commit_id_wrong');
    if (state.status === 'there') throw new DomainError('commit_exists');
    return [{ type: 'CommitRecorded', commit }];
  },

  evolve(state) {
    assert(state.status === 'absent', 'a commit is brought in once');
    return { status: 'there' };
  },
};
