import { describe, it } from '@jest/globals';
import { specFor } from '../../../test/support/given.js';
import {
  committed,
  created,
  failedBy,
  head,
  intentId,
  intentOf,
  requested,
  restoreWish,
  rotated,
  undone,
  undoWish,
} from '../../../test/support/samples/branch.samples.js';
import type { BranchCommand } from './branch.commands.js';
import { branchDecider } from './branch.decider.js';
import type { BranchEvent } from './branch.events.js';
import type { Wish } from './branch.wishes.js';

const given = specFor(branchDecider);
const live: BranchEvent[] = [created, rotated(0)];
const asked: BranchEvent[] = [...live, requested('u', 0, undoWish)];
const ofReset: Wish = { kind: 'undo', of: 3, movesHead: false };
const ask = (wish: Wish): BranchCommand => ({ type: 'RequestIntent', intent: intentOf('u', wish) });
const writesBlocked = { type: 'WritesBlocked', ruleRevision: 3 } as const;
const commitsBlocked = { type: 'CommitsBlocked', ruleRevision: 3 } as const;

describe('asking for an undo', () => {
  it('names a token to be filled, which is hidden, and the next one to write to', () => {
    given(...live)
      .when(ask(undoWish))
      .then(requested('u', 0, undoWish));
    given(...asked).has({ tokens: { lo: 0, hi: 2, hidden: [1] } });
  });

  it('of what moved the head is refused where a hard reset is', () => {
    given(...live, commitsBlocked)
      .when(ask(undoWish))
      .refused('protected_branch');
    given(...live, writesBlocked)
      .when(ask(undoWish))
      .refused('protected_branch');
  });

  it('of a reset is refused where a write is', () => {
    given(...live, writesBlocked)
      .when(ask(ofReset))
      .refused('protected_branch_write');
    given(...live, commitsBlocked)
      .when(ask(ofReset))
      .then(requested('u', 0, ofReset));
  });

  it('lets what follows take the token that it fills', () =>
    given(...asked)
      .when({ type: 'RequestIntent', intent: intentOf('c') })
      .then({ ...requested('c', 2), opens: 3 }));
});

describe('an undo', () => {
  it('moves the head and shows the token that was filled', () =>
    given(...asked, undone('u', 0)).has({
      head: undone('u', 0).to,
      tokens: { lo: 0, hi: 2 },
      queue: [],
    }));

  it('leaves out what says nothing: what it sealed, and what it filled', () => {
    given(...asked, { ...undone('u', 0), lo: 1 }).has({ tokens: { lo: 1, hi: 2 } });
    given(...asked, { ...undone('u', 0), lo: 2 }).has({ tokens: { lo: 2, hi: 2 } });
    given(...asked, { ...undone('u', 0), lo: 3 }).cannotBe('what is written since stands');
  });

  it('that comes too late leaves the branch as it is, and its token is never read', () =>
    given(...asked, failedBy('u', 'head_moved')).has({
      head,
      tokens: { lo: 0, hi: 2, folded: [[1, 1]] },
      queue: [],
    }));

  it('takes back what was asked for, on the head that stands, in a token of its own', () => {
    given(...asked, { ...undone('u', 0), of: 4 }).cannotBe('what was asked is undone');
    given(...asked, undone('u', 1)).cannotBe('right above what was sealed');
    const elsewhere = { ...head, commitId: undone('u', 0).to.commitId };
    given(...asked, undone('u', 0, elsewhere)).cannotBe('the head stood still');
  });

  it('waits for what stands before it, which consumes no more than it sealed', () =>
    given(...live, requested('c', 0), requested('u', 1, undoWish), committed('c')).has({
      tokens: { lo: 1, hi: 3, hidden: [2] },
    }));
});

describe('a branch that comes back', () => {
  const restoring = intentOf('r', restoreWish);
  const back: BranchEvent[] = [
    created,
    { type: 'IntentRequested', intent: restoring, upto: -1, opens: undefined },
  ];
  const whole = { ...undone('r', -1), operation: 'delete', to: head } as const;

  it('begins with what it had staged in its queue, and names no token to write to', () => {
    const create = { type: 'CreateBranch', life: 0, head, isHidden: false } as const;
    given()
      .when({ ...create, restoring })
      .then(...back);
    given(...back).has({ tokens: { lo: 0, hi: -1, hidden: [0] } });
  });

  it('shows it by one event, below what was written meanwhile', () => {
    given(...back, whole).has({ head, tokens: { lo: 0, hi: 0 }, queue: [] });
    given(...back, rotated(1), whole).has({ tokens: { lo: 0, hi: 1 } });
    given(...back, rotated(0)).cannotBe('one after the other');
  });

  it('may be deleted again before that', () =>
    given(...back)
      .when({ type: 'RequestDeletion', intentId: intentId('d') })
      .then({ type: 'BranchDeletionRequested', intentId: intentId('d') }));
});
