import { expect, it } from '@jest/globals';
import { dies, Stage } from './stage.js';

/** Nobody's patience ends but when a test lets the time go on. */
const LONG_MS = 10_000;

it('a node completes what was asked of it, however long it would look on', async () => {
  const stage = await Stage.open();
  const node = stage.node({ napsMs: [LONG_MS] });
  await stage.put(node, 'one');
  const kinds = ['commit', 'undo', 'delete', 'restore', 'delete', 'create'] as const;
  for (const kind of kinds) expect(await stage.does(node, { kind })).toMatchObject({ kind });
  expect(await stage.pendingCount()).toBe(0);
});

it('a node looks on behind the intent of another one, which has died, and helps then', async () => {
  const stage = await Stage.open();
  const [dying, node] = [stage.node(), stage.node({ napsMs: [LONG_MS] })];
  await stage.put(dying, 'one');
  dying.hooks.after('IntentRequested', dies);
  await expect(stage.commit(dying, 'first')).rejects.toThrow('it died');
  await stage.put(node, 'two');
  const second = stage.commit(node, 'second');
  await stage.until(async () => (await stage.pendingCount()) === 2);
  await expect(Promise.race([second, looked()])).resolves.toBe('it looks on');
  stage.world.clock.advance(LONG_MS);
  await expect(second).resolves.toMatchObject({ kind: 'commit' });
  expect(await stage.pendingCount()).toBe(0);
});

/** Resolves after more turns than a commit takes. */
async function looked(): Promise<string> {
  for (let turn = 0; turn < 500; turn++) {
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return 'it looks on';
}
