import { describe, expect, it } from '@jest/globals';
import { specFor } from '../../../test/support/given.js';
import { root, uid } from '../../../test/support/samples/repository.samples.js';
import { InvariantError } from '../../shared/assert.js';
import type { TagId } from '../model.js';
import { tagDecider } from './tag.decider.js';
import { tagOfStream, tagStream } from './tag.stream.js';

const given = specFor(tagDecider);
const created = { type: 'TagCreated', commitId: root.id } as const;
const deleted = { type: 'TagDeleted', commitId: root.id } as const;
const create = { type: 'CreateTag', commitId: root.id } as const;

describe('a tag', () => {
  it('is created where there is none, so a second time it is refused', () => {
    given().when(create).then(created);
    given(created, deleted).when(create).then(created);
    given().when(create).thenAgainRefused('tag_exists');
  });

  it('is deleted where there is one, so a second time it is refused', () => {
    given(created).when({ type: 'DeleteTag' }).then(deleted);
    given(created).when({ type: 'DeleteTag' }).thenAgainRefused('tag_not_found');
    given().when({ type: 'DeleteTag' }).refused('tag_not_found');
  });

  it('comes back where it stood last, unless it is there or never was', () => {
    const restore = { type: 'RestoreTag' } as const;
    given(created, deleted).when(restore).then(created);
    given(created, deleted).when(restore).thenAgainRefused('tag_exists');
    given().when(restore).refused('tag_not_found');
  });

  it('is created and deleted in turn', () => {
    given(created, created).cannotBe('while it is there');
    given(deleted).cannotBe('while it is not there');
  });

  it('stands in a stream of its repository and name, dashes and all', () => {
    const tag = 'v1-2-é' as TagId;
    expect(tagOfStream(tagStream(uid, tag))).toEqual({ uid, tag });
    expect(() => tagOfStream('tag-short-x')).toThrow(InvariantError);
  });
});
