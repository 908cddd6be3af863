import { describe, expect, it } from '@jest/globals';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import type { KvRead, KvRow, KvWrite } from '../../src/ports/kv-store.js';
import { PastRows } from '../../src/queries/as-of/past-rows.js';
import { sortedInTurns } from '../../src/queries/as-of/sorted-in-turns.js';
import { SeededRandom } from '../support/seeded-random.js';
import { seed } from '../support/seed.js';

const KEYS = ['a', 'ab', 'b', 'b\u00e9', 'ba', 'c', '\uffff', '\u{1f600}'].map((text) =>
  Buffer.from(text),
);
const PARTITIONS = ['view/one', 'view/two', 'view/elsewhere'];

function randomWrite(random: SeededRandom): KvWrite {
  const partition = random.pick(PARTITIONS);
  const key = random.pick(KEYS);
  const dice = random.below(10);
  if (dice < 7) {
    const value = Buffer.alloc(random.below(6_000), 0x20 + random.below(90));
    return { kind: 'put', partition, key, value, schema: 1 };
  }
  if (dice < 9) return { kind: 'delete', partition, key };
  const until = random.pick(KEYS);
  return random.below(3) === 0
    ? { kind: 'drop', partition, from: key }
    : { kind: 'drop', partition, from: key, until };
}

function* everyRead(partition: string): Generator<KvRead> {
  for (const key of KEYS) yield { kind: 'get', partition, key };
  for (const from of KEYS) {
    yield { kind: 'pack', partition, from, limit: 2 };
    yield { kind: 'scan', partition, from, limit: 3 };
    for (const until of KEYS) yield { kind: 'scan', partition, from, until, limit: 100 };
  }
}

const told = (rows: readonly (readonly KvRow[])[]) =>
  JSON.stringify(
    rows.map((each) =>
      each.map(({ key, value }) => [Buffer.from(key).toString('hex'), value.length, value.at(-1)]),
    ),
  );

describe(`rows of the past, seed ${seed}`, () => {
  it('are read as a store has them that was written the same', async () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 30; round++) {
      const past = new PastRows(PARTITIONS.slice(0, 2));
      const store = new MemoryKvStore();
      const writes = Array.from({ length: random.below(60) }, () => randomWrite(random));
      past.write(writes);
      store.apply(writes.filter(({ partition }) => partition !== PARTITIONS[2]));
      await past.settle();
      const reads = PARTITIONS.flatMap((partition) => [...everyRead(partition)]);
      expect(told(await past.read(reads))).toBe(told(await store.read(reads)));
    }
  });

  it('take little more than their values, however often one is written anew', () => {
    const past = new PastRows(['view/one']);
    const value = Buffer.alloc(300, 1);
    const key = (nth: number) => Buffer.from(`some/path/of/an/object-${nth % 1_000}`);
    for (let nth = 0; nth < 20_000; nth++) {
      past.write([{ kind: 'put', partition: 'view/one', key: key(nth), value, schema: 1 }]);
    }
    expect(past.sizeBytes).toBeLessThan(1_000 * 1_000);
  });

  it('are in the order of their bytes when there are many', async () => {
    const random = new SeededRandom(seed);
    const texts = Array.from({ length: 50_000 }, () => String(random.below(1_000_000_000)));
    expect(await sortedInTurns(texts)).toEqual(texts.toSorted());
    expect(await sortedInTurns([])).toEqual([]);
  });
});
