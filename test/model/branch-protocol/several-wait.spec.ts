import { expect, it } from '@jest/globals';
import type { IntentId } from '../../../src/domain/model.js';
import { intentOf } from '../../support/samples/branch.samples.js';
import { Stage } from './stage.js';

it('all who wait for one intent hear of it, while what is queued behind it goes on', async () => {
  const stage = await Stage.open();
  const [node, other] = [stage.node(), stage.node()];
  await stage.put(node, 'one');
  const forEver = new Promise<void>(() => undefined);
  const id = 'asked' as IntentId;
  const waiting = [1, 2, 3].map(() => node.branches.seeingOutcome(id, forEver));
  const leaving = node.branches.seeingOutcome(id, Promise.resolve());
  await leaving;
  await stage.perform(other, intentOf(id));
  await stage.view(node);
  await expect(Promise.all(waiting)).resolves.toHaveLength(3);
});
