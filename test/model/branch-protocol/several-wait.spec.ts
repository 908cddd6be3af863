import { expect, it } from '@jest/globals';
import type { IntentId } from '../../../src/domain/model.js';
import { intentOf } from '../../support/samples/branch.samples.js';
import { requestOf } from './operations.js';
import { sources } from './sources.js';
import { place, Stage } from './stage.js';
import { TestHooks } from './test-hooks.js';

const HOOKS_MS_MAX = 600_000;
/** A little more than one may wait who holds up the line. */
const PATIENCE_MS = 501;

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

it('who waits in line for an intent lets the others by when its hooks take long', async () => {
  const stage = await Stage.open();
  const never = { limitMs: HOOKS_MS_MAX, hook: () => new Promise<boolean>(() => undefined) };
  const node = stage.node({}, new TestHooks(new Map(), 'a node', never));
  const source = sources[0]?.id ?? '';
  const merge = { kind: 'merge', ref: source, strategy: 'source-wins', isSquash: false } as const;
  void stage.does(node, merge, 'slow').catch(() => undefined);
  await stage.until(async () => (await stage.controlTypes()).includes('HookClaimed'));
  const slow = 'slow' as IntentId;
  const waiting = node.intents.inLine(place, () =>
    node.intents.outcomeInLine(place, slow, requestOf('writer')),
  );
  void stage.perform(node, intentOf('behind')).catch(() => undefined);
  await stage.until(async () => {
    stage.world.clock.advance(PATIENCE_MS);
    return (await stage.pendingCount()) === 2;
  });
  await expect(waiting).resolves.toBeUndefined();
  node.hooks.die();
  stage.world.clock.advance(HOOKS_MS_MAX);
});
