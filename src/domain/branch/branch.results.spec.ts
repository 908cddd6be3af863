import { describe, it } from '@jest/globals';
import { specFor } from '../../../test/support/given.js';
import {
  committed,
  created,
  discarded,
  failed,
  failedBy,
  hardResetWish,
  head,
  intentOf,
  merged,
  mergeWish,
  moved,
  objectWish,
  prefixWish,
  requested,
  resetWish,
  rotated,
} from '../../../test/support/samples/branch.samples.js';
import { root } from '../../../test/support/samples/repository.samples.js';
import type { CommitId, MetaRangeId, ObjectPath } from '../model.js';
import { branchDecider } from './branch.decider.js';
import type { BranchEvent } from './branch.events.js';
import { headOf } from './branch.evolve.js';
import { wantsCleanBranch, type Wish } from './branch.wishes.js';

const given = specFor(branchDecider);
const live: BranchEvent[] = [created, rotated(0)];
const commit = 'a'.repeat(64) as CommitId;
const restated = [{ path: 'gone' as ObjectPath, entry: null }];
const mergeLike: readonly Wish[] = [
  mergeWish,
  { kind: 'revert', commit, parentNumber: 0, allowsEmpty: false },
  { kind: 'cherry-pick', commit, parentNumber: 1 },
  { kind: 'import', source: 'b'.repeat(64) as MetaRangeId, replaced: [] },
];

describe.each(mergeLike)('a $kind', (wish) => {
  const asked = [...live, requested('m', 0, wish)];

  it('moves the head and consumes what it sealed, effective or not (H6)', () =>
    given(...asked, merged('m')).has({
      head: headOf(merged('m').commit),
      tokens: { lo: 1, hi: 1 },
      queue: [],
    }));

  it('leaves a dirty branch as it is', () =>
    given(...asked, failedBy('m', 'dirty')).has({ head, tokens: { lo: 0, hi: 1 }, queue: [] }));

  it.each(['no_changes', 'conflict', 'no_merge_base'] as const)(
    'that found the branch clean and ends with %s leaves no token behind',
    (reason) =>
      given(...asked, failedBy('m', reason)).has({ head, tokens: { lo: 1, hi: 1 }, queue: [] }),
  );

  it('keeps its newest token for what it says again, and nothing older', () => {
    const said = { ...failedBy('m', 'no_changes'), restated };
    given(...live, requested('c', 0), failed('c'), requested('m', 1, wish), said).has({
      tokens: { lo: 1, hi: 2 },
    });
  });

  it('says nothing again of a branch that it found dirty', () =>
    given(...asked, { ...failedBy('m', 'dirty'), restated }).cannotBe('what changed nothing'));

  it('wants a clean branch', () => {
    if (!wantsCleanBranch(wish)) throw new Error('it would hide what it lays over the head');
  });

  it('ends as nothing else', () => {
    given(...asked, committed('m')).cannotBe('of its own kind');
    given(...asked, moved('m')).cannotBe('of its own kind');
  });
});

describe('a reset', () => {
  it('of everything consumes the tokens up to its own, and what came later stays', () =>
    given(
      ...live,
      requested('c', 0),
      requested('r', 1, resetWish),
      failedBy('c', 'hook_refused'),
      discarded('r', [0, 1]),
    ).has({ head, tokens: { lo: 2, hi: 2 }, queue: [] }));

  it.each([prefixWish, objectWish])('of a part consumes no token: $scope.kind', (wish) =>
    given(...live, requested('r', 0, wish), discarded('r', [0, 0], wish)).has({
      head,
      tokens: { lo: 0, hi: 1 },
      queue: [],
    }),
  );

  it('discards what was asked, of the tokens that it sealed, or the fold refuses it', () => {
    const asked = [...live, requested('r', 0, prefixWish)];
    given(...asked, discarded('r', [0, 0])).cannotBe('what was asked');
    given(...asked, discarded('r', [0, 1], prefixWish)).cannotBe('it sealed');
    given(...asked, discarded('r', [1, 0], prefixWish)).cannotBe('it sealed');
  });
});

describe('a hard reset', () => {
  const asked = [...live, requested('h', 0, hardResetWish)];

  it('puts the head where it was asked, and consumes what it sealed', () =>
    given(...asked, moved('h')).has({ head: moved('h').to, tokens: { lo: 1, hi: 1 }, queue: [] }));

  it('goes nowhere else, and from nowhere else', () => {
    const to = { ...moved('h').to, commitId: root.id };
    given(...asked, { ...moved('h'), to }).cannotBe('where it was asked');
    given(...asked, { ...moved('h'), from: commit }).cannotBe('stood still');
  });

  it('that was counted from another head fails, and touches nothing', () =>
    given(...asked, failedBy('h', 'head_moved')).has({ head, tokens: { lo: 0, hi: 1 } }));

  it('is refused as a result on another head, as a bug of whoever built it', () =>
    given(...asked)
      .when({ type: 'CompleteIntent', result: { ...moved('h'), from: commit } })
      .isABug());
});

describe('an intent of any kind', () => {
  it.each([...mergeLike, resetWish, prefixWish, hardResetWish])(
    'is asked for once: $kind',
    (wish) =>
      given(...live)
        .when({ type: 'RequestIntent', intent: intentOf('i', wish) })
        .thenAgain(),
  );
});
