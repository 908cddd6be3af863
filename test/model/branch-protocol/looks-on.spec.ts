import { expect, it } from '@jest/globals';
import type { Node } from './node.js';
import { requestOf } from './operations.js';
import { mergeOfSource } from './sources.js';
import { dies, place, Stage } from './stage.js';
import { TestHooks } from './test-hooks.js';

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

for (const isDoneBy of ['itself', 'somebody else']) {
  it(`a node leaves to another one what came when its own was done by ${isDoneBy}`, async () => {
    const stage = await Stage.open();
    const [node, other] = [stage.node({ napsMs: [LONG_MS] }), stage.node()];
    const goesOn = Promise.withResolvers<void>();
    await stage.put(node, 'one');
    let second: Promise<unknown> | undefined;
    const anotherComes = async () => {
      other.hooks.before('Committed', () => goesOn.promise);
      second = putAndCommit(stage, other, 'second');
      await stage.until(async () => (await stage.pendingCount()) === 1);
    };
    if (isDoneBy === 'itself') node.hooks.after('Committed', anotherComes);
    else {
      node.hooks.before('Committed', async () => {
        await stage.node().intents.help(place, requestOf('helper'));
        await anotherComes();
      });
    }
    await expect(stage.commit(node, 'first')).resolves.toMatchObject({ kind: 'commit' });
    await looked();
    expect(await stage.pendingCount()).toBe(1);
    goesOn.resolve();
    await expect(second).resolves.toMatchObject({ kind: 'commit' });
  });
}

it('a node looks on behind two of its own that came behind one of another', async () => {
  const stage = await Stage.open();
  const [node, other] = [stage.node({ napsMs: [LONG_MS] }), stage.node()];
  const isMergeThere = Promise.withResolvers<void>();
  const goesOn = Promise.withResolvers<void>();
  await stage.put(other, 'one');
  other.hooks.before('Committed', () => isMergeThere.promise);
  other.hooks.before('Merged', () => goesOn.promise);
  const first = stage.commit(other, 'first');
  await stage.until(async () => (await stage.pendingCount()) === 1);
  const merge = stage.does(node, mergeOfSource, 'merge');
  await stage.until(async () => (await stage.pendingCount()) === 2);
  isMergeThere.resolve();
  await expect(first).resolves.toMatchObject({ kind: 'commit' });
  const third = putAndCommit(stage, node, 'third');
  await stage.until(async () => (await stage.pendingCount()) === 2);
  await looked();
  expect(await stage.pendingCount()).toBe(2);
  goesOn.resolve();
  await stage.until(async () => (await stage.pendingCount()) === 0);
  stage.world.clock.advance(LONG_MS);
  await expect(merge).resolves.toMatchObject({ kind: 'merge' });
  await expect(third).resolves.toMatchObject({ kind: 'commit' });
});

it('a node goes on with its own behind the one that it began with, when hooks agree', async () => {
  const stage = await Stage.open();
  const agrees = Promise.withResolvers<boolean>();
  const hooks = { limitMs: 60_000, hook: () => agrees.promise, operations: ['merge'] } as const;
  const node = stage.node({ napsMs: [LONG_MS] }, new TestHooks(new Map(), 'a node', hooks));
  const isMergeThere = Promise.withResolvers<void>();
  await stage.put(node, 'one');
  node.hooks.before('Committed', () => isMergeThere.promise);
  const first = stage.commit(node, 'first');
  await stage.until(async () => (await stage.pendingCount()) === 1);
  const merge = stage.does(node, mergeOfSource, 'merge');
  await stage.until(async () => (await stage.pendingCount()) === 2);
  isMergeThere.resolve();
  await expect(first).resolves.toMatchObject({ kind: 'commit' });
  await stage.until(async () => (await stage.controlTypes()).includes('HookClaimed'));
  await looked();
  agrees.resolve(true);
  await expect(Promise.race([merge, looked()])).resolves.toMatchObject({ kind: 'merge' });
});

async function putAndCommit(stage: Stage, node: Node, id: string) {
  await stage.put(node, id);
  return stage.commit(node, id);
}

/** Resolves after more turns than a commit takes. */
async function looked(): Promise<string> {
  for (let turn = 0; turn < 500; turn++) {
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return 'it looks on';
}
