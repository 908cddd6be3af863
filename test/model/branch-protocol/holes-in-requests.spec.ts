import { describe, expect, it } from '@jest/globals';
import { contextOf, newEvent } from '../../../src/commands/new-events.js';
import { branchDecider } from '../../../src/domain/branch/branch.decider.js';
import type { BranchEvent } from '../../../src/domain/branch/branch.events.js';
import { changesValues } from '../../../src/domain/branch/branch.state.js';
import { fold } from '../../../src/domain/decider.js';
import type { DomainEvent } from '../../../src/domain/event-types.js';
import { stagingStream, stagingToken } from '../../../src/domain/staging/staging.stream.js';
import type { Expected, Guard } from '../../../src/ports/event-log.js';
import { WrongExpectedRevision } from '../../../src/ports/store-errors.js';
import { utf8 } from '../../../src/shared/bytes.js';
import {
  created,
  failed,
  failedBy,
  intentId,
  intentOf,
  merged,
  mergeWish,
  requested,
  rotated,
  work,
} from '../../support/samples/branch.samples.js';
import { root, uid } from '../../support/samples/repository.samples.js';
import { staged } from '../../support/samples/staging.samples.js';
import { requestOf } from './operations.js';
import { Stage } from './stage.js';

const tokenStream = (ordinal: number, life = 0) =>
  stagingStream(stagingToken({ uid, branch: work, life, ordinal }));

/** Appends an event by hand, as a step that someone took before they died. */
async function by(
  stage: Stage,
  stream: string,
  event: DomainEvent,
  options: { of: string; expected?: Expected; guard?: Guard },
) {
  const { of, expected = 'any', guard } = options;
  const events = [newEvent(event, of, event.type)];
  const append = { stream, expected, events, ...(guard && { guard }) };
  return stage.world.log.append([append], contextOf(requestOf(of), stage.world.clock));
}

const isClosed = async (stage: Stage, ordinal: number) =>
  (await stage.world.log.end(tokenStream(ordinal))).isClosed;

describe('H1: naming the successor is appending the request that closed its token', () => {
  it('whoever finds it closed, once, however often the asker asks', async () => {
    const stage = await Stage.open();
    const [asker, writer] = [stage.node(), stage.node()];
    await stage.put(asker, 'v0');
    const closed = { type: 'TokenClosed', request: intentOf('asked') } as const;
    await by(stage, tokenStream(0), closed, { of: 'asked', expected: 'open' });
    expect(await stage.put(writer, 'v1')).toEqual({ kind: 'put' });
    expect(await stage.perform(asker, intentOf('asked'))).toMatchObject({ type: 'Committed' });
    const types = await stage.controlTypes();
    expect(types).toEqual(['BranchCreated', 'TokenRotated', 'IntentRequested', 'Committed']);
    expect(await stage.seen()).toEqual({ a: 'v1' });
  });

  it('and a bare rotation follows a close that was for nothing', async () => {
    const stage = await Stage.open();
    const writer = stage.node();
    await stage.put(writer, 'v0');
    const closed = { type: 'TokenClosed', request: undefined } as const;
    await by(stage, tokenStream(0), closed, { of: 'nobody', expected: 'open' });
    await stage.put(writer, 'v1');
    const types = await stage.controlTypes();
    expect(types).toEqual(['BranchCreated', 'TokenRotated', 'TokenRotated']);
  });
});

describe('H2: close, open and request are all in the log, or none of them', () => {
  it('so a request that loses its race leaves its token open', async () => {
    expect.assertions(4);
    const stage = await Stage.open();
    const [committer, other] = [stage.node(), stage.node()];
    await stage.put(committer, 'v0');
    committer.hooks.before('IntentRequested', async () => {
      await stage.says({ type: 'WritesBlocked', ruleRevision: 1 });
      committer.hooks.before('IntentRequested', async () => {
        expect(await isClosed(stage, 0)).toBe(false);
        expect(await stage.world.log.end(tokenStream(1))).toMatchObject({ revision: -1 });
        expect(await stage.view(other)).toMatchObject({ state: { areWritesBlocked: true } });
      });
    });
    expect(await stage.perform(committer, intentOf('i'))).toMatchObject({ type: 'Committed' });
  });
});

