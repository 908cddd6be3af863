import { describe, expect, it } from '@jest/globals';
import type { BranchFold } from '../../../src/commands/branch/branches.js';
import { contextOf } from '../../../src/commands/new-events.js';
import { branchDecider } from '../../../src/domain/branch/branch.decider.js';
import { fold } from '../../../src/domain/decider.js';
import { WrongExpectedRevision } from '../../../src/ports/store-errors.js';
import { assert } from '../../../src/shared/assert.js';
import { intentOf } from '../../support/samples/branch.samples.js';
import type { ObjectPath } from '../../../src/domain/model.js';
import type { Node } from './node.js';
import { requestOf } from './operations.js';
import { place, Stage } from './stage.js';
import { OnTheWire, type Sending } from './wire.js';

/** Sends a request behind a branch as it was seen, or only sent. */
function send(stage: Stage, node: Node, at: BranchFold, id: string) {
  const events = branchDecider.decide({ type: 'RequestIntent', intent: intentOf(id) }, at.state);
  const append = { events, of: () => id, part: 'request' };
  const context = contextOf(requestOf(id), stage.world.clock);
  return node.branches.append(place, at, append, context);
}

function ahead(node: Node): BranchFold {
  const at = node.branches.ahead(place);
  assert(at, 'something is under way');
  return at;
}

describe('a request behind one that is only sent', () => {
  it('is accepted with it', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    const first = send(stage, node, await stage.view(node), 'first');
    const second = send(stage, node, ahead(node), 'second');
    expect(await Promise.all([first, second])).toEqual([undefined, undefined]);
    expect(node.branches.ahead(place)).toBeUndefined();
    expect(await stage.pendingCount()).toBe(2);
    const whole = fold(branchDecider, await stage.controlEvents());
    expect(node.branches.cached(place)?.state).toEqual(whole);
  });

  it('is refused with it: another came first, and stands where it would have stood', async () => {
    const stage = await Stage.open();
    const [node, other] = [stage.node(), stage.node()];
    const seen = await stage.view(node);
    const seenByOther = await stage.view(other);
    node.hooks.before('IntentRequested', async () => {
      await send(stage, other, seenByOther, 'other');
    });
    const first = send(stage, node, seen, 'first');
    const second = send(stage, node, ahead(node), 'second');
    expect(await first).toBeInstanceOf(WrongExpectedRevision);
    expect(await second).toBeInstanceOf(WrongExpectedRevision);
    expect(node.branches.ahead(place)).toBeUndefined();
    const { state } = await stage.view(node);
    expect(state).toMatchObject({ queue: [{ request: { id: 'other' } }] });
  });

  it('takes nobody behind it who was decided on what has been refused', async () => {
    const stage = await Stage.open();
    const [node, other] = [stage.node(), stage.node()];
    const seen = await stage.view(node);
    await send(stage, other, await stage.view(other), 'other');
    const first = send(stage, node, seen, 'first');
    const stale = ahead(node);
    expect(await first).toBeInstanceOf(WrongExpectedRevision);
    const second = send(stage, node, stale, 'second');
    expect(node.branches.ahead(place)).toBeUndefined();
    expect(await second).toBeInstanceOf(WrongExpectedRevision);
  });
});

describe('a write behind a request that is only sent', () => {
  it('lands once, though its first sending arrives when its token is open at last', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'v0');
    const { promise: isArrived, resolve: arrives } = Promise.withResolvers<void>();
    node.hooks.before('IntentRequested', () => isArrived);
    const commit = stage.commit(node);
    await stage.until(async () => node.branches.ahead(place) !== undefined);
    const sendings: Sending[] = [];
    const append = node.hooks.append.bind(node.hooks);
    node.hooks.append = (appends, context) => {
      sendings.push(...new OnTheWire([{ appends, context }]).sendings);
      return append(appends, context);
    };
    const put = { kind: 'put', path: 'b' as ObjectPath, value: 'v1' } as const;
    expect(await stage.does(node, put)).toEqual({ kind: 'put' });
    arrives();
    expect(await commit).toMatchObject({ kind: 'commit' });
    const [late, landed] = sendings;
    assert(late && landed, 'it was refused once, and sent to another token');
    await expect(stage.world.log.append(late.appends, late.context)).rejects.toThrow(
      WrongExpectedRevision,
    );
    await stage.sweep();
    expect(await stage.seen()).toEqual({ a: 'v0', b: 'v1' });
  });
});
