import { describe, expect, it } from '@jest/globals';
import { specFor } from '../../../test/support/given.js';
import {
  commitOf,
  committed,
  created,
  discarded,
  failed,
  foundNothing,
  hardResetWish,
  head,
  intentId,
  intentOf,
  merged,
  mergeWish,
  requested,
  resetWish,
  rotated,
} from '../../../test/support/samples/branch.samples.js';
import type { BranchCommand } from './branch.commands.js';
import { branchDecider, INTENT_BYTES_MAX, INTENTS_PER_BRANCH_MAX } from './branch.decider.js';
import { commitOn } from '../commit/commit-on.js';
import type { MetaRangeId } from '../model.js';
import type { BranchEvent } from './branch.events.js';
import { headOf } from './branch.evolve.js';
import { changesValues, recordOf, stateOfQuiet } from './branch.state.js';
import type { Wish } from './branch.wishes.js';
import { fold } from '../decider.js';

const given = specFor(branchDecider);
/** What one append of the port must hold: 1 MiB an event, 8 MiB a call; 16 results a pass. */
const EVENT_BYTES_MAX = 1024 * 1024;
const APPEND_BYTES_MAX = 8 * EVENT_BYTES_MAX;
const INTENTS_PER_PASS = 16;
const deleting = { type: 'BranchDeletionRequested', intentId: intentId('d') } as const;
const deleted = {
  type: 'BranchDeleted',
  intentId: intentId('d'),
  head: head.commitId,
} as const;
const blocked = { type: 'WritesBlocked', ruleRevision: 3 } as const;
const ask = (name: string): BranchCommand => ({ type: 'RequestIntent', intent: intentOf(name) });
const complete = (result: ReturnType<typeof committed>): BranchCommand => ({
  type: 'CompleteIntent',
  result,
});
const askDeletion: BranchCommand = { type: 'RequestDeletion', intentId: intentId('d') };
const create: BranchCommand = { type: 'CreateBranch', life: 0, head, isHidden: false };

describe('creating a branch', () => {
  it('names no token: whoever opens the first reads the rules again', () => {
    given().when(create).then(created);
    given(created).has({ tokens: { lo: 0, hi: -1 } });
  });

  it('is refused while the name is taken, so a second time too', () => {
    given(created).when(create).refused('branch_exists');
    given().when(create).thenAgainRefused('branch_exists');
  });

  it('begins a new life with nothing of the old one', () =>
    given(created, rotated(0), blocked, deleting, deleted, { ...created, life: 5 }).is({
      status: 'live',
      life: 5,
      head,
      tokens: { lo: 0, hi: -1 },
      queue: [],
      areWritesBlocked: false,
      areCommitsBlocked: false,
      ruleRevision: 0,
      isHidden: false,
    }));
});

describe('asking for an intent', () => {
  it('takes the newest token and opens the next', () =>
    given(created, rotated(0)).when(ask('i')).then(requested('i', 0)));

  it('opens the first token of a branch that has none', () =>
    given(created).when(ask('i')).then(requested('i', -1)));

  it('is in the queue once, when it is sent twice', () =>
    given(created, rotated(0)).when(ask('i')).thenAgain());

  it('opens nothing while writes are blocked', () =>
    given(created, rotated(0), blocked)
      .when(ask('i'))
      .then({ ...requested('i', 0), opens: undefined }));

  it('is refused behind a deletion, and on a branch that is not there', () => {
    given(created, deleting).when(ask('i')).refused('branch_not_found');
    given().when(ask('i')).refused('branch_not_found');
    given(created, deleting, deleted).when(ask('i')).refused('branch_not_found');
  });

  it('is refused when too many wait', () => {
    const many = Array.from({ length: INTENTS_PER_BRANCH_MAX }, (_, at) =>
      requested(`i${at}`, at - 1),
    );
    given(created, ...many.slice(1).map((one, at) => ({ ...one, upto: at - 1, opens: at })))
      .when(ask('last'))
      .then(requested('last', INTENTS_PER_BRANCH_MAX - 2));
    given(created, ...many)
      .when(ask('more'))
      .refused('branch_busy');
  });
});

