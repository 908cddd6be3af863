import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { seed } from '../../test/support/seed.js';
import { token, path } from '../../test/support/samples/staging.samples.js';
import { entry } from '../../test/support/samples/staging.samples.js';
import { MemoryKvStore } from '../kv-adapter/memory-kv-store.js';
import type { ObjectEntry, StagingToken } from '../domain/model.js';
import type { StagedChange } from '../ports/committed-store.js';
import type { KvSnapshot } from '../ports/kv-store.js';
import { InvariantError } from '../shared/assert.js';
import { utf8 } from '../shared/bytes.js';
import { drop, put, remove } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import { STAGED_ROWS_PER_READ, stagedChanges } from './staging.view.js';

const ROWS = STAGED_ROWS_PER_READ + 1;

function storeWithRows(): MemoryKvStore {
  const kv = new MemoryKvStore();
  const partition = partitions.staging(token);
  kv.apply([
    put(partitions.tokens, keys.token(token), { openedAtMs: 1 }),
    ...Array.from({ length: ROWS }, (_, at) => put(partition, utf8(path(`p${at}`)), entry)),
  ]);
  return kv;
}

async function countOf(snapshot: KvSnapshot): Promise<number> {
  let count = 0;
  for await (const batch of stagedChanges(snapshot, [token])) count += batch.length;
  return count;
}

/** What tokens say, newest first: a map of paths each, `undefined` for a tombstone. */
type Said = readonly ReadonlyMap<number, { readonly is: 'entry' | 'gone' | 'idle' }>[];

const said: fc.Arbitrary<Said> = fc.array(
  fc
    .record({ count: fc.nat(5_000), step: fc.integer({ min: 1, max: 5 }), kinds: fc.nat(7) })
    .map(({ count, step, kinds }) => {
      const wanted = (['entry', 'gone', 'idle'] as const).filter((_, at) => kinds & (1 << at));
      const words = Array.from({ length: wanted.length === 0 ? 0 : count }, (_, at) => {
        // In long runs and in short ones.
        const is = wanted[(at < count / 2 ? at >> 9 : at) % wanted.length] ?? 'entry';
        return [at * step, { is }] as const;
      });
      return new Map(words);
    }),
  { minLength: 1, maxLength: 3 },
);

const named = (at: number) => path(`folder/${String(at).padStart(7, '0')}`);

describe(`what tokens say, however much it is (SEED=${seed})`, () => {
  it('is the newest word on each path, in their order, as a map of it', () =>
    fc.assert(
      fc.asyncProperty(said, async (tokensSay) => {
        const kv = new MemoryKvStore();
        const tokens = tokensSay.map((_, at) => `${token}-${at}` as StagingToken);
        const wanted = new Map<number, ObjectEntry | undefined>();
        for (const [index, of] of tokens.entries()) {
          const { staging, tombstones, idleTombstones } = partitions;
          const places = { entry: staging(of), gone: tombstones(of), idle: idleTombstones(of) };
          kv.apply([put(partitions.tokens, keys.token(of), { openedAtMs: 1 })]);
          const words = [...(tokensSay[index] ?? [])];
          const own = (at: number) => ({ ...entry, sizeBytes: at * 10 + index });
          kv.apply(
            words.map(([at, { is }]) =>
              put(places[is], utf8(named(at)), is === 'entry' ? own(at) : null),
            ),
          );
          for (const [at, { is }] of words) {
            if (!wanted.has(at)) wanted.set(at, is === 'entry' ? own(at) : undefined);
          }
        }
        const found: StagedChange[] = [];
        for await (const batch of stagedChanges(kv, tokens)) {
          const before = found.length;
          found.push(...batch);
          expect(found.length - before).toBe(batch.length);
        }
        const inOrder = [...wanted].sort(([left], [right]) => left - right);
        expect(found).toEqual(inOrder.map(([at, value]) => ({ path: named(at), entry: value })));
      }),
      { seed, numRuns: 15 },
    ));
});

describe('what a token says, read in pages', () => {
  it('is all of it', async () => expect(await countOf(storeWithRows())).toBe(ROWS));

  it('is an error when its rows went before or between its pages: never less', async () => {
    const kv = storeWithRows();
    let reads = 0;
    const dropping: KvSnapshot = {
      read: async (asked) => {
        if (++reads === 2) {
          kv.apply([drop(partitions.staging(token)), remove(partitions.tokens, keys.token(token))]);
        }
        return kv.read(asked);
      },
    };
    await expect(countOf(dropping)).rejects.toThrow(InvariantError);
    expect(reads).toBe(2);
    await expect(countOf(kv)).rejects.toThrow(InvariantError);
  });
});