describe('H3: a conditional write waits for a pending merge', () => {
  it('its look is void: a merge closes the token before it is asked for (of the log)', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'v0');
    const merge = intentOf('m', { ...mergeWish, source: root.id });
    expect(await stage.perform(node, merge)).toMatchObject({ reason: 'dirty' });
    const { revision } = await stage.world.log.end(tokenStream(0));
    const guard = { key: utf8('b'), sinceRevision: revision };
    await expect(
      by(stage, tokenStream(0), staged('b'), { of: 'p', expected: 'open', guard }),
    ).rejects.toMatchObject({ reason: 'closed' });
  });

  it('the branch tells that one is pending (of the fold)', () => {
    const state = fold(branchDecider, [created, requested('c', -1), requested('m', 0, mergeWish)]);
    expect(state.status === 'live' && state.queue.some(changesValues)).toBe(true);
  });

  it('a guard refuses when its key was written since, and only then (of the log)', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'v0');
    const seen = (await stage.world.log.end(tokenStream(0))).revision;
    await stage.put(node, 'v1');
    const guarded = (key: string, of: string) => {
      const options = {
        of,
        expected: 'open',
        guard: { key: utf8(key), sinceRevision: seen },
      } as const;
      return by(stage, tokenStream(0), staged(key), options);
    };
    await expect(guarded('a', 'p')).rejects.toMatchObject({ reason: 'guard' });
    await expect(guarded('b', 'q')).resolves.toHaveLength(1);
  });
});

describe('H4, H5: every request seals the newest token', () => {
  it('H4: an empty one too', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'v0');
    await stage.commit(node);
    expect(await isClosed(stage, 1)).toBe(false);
    expect(await stage.commit(node)).toEqual({ kind: 'refused', code: 'no_changes' });
    expect(await isClosed(stage, 1)).toBe(true);
  });

  it('H5: after a lost race, the one that is the newest then', async () => {
    const stage = await Stage.open();
    const [slow, other] = [stage.node(), stage.node()];
    await stage.put(slow, 'v0');
    slow.hooks.before('IntentRequested', async () => {
      await stage.commit(other);
      await stage.put(other, 'v1');
    });
    expect(await stage.commit(slow)).toMatchObject({ kind: 'commit' });
    expect(await isClosed(stage, 1)).toBe(true);
    const upto = (await stage.controlEvents()).flatMap((event) =>
      event.type === 'IntentRequested' ? [event.upto] : [],
    );
    expect(upto).toEqual([0, 1]);
  });
});

describe('H6: a merge that succeeds consumes what it sealed, in any case (of the fold)', () => {
  it('and one that fails leaves them', () => {
    const asked = [created, rotated(0), requested('m', 0, mergeWish)];
    const after = (event: BranchEvent) => fold(branchDecider, [...asked, event]);
    expect(after(merged('m'))).toMatchObject({ tokens: { lo: 1, hi: 1 } });
    expect(after({ ...failed('m'), reason: 'dirty' })).toMatchObject({ tokens: { lo: 0, hi: 1 } });
  });
});

describe('H7: a rule is said in the control stream first', () => {
  it('so that an opener who did not see it is refused, and opens nothing', async () => {
    const stage = await Stage.open();
    const [committer, writer] = [stage.node(), stage.node()];
    await stage.put(writer, 'v0');
    committer.hooks.before('IntentRequested', () =>
      stage.says({ type: 'WritesBlocked', ruleRevision: 1 }),
    );
    expect(await stage.perform(committer, intentOf('i'))).toMatchObject({ type: 'Committed' });
    const [asked] = (await stage.controlEvents()).filter(({ type }) => type === 'IntentRequested');
    expect(asked).not.toHaveProperty('opens');
    const refusal = { kind: 'refused', code: 'protected_branch_write' };
    expect(await stage.put(writer, 'v1')).toEqual(refusal);
    expect(await stage.seen()).toEqual({ a: 'v0' });
  });

  it('and a commit on a blocked branch closes what is open before it is asked for', async () => {
    const stage = await Stage.open();
    const [committer, writer] = [stage.node(), stage.node()];
    await stage.put(writer, 'v0');
    await stage.says({ type: 'WritesBlocked', ruleRevision: 1 });
    // Not closed yet by who blocks: a write that gets in before that is in time.
    await stage.put(writer, 'v1');
    expect(await stage.perform(committer, intentOf('i'))).toMatchObject({ type: 'Committed' });
    expect(await isClosed(stage, 0)).toBe(true);
    // The token stays closed, and a second commit takes the same, which is nothing any more.
    const second = await stage.perform(committer, intentOf('j'));
    expect(second).toMatchObject({ type: 'IntentFailed', reason: 'no_changes' });
  });
});

describe('H8: a branch is created with no open token', () => {
  it('so that a rule made meanwhile is seen by whoever opens the first', async () => {
    const stage = await Stage.open();
    const writer = stage.node();
    await stage.says({ type: 'WritesBlocked', ruleRevision: 1 });
    const refusal = { kind: 'refused', code: 'protected_branch_write' };
    expect(await stage.put(writer, 'v0')).toEqual(refusal);
    expect(await stage.world.log.end(tokenStream(0))).toMatchObject({ revision: -1 });
  });
});