describe('a large intent', () => {
  const large = (byteCount: number) => {
    const empty = { ...intentOf('i'), message: '' };
    const rest = Buffer.byteLength(JSON.stringify(empty));
    return { ...empty, message: 'x'.repeat(byteCount - rest) };
  };

  it('is refused before it is accepted: its result could not be recorded', () => {
    const within: BranchCommand = { type: 'RequestIntent', intent: large(INTENT_BYTES_MAX) };
    const over: BranchCommand = { type: 'RequestIntent', intent: large(INTENT_BYTES_MAX + 1) };
    given(created).when(over).refused('invalid');
    const state = fold(branchDecider, [created]);
    expect(branchDecider.decide(within, state)).toHaveLength(1);
  });

  it('is measured as it is stored: a control character is six bytes', () => {
    const intent = { ...intentOf('i'), message: '\u0001'.repeat(INTENT_BYTES_MAX / 6) };
    given(created).when({ type: 'RequestIntent', intent }).refused('invalid');
  });

  it('leaves room for the results of a whole pass in one append', () => {
    const intent = large(INTENT_BYTES_MAX);
    const commit = commitOn(head, intent, 'f'.repeat(64) as MetaRangeId);
    const result = { ...committed('i'), commit };
    const bytes = Buffer.byteLength(JSON.stringify({ ...result, record: recordOf(live) }));
    expect(bytes).toBeLessThan(EVENT_BYTES_MAX);
    expect(bytes * INTENTS_PER_PASS).toBeLessThan(APPEND_BYTES_MAX);
  });
  const live = fold(branchDecider, [created]);
});

describe('completing an intent', () => {
  it('moves the head, and consumes the tokens that it takes and no others', () => {
    const second = committed('j', headOf(commitOf('i')));
    const events: BranchEvent[] = [created, rotated(0), requested('i', 0), requested('j', 1)];
    given(...events)
      .when(complete(committed('i')))
      .then(committed('i'));
    given(...events, committed('i')).has({ tokens: { lo: 1, hi: 2 } });
    given(...events, committed('i'), second).has({
      tokens: { lo: 2, hi: 2 },
      queue: [],
      head: headOf(commitOf('j', headOf(commitOf('i')))),
    });
  });

  it('is done once, when two nodes do it', () =>
    given(created, rotated(0), requested('i', 0))
      .when(complete(committed('i')))
      .thenAgain());

  it('waits for the intents before it', () =>
    given(created, requested('i', -1), requested('j', 0))
      .when(complete(committed('j')))
      .then());

  it('consumes the tokens of one that found no changes: they say what the head says', () => {
    const nothing = foundNothing('i');
    given(created, rotated(0), requested('i', 0), nothing).has({ tokens: { lo: 1, hi: 1 } });
  });

  it('leaves the tokens of one that failed otherwise readable, and the next one takes them', () => {
    given(created, rotated(0), requested('i', 0), failed('i')).has({ tokens: { lo: 0, hi: 1 } });
    const next: BranchEvent[] = [requested('j', 1), committed('j')];
    given(created, rotated(0), requested('i', 0), failed('i'), ...next).has({
      tokens: { lo: 2, hi: 2 },
    });
  });

  it('must be built on the head', () => {
    const elsewhere = { ...committed('i'), from: commitOf('other').id };
    given(created, requested('i', -1)).when(complete(elsewhere)).isABug();
    const orphan = { ...committed('i'), commit: { ...commitOf('i'), parents: [] } };
    given(created, requested('i', -1)).when(complete(orphan)).isABug();
  });
});

