import { describe, expect, it } from '@jest/globals';
import { specFor } from '../../../test/support/given.js';
import { root, uid } from '../../../test/support/samples/repository.samples.js';
import { InvariantError } from '../../shared/assert.js';
import { commitDecider } from './commit.decider.js';
import { commitOfStream, commitStream } from './commit.stream.js';

const given = specFor(commitDecider);
const record = { type: 'RecordCommit', commit: root } as const;
const recorded = { type: 'CommitRecorded', commit: root } as const;

describe('a commit that is brought in as data', () => {
  it('is taken once', () => {
    given().when(record).then(recorded);
    given().when(record).thenAgainRefused('commit_exists');
    given(recorded, recorded).cannotBe('brought in once');
  });

  it('is named by its content, whoever says otherwise', () =>
    given()
      .when({ ...record, commit: { ...root, message: 'other' } })
      .refused('commit_id_wrong'));

  it('stands in a stream of its repository and id', () => {
    expect(commitOfStream(commitStream(uid, root.id))).toEqual({ uid, commit: root.id });
    expect(() => commitOfStream(`commit-${uid}-short`)).toThrow(InvariantError);
  });
});
