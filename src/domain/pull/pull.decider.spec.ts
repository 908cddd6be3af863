import { describe, expect, it } from '@jest/globals';
import { specFor } from '../../../test/support/given.js';
import { pull } from '../../../test/support/samples/pull.samples.js';
import { root, uid } from '../../../test/support/samples/repository.samples.js';
import { InvariantError } from '../../shared/assert.js';
import type { CommandId } from '../model.js';
import type { PullCommand } from './pull.commands.js';
import { PULL_TEXT_BYTES_MAX, pullDecider } from './pull.decider.js';
import { pullIdOf, pullOfStream, pullStream } from './pull.stream.js';

const given = specFor(pullDecider);
const open: PullCommand = { type: 'OpenPull', pull };
const opened = { type: 'PullRequestOpened', pull } as const;
const change = (fields: Partial<Extract<PullCommand, { type: 'ChangePull' }>>): PullCommand => ({
  type: 'ChangePull',
  title: undefined,
  description: undefined,
  status: undefined,
  nowMs: 9,
  ...fields,
});
const closed = { ...pull, status: 'closed', closedAtMs: 9 } as const;

describe('a pull request', () => {
  it('is opened once, between two branches', () => {
    given().when(open).then(opened);
    given().when(open).thenAgain();
    const same = { ...pull, source: pull.destination };
    given().when({ type: 'OpenPull', pull: same }).refused('same_branch');
  });

  it('is edited, and closed, and opened again with the time that it was closed', () => {
    const title = 'another';
    given(opened)
      .when(change({ title, status: 'closed' }))
      .then(
        { type: 'PullRequestEdited', pull: { ...pull, title } },
        { type: 'PullRequestClosed', pull: { ...closed, title } },
      );
    given(opened, { type: 'PullRequestClosed', pull: closed })
      .when(change({ status: 'open' }))
      .then({ type: 'PullRequestReopened', pull: { ...closed, status: 'open' } });
    given(opened)
      .when(change({ status: 'open', title: pull.title }))
      .then();
  });

  it('is merged, and says what it came to', () => {
    const merged = { ...closed, status: 'merged', mergedCommitId: root.id } as const;
    const record: PullCommand = { type: 'RecordMerge', commitId: root.id, nowMs: 9 };
    given(opened).when(record).then({ type: 'PullRequestMerged', pull: merged });
    given(opened).when(record).thenAgain();
    given(opened)
      .when(change({ status: 'merged' }))
      .then({ type: 'PullRequestMerged', pull: { ...merged, mergedCommitId: null } });
  });

  it('is asked to merge once at a time, while it is open', () => {
    const ask: PullCommand = { type: 'AskMerge', by: 'm' as CommandId };
    const merging = { ...pull, merging: 'm' as CommandId };
    const asked = { type: 'PullRequestMergeAsked', pull: merging } as const;
    given(opened).when(ask).then(asked);
    given(opened, asked)
      .when({ ...ask, by: 'n' as CommandId })
      .then();
    given(opened, { type: 'PullRequestClosed', pull: closed }).when(ask).refused('pull_not_open');
    given(opened, asked)
      .when({ type: 'RefuseMerge', by: 'm' as CommandId })
      .then({ type: 'PullRequestMergeRefused', pull });
    given(opened, asked)
      .when({ type: 'RefuseMerge', by: 'n' as CommandId })
      .then();
  });

  it('is not there before it is opened, and its texts fit in an event', () => {
    given()
      .when(change({ title: 'x' }))
      .refused('pull_not_found');
    const title = 'é'.repeat(PULL_TEXT_BYTES_MAX / 2);
    given(opened).when(change({ title })).refused('invalid');
    given(opened, opened).cannotBe('once');
  });

  it('stands in a stream of its repository and id; newer ids come first', () => {
    const [older, newer] = [1_000, 2_000].map((at) => pullIdOf('c' as CommandId, at));
    if (!older || !newer) throw new Error('two ids');
    expect(newer < older).toBe(true);
    expect(pullOfStream(pullStream(uid, older))).toEqual({ uid, id: older });
    expect(() => pullOfStream('pull-x-y')).toThrow(InvariantError);
  });
});
