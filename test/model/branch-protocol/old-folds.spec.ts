import { describe, expect, it } from '@jest/globals';
import { expectedOf, withRecords } from '../../../src/commands/branch/branches.js';
import { contextOf, newEvent } from '../../../src/commands/new-events.js';
import { branchStream } from '../../../src/domain/branch/branch.stream.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import { failed, intentOf, work } from '../../support/samples/branch.samples.js';
import { uid } from '../../support/samples/repository.samples.js';
import { requestOf } from './operations.js';
import { place, Stage } from './stage.js';

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
      const fold = await stage.view(other);
      const [event] = withRecords(fold.state, [failed('first')]);
      if (!event) throw new Error('a result is an event');
      const request = requestOf('elsewhere');
      const append = {
        stream: branchStream(uid, work),
        expected: expectedOf(fold),
        events: [newEvent(event, 'first', 'result')],
      };
      await stage.world.log.append([append], contextOf(request, stage.world.clock));
    });
    await slow.intents.help(place, requestOf('helper'));
    expect((await stage.controlTypes()).slice(-2)).toEqual(['IntentFailed', 'Committed']);
  });
});
