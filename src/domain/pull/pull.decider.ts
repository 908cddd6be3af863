import { assert, unreachable } from '../../shared/assert.js';
import type { Decider } from '../decider.js';
import { DomainError } from '../errors.js';
import type { PullCommand } from './pull.commands.js';
import type { PullEvent, PullRecord, PullStatus } from './pull.events.js';

export type PullState =
  { readonly status: 'absent' } | { readonly status: 'there'; readonly pull: PullRecord };

/** Title and description together, so that an event holds them. */
export const PULL_TEXT_BYTES_MAX = 256 * 1024;

/** A pull request: opened, talked about, closed or merged, and opened again if one likes. */
export const pullDecider: Decider<PullCommand, PullState, PullEvent> = {
  initial: { status: 'absent' },

  decide(command, state) {
    if (command.type === 'OpenPull') {
      const { pull } = command;
      if (state.status === 'there') return [];
      if (pull.source === pull.destination) throw new DomainError('same_branch');
      assertTexts(pull);
      return [{ type: 'PullRequestOpened', pull }];
    }
    if (state.status === 'absent') throw new DomainError('pull_not_found');
    const { pull } = state;
    switch (command.type) {
      case 'ChangePull': {
        const { title = pull.title, description = pull.description, status, nowMs } = command;
        const edited = { ...pull, title, description };
        assertTexts(edited);
        const isEdited = title !== pull.title || description !== pull.description;
        return [
          ...(isEdited ? [{ type: 'PullRequestEdited', pull: edited } as const] : []),
          ...(status === undefined ? [] : statusEvents(edited, status, nowMs)),
        ];
      }
      case 'AskMerge':
        if (pull.status !== 'open') throw new DomainError('pull_not_open');
        if (pull.merging !== null) return [];
        return [{ type: 'PullRequestMergeAsked', pull: { ...pull, merging: command.by } }];
      case 'RefuseMerge':
        if (pull.merging !== command.by) return [];
        return [{ type: 'PullRequestMergeRefused', pull: { ...pull, merging: null } }];
      case 'RecordMerge': {
        const { commitId, nowMs } = command;
        if (pull.mergedCommitId === commitId && pull.status === 'merged') return [];
        const merged = { status: 'merged', closedAtMs: nowMs, mergedCommitId: commitId } as const;
        return [{ type: 'PullRequestMerged', pull: { ...pull, ...merged, merging: null } }];
      }
      default:
        return unreachable(command);
    }
  },

  evolve(state, { type, pull }) {
    assert(
      (type === 'PullRequestOpened') === (state.status === 'absent'),
      'opened first, and once',
    );
    return { status: 'there', pull };
  },
};

function statusEvents(pull: PullRecord, status: PullStatus, nowMs: number): readonly PullEvent[] {
  switch (status) {
    case 'open':
      // When it was closed last still stands there.
      return pull.status === 'open'
        ? []
        : [{ type: 'PullRequestReopened', pull: { ...pull, status } }];
    case 'closed':
      return [{ type: 'PullRequestClosed', pull: { ...pull, status, closedAtMs: nowMs } }];
    case 'merged':
      return [{ type: 'PullRequestMerged', pull: { ...pull, status, closedAtMs: nowMs } }];
    default:
      return unreachable(status);
  }
}

function assertTexts({ title, description }: PullRecord): void {
  if (Buffer.byteLength(title + description) <= PULL_TEXT_BYTES_MAX) return;
  const reason = `title and description are over ${PULL_TEXT_BYTES_MAX} bytes`;
  throw new DomainError('invalid', { field: 'description', reason });
}
