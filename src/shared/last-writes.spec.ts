import { describe, expect, test } from '@jest/globals';
import { SeededRandom } from '../../test/support/seeded-random.js';
import { lastWritesOf } from './last-writes.js';

type Write =
  | { kind: 'put'; partition: string; key: Uint8Array; value: number }
  | { kind: 'delete'; partition: string; key: Uint8Array }
  | { kind: 'drop'; partition: string; from?: Uint8Array; until?: Uint8Array };

/** Rows by partition and key, which here are texts of one character. */
function apply(rows: Map<string, number>, writes: readonly Write[]): void {
  for (const write of writes) {
    if (write.kind === 'put') rows.set(`${write.partition}${text(write.key)}`, write.value);
    else if (write.kind === 'delete') rows.delete(`${write.partition}${text(write.key)}`);
    else {
      const from = write.from ? text(write.from) : '';
      for (const name of rows.keys()) {
        const key = name.slice(1);
        const isBefore = key < from || (write.until !== undefined && key < text(write.until));
        if (name.startsWith(write.partition) && key >= from && (isBefore || !write.until)) {
          rows.delete(name);
        }
      }
    }
  }
}

const text = (key: Uint8Array) => Buffer.from(key).toString();
const keyOf = (at: number) => Buffer.from('abcdefgh'.charAt(at));

function anyWrite(random: SeededRandom, value: number): Write {
  const partition = 'xy'.charAt(random.below(2));
  const [key, kind] = [keyOf(random.below(8)), random.below(10)];
  if (kind < 6) return { kind: 'put', partition, key, value };
  if (kind < 8) return { kind: 'delete', partition, key };
  const until = keyOf(random.below(8));
  const bounds = [{}, { from: key }, { until }, { from: key, until }][random.below(4)];
  return { kind: 'drop', partition, ...bounds };
}

describe('what many writes come to', () => {
  const random = new SeededRandom(Number(process.env['SEED'] ?? 1));

  test('is what they come to one by one, drops among them, whatever stood there before', () => {
    for (let round = 0; round < 500; round++) {
      const before = new Map<string, number>();
      apply(before, [anyWrite(random, -1), anyWrite(random, -2), anyWrite(random, -3)]);
      const after = new Map(before);
      const writes = Array.from({ length: random.below(30) }, (_, at) => anyWrite(random, at));

      const { drops, deletes, puts } = lastWritesOf(writes);
      apply(before, [...drops, ...deletes, ...puts]);
      apply(after, writes);

      expect(new Map([...before].sort())).toEqual(new Map([...after].sort()));
    }
  });

  test('names no key twice, and none that is dropped again', () => {
    const key = keyOf(0);
    const put = { kind: 'put', partition: 'x', key, value: 1 } as const;
    const last = { ...put, value: 2 };
    const drop = { kind: 'drop', partition: 'x' } as const;

    expect(lastWritesOf<Write>([put, last]).puts).toEqual([last]);
    expect(lastWritesOf<Write>([put, drop])).toEqual({ drops: [drop], deletes: [], puts: [] });
    expect(lastWritesOf<Write>([put, drop, last]).puts).toEqual([last]);
  });
});
