import { describe, expect, it } from '@jest/globals';
import { expectedOf, withRecords } from '../../../src/commands/branch/branches.js';
import { contextOf, newEvent } from '../../../src/commands/new-events.js';
import { branchStream } from '../../../src/domain/branch/branch.stream.js';
import { fold } from '../../../src/domain/decider.js';
import { branchDecider } from '../../../src/domain/branch/branch.decider.js';
import { InvariantError } from '../../../src/shared/assert.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import { failed, intentOf, rotated, work } from '../../support/samples/branch.samples.js';
import { uid } from '../../support/samples/repository.samples.js';
import { requestOf } from './operations.js';
import { Died, dies, place, Stage } from './stage.js';

describe('a node that has not looked for long', () => {
  it('helps on, although what it saw waiting is done and its rows are dropped', async () => {
    const stage = await Stage.open();
    const [slow, other] = [stage.node(), stage.node()];
    await stage.put(slow, 'v0');
    slow.hooks.after('IntentRequested', async () => {
      slow.hooks.before('Committed', async () => {
        throw new UnknownOutcome('nobody said');
      });
    });
    expect(await stage.commit(slow)).toEqual({ kind: 'unknown' });
    await other.sweep.run();
    await stage.sweep();
    await slow.intents.help(place, requestOf('late'));
    expect(await stage.commit(slow)).toEqual({ kind: 'refused', code: 'no_changes' });
  });

  it('does not say "no changes" of what it built behind what ended otherwise', async () => {
    const stage = await Stage.open();
    const [slow, other] = [stage.node(), stage.node()];
    await stage.put(other, 'v0');
    // Both are in the queue before anybody helps.
    for (const name of ['first', 'second']) {
      other.hooks.after('IntentRequested', async () => {
        throw new UnknownOutcome('nobody said');
      });
      await expect(stage.perform(other, intentOf(name))).rejects.toThrow(UnknownOutcome);
    }
    slow.hooks.before('Committed', async () => {
      const seen = await stage.view(other);
      const [event] = withRecords(seen.state, [failed('first')]);
      if (!event) throw new Error('a result is an event');
      const request = requestOf('elsewhere');
      const append = {
        stream: branchStream(uid, work),
        expected: expectedOf(seen),
        events: [newEvent(event, 'first', 'result')],
      };
      await stage.world.log.append([append], contextOf(request, stage.world.clock));
    });
    await slow.intents.help(place, requestOf('helper'));
    expect((await stage.controlTypes()).slice(-2)).toEqual(['IntentFailed', 'Committed']);
  });
});

describe('a fold that begins where nothing was pending', () => {
  it('is the fold of all, however much has been pending since', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    await stage.put(node, 'v0');
    await stage.commit(node);
    for (let count = 0; count < 40; count++) {
      node.hooks.after('IntentRequested', dies);
      await expect(stage.perform(node, intentOf(`i${count}`))).rejects.toThrow(Died);
    }
    const whole = fold(branchDecider, await stage.controlEvents());
    expect((await stage.view(stage.node())).state).toEqual(whole);
    expect(whole).toMatchObject({ queue: { length: 40 } });
  });

  it('is a bug here when it is not what the writer of an event said', async () => {
    const stage = await Stage.open();
    const node = stage.node();
    const seen = await stage.view(node);
    const [event] = withRecords(seen.state, [rotated(0)]);
    if (!event?.record) throw new Error('a token is named on a branch that is there');
    const wrong = { ...event, record: { ...event.record, tokens: { lo: 0, hi: 7 } } };
    const append = {
      stream: branchStream(uid, work),
      expected: 'any' as const,
      events: [newEvent(wrong, 'wrong', 0)],
    };
    await stage.world.log.append([append], contextOf(requestOf('wrong'), stage.world.clock));
    await expect(stage.view(node)).rejects.toThrow(InvariantError);
  });
});