describe('deleting a branch', () => {
  it('is said first, and done in its turn', () => {
    given(created, rotated(0)).when(askDeletion).then(deleting);
    const completion: BranchCommand = { type: 'CompleteDeletion', intentId: intentId('d') };
    given(created, requested('i', -1), deleting).when(completion).then();
    given(created, deleting).when(completion).then(deleted);
    given(created, requested('i', -1), deleting, failed('i')).when(completion).then(deleted);
  });

  it('is asked for once, when it is sent twice or by two', () => {
    given(created).when(askDeletion).thenAgain();
    const other: BranchCommand = { type: 'RequestDeletion', intentId: intentId('e') };
    given(created, deleting).when(other).then();
  });

  it('is refused where there is none, so a second time too', () => {
    given().when(askDeletion).refused('branch_not_found');
    const completion: BranchCommand = { type: 'CompleteDeletion', intentId: intentId('d') };
    given(created, deleting).when(completion).thenAgainRefused('branch_not_found');
  });

  it('lets nobody name a token from there on', () =>
    given(created, deleting).when({ type: 'RotateToken' }).refused('branch_not_found'));
});

describe('rules on a branch', () => {
  const rules = (ruleRevision: number, ...blocks: string[]): BranchCommand => ({
    type: 'ApplyRules',
    ruleRevision,
    blocksWrites: blocks.includes('writes'),
    blocksCommits: blocks.includes('commits'),
  });
  const allowed = { type: 'WritesAllowed', ruleRevision: 4, opens: 1 } as const;
  const commitsBlocked = { type: 'CommitsBlocked', ruleRevision: 3 } as const;
  const commitsAllowed = { type: 'CommitsAllowed', ruleRevision: 4 } as const;
  const askFor = (wish: Wish): BranchCommand => ({
    type: 'RequestIntent',
    intent: intentOf('i', wish),
  });

  it('let nobody name a token while they block writes', () => {
    given(created, rotated(0)).when(rules(3, 'writes')).then(blocked);
    given(created, blocked).when({ type: 'RotateToken' }).refused('protected_branch_write');
    given(created, rotated(0), blocked).when(rules(4)).then(allowed);
  });

  it('may block either, or both, and allow them again', () => {
    given(created).when(rules(3, 'commits')).then(commitsBlocked);
    given(created)
      .when(rules(3, 'commits', 'writes'))
      .then(blocked, commitsBlocked);
    given(created, rotated(0), blocked, commitsBlocked)
      .when(rules(4))
      .then(allowed, commitsAllowed);
    given(created, rotated(0), blocked, commitsBlocked)
      .when(rules(4, 'commits'))
      .then(allowed, { ...commitsBlocked, ruleRevision: 4 });
  });

  it('say nothing where nothing was blocked and nothing is', () =>
    given(created, rotated(0)).when(rules(3)).then());

  it('are said once of one revision', () => {
    given(created)
      .when(rules(3, 'writes', 'commits'))
      .thenAgain();
    given(created, rotated(0), blocked).when(rules(4)).thenAgain();
  });

  it('are said again when they are newer: who acts on older ones loses the race', () => {
    given(created, blocked)
      .when(rules(4, 'writes'))
      .then({ ...blocked, ruleRevision: 4 });
    given(created, { ...blocked, ruleRevision: 4 })
      .when(rules(3))
      .then();
    given(created, rotated(0), blocked, allowed).when(rules(3, 'writes')).then();
  });

  it('name no token behind a deletion', () =>
    given(created, rotated(0), blocked, deleting).when(rules(4)).then());

  it('forbid every way to move the head but a merge', () => {
    const source = head.commitId;
    const refused: Wish[] = [
      { kind: 'commit', allowsEmpty: true },
      { kind: 'revert', commit: source, parentNumber: 0, allowsEmpty: false },
      { kind: 'cherry-pick', commit: source, parentNumber: 1 },
      { kind: 'import', source: head.metaRangeId, replaced: [] },
    ];
    for (const wish of refused) {
      given(created, commitsBlocked).when(askFor(wish)).refused('protected_branch_commit');
    }
    given(created, commitsBlocked).when(askFor(hardResetWish)).refused('protected_branch');
    given(created, commitsBlocked)
      .when(askFor(mergeWish))
      .then(requested('i', -1, mergeWish));
    given(created, commitsBlocked)
      .when(askFor(resetWish))
      .then(requested('i', -1, resetWish));
  });

  it('forbid to throw staged changes away as they forbid to stage them', () => {
    given(created, blocked).when(askFor(resetWish)).refused('protected_branch_write');
    given(created, blocked).when(askFor(hardResetWish)).refused('protected_branch');
  });

  it('stand in the record, so that a fold that begins there knows of them', () => {
    const state = fold(branchDecider, [created, blocked, commitsBlocked]);
    expect(stateOfQuiet(recordOf(state))).toEqual(state);
    expect(recordOf(fold(branchDecider, [created]))).not.toHaveProperty('ruleRevision');
  });
});

