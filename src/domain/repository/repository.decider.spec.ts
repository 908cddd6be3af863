import { describe, expect, it } from '@jest/globals';
import { specFor } from '../../../test/support/given.js';
import { lake, root, uid } from '../../../test/support/samples/repository.samples.js';
import { InvariantError } from '../../shared/assert.js';
import { repositoryDecider } from './repository.decider.js';
import type { RepositoryCommand } from './repository.commands.js';
import { repositoryOfStream, repositoryStream } from './repository.stream.js';

const given = specFor(repositoryDecider);
const created = { type: 'RepositoryCreated', repository: lake, firstCommit: root } as const;
const hidden = { type: 'RepositoryDeletionRequested', repository: lake } as const;
const purged = { type: 'RepositoryPurged', uid } as const;
const dropped = { type: 'RepositoryRowsDropped', uid, rows: 'tags', until: undefined } as const;
const create: RepositoryCommand = {
  type: 'CreateRepository',
  repository: lake,
  firstCommit: root,
};
const requestDeletion: RepositoryCommand = { type: 'RequestDeletion', isForced: false };
const dropTags: RepositoryCommand = { type: 'DropRows', rows: 'tags', until: undefined };

describe('creating a repository', () => {
  it('takes the name', () => given().when(create).then(created));

  it('is refused while the name is taken, so a second time too', () => {
    given(created).when(create).refused('repository_exists');
    given().when(create).thenAgainRefused('repository_exists');
    given(created, hidden).when(create).refused('repository_in_deletion');
  });

  it('takes a name that was purged', () =>
    given(created, hidden, purged).when(create).then(created));

  it('makes a bare one without a commit', () =>
    given()
      .when({ ...create, firstCommit: null })
      .then({ ...created, firstCommit: null }));
});

describe("a repository's metadata", () => {
  const set = (...pairs: [string, string][]): RepositoryCommand => ({
    type: 'SetMetadata',
    set: pairs,
    unset: [],
  });
  const is = (...metadata: [string, string][]) =>
    ({ type: 'RepositoryMetadataSet', uid, metadata }) as const;

  it('keeps what is not mentioned, in the byte order of keys', () =>
    given(created, is(['b', '1']))
      .when(set(['a', '2']))
      .then(is(['a', '2'], ['b', '1'])));

  it('is the same again when it is set twice', () =>
    given(created)
      .when(set(['a', '1']))
      .thenAgain(is(['a', '1'])));

  it('takes keys away, and sets what is in both', () =>
    given(created, is(['a', '1'], ['b', '2']))
      .when({ type: 'SetMetadata', set: [['a', '3']], unset: ['a', 'b', 'c'] })
      .then(is(['a', '3'])));

  it('takes any key, __proto__ too', () =>
    given(created)
      .when(set(['__proto__', 'x'], ['constructor', 'y']))
      .then(is(['__proto__', 'x'], ['constructor', 'y'])));

  it('is refused where there is no repository', () => {
    given().when(set()).refused('repository_not_found');
    given(created, hidden).when(set()).refused('repository_not_found');
  });
});

describe('deleting a repository', () => {
  it('hides it at once, and once when it is asked for twice', () => {
    given(created).when(requestDeletion).then(hidden);
    given(created).when(requestDeletion).thenAgain();
    given().when(requestDeletion).refused('repository_not_found');
  });

  it('needs force where it is read-only', () => {
    const repository = { ...lake, isReadOnly: true };
    const readOnly = { ...created, repository };
    given(readOnly).when(requestDeletion).refused('read_only_repository');
    given(readOnly)
      .when({ ...requestDeletion, isForced: true })
      .then({ ...hidden, repository });
  });

  it('drops rows and purges after it is hidden, and not before', () => {
    given(created, hidden).when(dropTags).then(dropped);
    given(created, hidden).when(dropTags).thenAgain(dropped);
    given(created, hidden, dropped).when({ type: 'Purge' }).then(purged);
    given(created, hidden).when({ type: 'Purge' }).thenAgainRefused('repository_not_found');
    given(created).when(dropTags).isABug();
    given(created).when({ type: 'Purge' }).isABug();
  });
});

describe("a repository's fold", () => {
  it('holds events in no other order than they can come in', () => {
    given(created, created).cannotBe('name is taken');
    given(hidden).cannotBe('not there');
    given(created, hidden, hidden).cannotBe('hidden once');
    given(created, dropped).cannotBe('after the repository is hidden');
    given(created, purged).cannotBe('after it is hidden');
    const set = { type: 'RepositoryMetadataSet', uid, metadata: [] } as const;
    given(created, hidden, set).cannotBe('after the deletion');
  });

  it('stands in a stream of its name', () => {
    expect(repositoryOfStream(repositoryStream(lake.name))).toBe(lake.name);
    expect(() => repositoryOfStream('tag-x')).toThrow(InvariantError);
  });
});
