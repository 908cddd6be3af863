import { describe, expect, it } from '@jest/globals';
import { utf8 } from '../shared/bytes.js';
import { FreshKvStore } from './fresh-kv-store.js';
import { MemoryKvStore } from './memory-kv-store.js';

const READ = [{ kind: 'get', partition: 'notes/a', key: utf8('k') }] as const;

/** Looks end when the test says so. */
function storeWithLooks() {
  const looks: (() => void)[] = [];
  const kv = new MemoryKvStore();
  const fresh = new FreshKvStore(kv, () => new Promise((resolve) => looks.push(resolve)));
  return { kv, fresh, looks };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a read of views that follow a log', () => {
  it('waits until they show what was in the log when it was asked', async () => {
    const { kv, fresh, looks } = storeWithLooks();
    const reading = fresh.read(READ);
    await turn();
    kv.apply([{ kind: 'put', partition: 'notes/a', key: utf8('k'), value: utf8('v'), schema: 1 }]);
    looks[0]?.();
    expect((await reading)[0]).toHaveLength(1);
  });

  it('shares one look with those that are asked at the same time', async () => {
    const { fresh, looks } = storeWithLooks();
    const reading = Promise.all([
      fresh.read(READ),
      fresh.read(READ),
      fresh.snapshot(async () => 1),
    ]);
    await turn();
    expect(looks).toHaveLength(1);
    looks[0]?.();
    await reading;
  });

  it('takes no look that was begun before it was asked', async () => {
    const { fresh, looks } = storeWithLooks();
    const first = fresh.read(READ);
    await turn();
    let isAnswered = false;
    const second = fresh.read(READ).then(() => (isAnswered = true));
    looks[0]?.();
    await first;
    await turn();
    expect(isAnswered).toBe(false);
    looks[1]?.();
    await second;
  });
});