describe('a hook', () => {
  const claim: BranchCommand = {
    type: 'ClaimHook',
    intentId: intentId('i'),
    node: 'A',
    nowMs: 10,
    untilMs: 20,
  };
  const claimed = {
    type: 'HookClaimed',
    intentId: intentId('i'),
    node: 'A',
    untilMs: 20,
  } as const;
  const verdict = { type: 'HookVerdict', intentId: intentId('i'), hasPassed: true } as const;

  it('is claimed by one node, for the intent that is next', () => {
    given(created, requested('i', -1)).when(claim).then(claimed);
    given(created, requested('i', -1)).when(claim).thenAgain();
    given(created, requested('h', -1), requested('i', 0)).when(claim).then();
  });

  it('is never started twice: its intent fails when the claim runs out', () => {
    const interrupted = { ...failed('i'), reason: 'hook_interrupted' } as const;
    given(created, requested('i', -1), claimed)
      .when({ ...claim, node: 'B', nowMs: 20 })
      .then(interrupted);
  });

  it('has one verdict, the first', () => {
    const give: BranchCommand = { ...verdict, type: 'GiveVerdict' };
    given(created, requested('i', -1), claimed).when(give).then(verdict);
    given(created, requested('i', -1), claimed, verdict)
      .when({ ...give, hasPassed: false })
      .then();
    given(created, requested('i', -1), claimed, verdict).when(claim).then();
  });
});