describe('H9: a deletion says so first, and closes when it is its turn', () => {
  it('intents before it complete, writes get in until then, and nobody names a token', async () => {
    const stage = await Stage.open();
    const [deleter, writer] = [stage.node(), stage.node()];
    await stage.put(writer, 'v0');
    deleter.hooks.after('BranchDeletionRequested', async () => {
      expect(await stage.put(writer, 'v1')).toEqual({ kind: 'put' });
      expect(await isClosed(stage, 0)).toBe(false);
    });
    expect(await stage.does(deleter, { kind: 'delete' })).toEqual({ kind: 'delete' });
    expect(await isClosed(stage, 0)).toBe(true);
    const refusal = { kind: 'refused', code: 'branch_not_found' };
    expect(await stage.put(writer, 'v2')).toEqual(refusal);
    expect(await stage.commit(writer)).toEqual(refusal);
    expect(await stage.does(deleter, { kind: 'delete' })).toEqual(refusal);
  });

  it('a commit that comes behind it helps it on, and is told "not found" only then', async () => {
    const stage = await Stage.open();
    const [writer, committer] = [stage.node(), stage.node()];
    await stage.put(writer, 'v0');
    await stage.says({ type: 'BranchDeletionRequested', intentId: intentId('d') });
    expect(await stage.commit(committer)).toEqual({ kind: 'refused', code: 'branch_not_found' });
    expect((await stage.controlTypes()).at(-1)).toBe('BranchDeleted');
  });

  it('also where a token was left closed behind it', async () => {
    expect.hasAssertions();
    const stage = await Stage.open();
    const [writer, committer] = [stage.node(), stage.node()];
    await stage.put(writer, 'v0');
    await stage.view(committer);
    await stage.says({ type: 'BranchDeletionRequested', intentId: intentId('d') });
    const closed = { type: 'TokenClosed', request: undefined } as const;
    await by(stage, tokenStream(0), closed, { of: 'd', expected: 'open' });
    const deleter = stage.node();
    committer.hooks.before('IntentRequested', async () => {
      expect(await stage.controlTypes()).not.toContain('BranchDeleted');
    });
    expect(await stage.commit(committer)).toEqual({ kind: 'refused', code: 'branch_not_found' });
    expect(await stage.controlTypes()).toContain('BranchDeleted');
    expect(await stage.does(deleter, { kind: 'create' })).toEqual({ kind: 'create' });
  });
});

describe('H10: a claim, a verdict, then the build (of the fold)', () => {
  const claimed = {
    type: 'HookClaimed',
    intentId: intentId('i'),
    node: 'A',
    untilMs: 20,
  } as const;
  const state = fold(branchDecider, [created, requested('i', -1), claimed]);

  it('whoever claimed with an unknown outcome finds its own claim', () =>
    expect(state).toMatchObject({ queue: [{ claim: { node: 'A', untilMs: 20 } }] }));

  it('a claim that ran out fails its intent, and starts no hook again', () => {
    const claim = { type: 'ClaimHook', intentId: intentId('i'), node: 'B', untilMs: 99 } as const;
    expect(branchDecider.decide({ ...claim, nowMs: 19 }, state)).toEqual([]);
    expect(branchDecider.decide({ ...claim, nowMs: 20 }, state)).toEqual([
      failedBy('i', 'hook_interrupted'),
    ]);
  });

  it('a hook that refused is what is built from, by whoever builds', async () => {
    const stage = await Stage.open();
    const [asker, helper] = [stage.node(), stage.node()];
    await stage.put(asker, 'v0');
    asker.hooks.after('IntentRequested', async () => {
      await stage.says({ type: 'HookVerdict', intentId: intentId('i'), hasPassed: false });
      await helper.sweep.run();
    });
    expect(await stage.perform(asker, intentOf('i'))).toMatchObject({ reason: 'hook_refused' });
    expect(await stage.seen()).toEqual({ a: 'v0' });
  });
});

describe('H11: an event id is judged before openness', () => {
  it('so that a write sent again behind the close gets its first answer', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'v0');
    const send = () => by(stage, tokenStream(0), staged('b'), { of: 'w', expected: 'open' });
    const [first] = await send();
    await stage.commit(node);
    expect(await send()).toEqual([{ ...first, isRepeated: true }]);
    const other = by(stage, tokenStream(0), staged('b'), { of: 'x', expected: 'open' });
    await expect(other).rejects.toThrow(WrongExpectedRevision);
  });
});