describe('the invariants, in the fold', () => {
  const live: BranchEvent[] = [created, rotated(0)];
  it('I1, I2: tokens are named one after the other', () => {
    given(...live, rotated(0)).cannotBe('one after the other');
    given(...live, rotated(2)).cannotBe('one after the other');
    given(...live, blocked, { type: 'WritesAllowed', ruleRevision: 4, opens: 2 }).cannotBe(
      'one after the other',
    );
    given(...live, blocked, rotated(1)).cannotBe('while writes are blocked');
    given(...live, { type: 'WritesAllowed', ruleRevision: 4, opens: 1 }).cannotBe('blocked before');
  });

  it('I3: a request takes the newest token and opens the next', () => {
    given(...live, requested('i', 0), { ...requested('j', 0) }).cannotBe('the newest token');
    given(...live, { ...requested('i', 0), opens: 2 }).cannotBe('the next ordinal');
    given(...live, { ...requested('i', 0), opens: undefined }).cannotBe('the next ordinal');
    given(...live, blocked, requested('i', 0)).cannotBe('the next ordinal');
  });

  it('I4: an intent ends as what it asked for, so that a commit changes no value', () => {
    given(...live, requested('i', 0), merged('i')).cannotBe('of its own kind');
    given(...live, requested('i', 0), discarded('i', [0, 0])).cannotBe('of its own kind');
    given(...live, requested('i', 0, mergeWish), committed('i')).cannotBe('of its own kind');
    given(...live, requested('i', 0, resetWish), merged('i')).cannotBe('of its own kind');
    given(...live, requested('i', 0, mergeWish), discarded('i', [0, 0])).cannotBe(
      'of its own kind',
    );
  });

  it('I5: results come in the order of the queue, one each', () => {
    given(...live, requested('i', 0), requested('j', 1), failed('j')).cannotBe('in order');
    given(...live, requested('i', 0), failed('i'), failed('i')).cannotBe('in order');
    given(...live, requested('i', 0), requested('i', 1)).cannotBe('accepted once');
    given(...live, deleting, failed('d')).cannotBe('completed by BranchDeleted');
    given(...live, requested('i', 0), deleting, deleted).cannotBe('deleted in its order');
  });

  it('I6: a token is taken once: no result reaches back', () => {
    const state = fold(branchDecider, [...live, requested('i', 0), requested('j', 1)]);
    const afterBoth = fold(branchDecider, [committed('i'), failed('j')], state);
    expect(recordOf(afterBoth)?.tokens).toEqual({ lo: 1, hi: 2 });
  });

  it('I7: what a request takes reaches up to the token before its own', () =>
    given(...live, requested('i', 0), requested('j', 1)).has({
      queue: [{ upto: 0 }, { upto: 1 }],
      tokens: { lo: 0, hi: 2 },
    }));

  it('I8: nothing is named, asked for or deleted again behind a deletion', () => {
    given(...live, deleting, rotated(1)).cannotBe('behind a delete');
    given(...live, deleting, requested('i', 0)).cannotBe('behind a delete');
    given(...live, deleting, deleting).cannotBe('deleted once');
    given(...live, deleting, deleted, rotated(1)).cannotBe('not there');
  });

  it('I9: a branch begins at its source, with no words over it', () =>
    given(created).has({ head, tokens: { lo: 0, hi: -1 }, queue: [] }));

  it('I10: a result is made on the head that stood then', () => {
    const elsewhere = { ...committed('i'), from: commitOf('other').id };
    given(...live, requested('i', 0), elsewhere).cannotBe('stood still');
    given(created, created).cannotBe('while it lives');
    const orphan = { ...committed('i'), commit: { ...commitOf('i'), parents: [] } };
    given(...live, requested('i', 0), orphan).cannotBe('first parent');
  });

  it('hooks: claimed once, judged once, at the head of the queue', () => {
    const claimed = {
      type: 'HookClaimed',
      intentId: intentId('i'),
      node: 'A',
      untilMs: 1,
    } as const;
    const verdict = { type: 'HookVerdict', intentId: intentId('i'), hasPassed: false } as const;
    given(...live, requested('i', 0), claimed, claimed).cannotBe('never started twice');
    given(...live, requested('i', 0), verdict, verdict).cannotBe('the first verdict');
    given(...live, requested('h', 0), requested('i', 1), claimed).cannotBe('head');
  });

  it('blocking: older rules come to nothing', () =>
    given(...live, { ...blocked, ruleRevision: 4 }, blocked).cannotBe('older rules'));
});

describe("a branch's record", () => {
  it('of a quiet moment stands for the whole state', () => {
    const state = fold(branchDecider, [created, rotated(0), blocked]);
    expect(stateOfQuiet(recordOf(state))).toEqual(state);
    expect(stateOfQuiet(recordOf({ status: 'absent' }))).toEqual({ status: 'absent' });
  });

  it('counts what is pending, a deletion too', () =>
    expect(recordOf(fold(branchDecider, [created, requested('i', -1), deleting]))).toMatchObject({
      pendingCount: 2,
    }));

  it('tells what may change values: all but a commit', () => {
    const state = fold(branchDecider, [
      created,
      requested('c', -1),
      requested('m', 0, mergeWish),
      requested('r', 1, resetWish),
      deleting,
    ]);
    const queue = state.status === 'live' ? state.queue : [];
    expect(queue.map(changesValues)).toEqual([false, true, true, true]);
  });
});
