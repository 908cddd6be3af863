import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  KEY_BYTES_MAX,
  SCAN_ROWS_MAX,
  VALUE_BYTES_MAX,
  type KvRead,
  type KvRow,
  type KvSnapshot,
  type KvStore,
} from '../../src/ports/kv-store.js';
import { PredicateFailed, SnapshotTooOld } from '../../src/ports/store-errors.js';
import { assert, InvariantError } from '../../src/shared/assert.js';
import { compareBytes, utf8 } from '../../src/shared/bytes.js';
import { PackedRows } from '../../src/shared/packed-rows.js';

export interface OpenedKv {
  readonly kv: KvStore;
  close(): Promise<void>;
}

/** What every KvStore does. An adapter's own spec calls this and adds only its quirks. */
export function kvStoreContract(
  name: string,
  open: (options: { snapshotMsMax: number }) => Promise<OpenedKv>,
): void {
  describe(`${name}, as a KvStore`, () => {
    let opened: OpenedKv | undefined;
    beforeAll(async () => {
      opened = await open({ snapshotMsMax: 10_000 });
    }, 60_000);
    afterAll(() => opened?.close());
    // The partitions of each test are its own, so that all of them share one store.
    const kv = (): KvStore => {
      assert(opened, 'the store is open');
      return opened.kv;
    };
    setIfContract(kv);
    deleteIfContract(kv);
    readContract(kv);
    packContract(kv);
    orderContract(kv);
    snapshotContract(kv, open);
  });
}

function setIfContract(kv: () => KvStore): void {
  describe('setIf', () => {
    it('sets what does not exist when that is expected, and refuses it a second time', async () => {
      const at = newPartition();
      await set(kv(), at, 'k', 'first');
      await expect(set(kv(), at, 'k', 'second')).rejects.toThrow(PredicateFailed);
      expect((await rowAt(kv(), at, 'k'))?.value).toEqual(Buffer.from('first'));
    });

    it('sets what is as it was read, and returns the version that a read gives', async () => {
      const at = newPartition();
      await set(kv(), at, 'k', 'old');
      const seen = await rowAt(kv(), at, 'k');
      const version = await kv().setIf(at, utf8('k'), { bytes: utf8('new'), schema: 7 }, seen);
      expect(await rowAt(kv(), at, 'k')).toEqual({
        key: Buffer.from('k'),
        value: Buffer.from('new'),
        schema: 7,
        version,
      });
    });

    it('refuses what was changed since it was read', async () => {
      const at = newPartition();
      await set(kv(), at, 'k', 'old');
      const seen = await rowAt(kv(), at, 'k');
      await set(kv(), at, 'k', 'other', seen);
      await expect(set(kv(), at, 'k', 'mine', seen)).rejects.toThrow(PredicateFailed);
    });

    it('refuses what was deleted since it was read, also when it is there again', async () => {
      const at = newPartition();
      await set(kv(), at, 'k', 'same');
      const seen = await rowAt(kv(), at, 'k');
      assert(seen, 'it is there');
      await kv().deleteIf(at, utf8('k'), seen);
      await expect(set(kv(), at, 'k', 'mine', seen)).rejects.toThrow(PredicateFailed);
      await set(kv(), at, 'k', 'same');
      await expect(set(kv(), at, 'k', 'mine', seen)).rejects.toThrow(PredicateFailed);
    });

    it('lets exactly one of racing creators win', async () => {
      const at = newPartition();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 12 }, (_, n) => set(kv(), at, 'k', String(n))),
      );
      expectOneWinner(outcomes);
    });

    it('lets exactly one of racing writers win', async () => {
      const at = newPartition();
      await set(kv(), at, 'k', 'old');
      const seen = await rowAt(kv(), at, 'k');
      const outcomes = await Promise.allSettled(
        Array.from({ length: 12 }, (_, n) => set(kv(), at, 'k', String(n), seen)),
      );
      expectOneWinner(outcomes);
    });

    it('counts rightly when many add one to the same number', async () => {
      const at = newPartition();
      await set(kv(), at, 'n', '0');
      const addOne = async (): Promise<void> => {
        for (;;) {
          const seen = await rowAt(kv(), at, 'n');
          const next = String(Number(Buffer.from(seen?.value ?? []).toString()) + 1);
          try {
            await set(kv(), at, 'n', next, seen);
            return;
          } catch (error) {
            if (!(error instanceof PredicateFailed)) throw error;
          }
        }
      };
      await Promise.all(Array.from({ length: 20 }, addOne));
      expect((await rowAt(kv(), at, 'n'))?.value).toEqual(Buffer.from('20'));
    });

    it('is for what is no view alone', async () => {
      await expect(set(kv(), `staging/${randomUUID()}`, 'k', 'v')).rejects.toThrow(InvariantError);
    });

    it('takes keys and values up to their limits', async () => {
      const at = newPartition();
      const key = new Uint8Array(KEY_BYTES_MAX).fill(0xff);
      const bytes = new Uint8Array(VALUE_BYTES_MAX).fill(0);
      await kv().setIf(at, key, { bytes, schema: 32_767 }, undefined);
      const [rows] = await kv().read([{ kind: 'scan', partition: at, limit: 10 }]);
      expect(rows?.[0]?.key.length).toBe(KEY_BYTES_MAX);
      expect(rows?.[0]?.value.length).toBe(VALUE_BYTES_MAX);
      const tooLarge = { bytes: new Uint8Array(VALUE_BYTES_MAX + 1), schema: 1 };
      await expect(kv().setIf(at, utf8('k'), tooLarge, undefined)).rejects.toThrow(InvariantError);
    });

    it('keeps its own copy of what it was given', async () => {
      const at = newPartition();
      const [key, bytes] = [Buffer.from('k'), Buffer.from('value')];
      await kv().setIf(at, key, { bytes, schema: 1 }, undefined);
      key[0] = 0;
      bytes[0] = 0;
      expect((await rowAt(kv(), at, 'k'))?.value).toEqual(Buffer.from('value'));
    });
  });
}

function deleteIfContract(kv: () => KvStore): void {
  describe('deleteIf', () => {
    it('deletes what is as it was read, and refuses it otherwise', async () => {
      const at = newPartition();
      await set(kv(), at, 'k', 'old');
      const seen = await rowAt(kv(), at, 'k');
      assert(seen, 'it is there');
      await set(kv(), at, 'k', 'new', seen);
      await expect(kv().deleteIf(at, utf8('k'), seen)).rejects.toThrow(PredicateFailed);
      const now = await rowAt(kv(), at, 'k');
      assert(now, 'it is still there');
      await kv().deleteIf(at, utf8('k'), now);
      expect(await rowAt(kv(), at, 'k')).toBeUndefined();
      await expect(kv().deleteIf(at, utf8('k'), now)).rejects.toThrow(PredicateFailed);
    });

    it('is for what is no view alone', async () => {
      const version = { version: '1' };
      await expect(kv().deleteIf('staging/x', utf8('k'), version)).rejects.toThrow(InvariantError);
    });
  });
}

function readContract(kv: () => KvStore): void {
  const filled = async (): Promise<string> => {
    const at = newPartition();
    for (const key of ['d', 'b', 'a', 'c']) await set(kv(), at, key, `value of ${key}`);
    return at;
  };

  describe('a read', () => {
    it('answers each of its parts, in their order', async () => {
      const at = await filled();
      const answers = await kv().read([
        { kind: 'scan', partition: at, limit: 2 },
        { kind: 'get', partition: at, key: utf8('c') },
        { kind: 'get', partition: at, key: utf8('x') },
        { kind: 'scan', partition: at, from: utf8('b'), until: utf8('d'), limit: 10 },
        { kind: 'get', partition: newPartition(), key: utf8('c') },
        { kind: 'get', partition: at, key: utf8('a') },
        { kind: 'scan', partition: newPartition(), limit: 10 },
      ]);
      expect(answers.map(keysOf)).toEqual(['ab', 'c', '', 'bc', '', 'a', '']);
    });

    it('of nothing is nothing', async () => {
      expect(await kv().read([])).toEqual([]);
    });

    it('knows no view that was never written', async () => {
      const partition = `never/${randomUUID()}`;
      expect(await kv().read([{ kind: 'scan', partition, limit: 1 }])).toEqual([[]]);
    });

    it('answers each of many callers with his own', async () => {
      const at = await filled();
      const keys = ['a', 'b', 'c', 'd'];
      const reads = Array.from({ length: 100 }, (_, n) => keys[n % 4] ?? '');
      const answers = await Promise.all(
        reads.map((key) => kv().read([{ kind: 'get', partition: at, key: utf8(key) }])),
      );
      expect(answers.map(([rows]) => keysOf(rows))).toEqual(reads);
    });

    it('sees what its caller has written before', async () => {
      const at = newPartition();
      const writers = Array.from({ length: 20 }, async (_, n) => {
        await set(kv(), at, String(n), 'mine');
        expect(await rowAt(kv(), at, String(n))).toBeDefined();
      });
      await Promise.all(writers);
    });

    it('of a scan without bounds takes all, and of an empty range nothing', async () => {
      const at = await filled();
      const scan = async (bounds: { from?: Uint8Array; until?: Uint8Array }) =>
        keysOf((await kv().read([{ kind: 'scan', partition: at, limit: 10, ...bounds }]))[0]);
      expect(await scan({})).toBe('abcd');
      expect(await scan({ from: utf8('c') })).toBe('cd');
      expect(await scan({ until: utf8('c') })).toBe('ab');
      expect(await scan({ from: utf8('b'), until: utf8('b') })).toBe('');
      expect(await scan({ from: utf8('c'), until: utf8('b') })).toBe('');
      expect(await scan({ from: new Uint8Array() })).toBe('abcd');
    });

    it('refuses a limit that is out of bounds', async () => {
      for (const limit of [0, SCAN_ROWS_MAX + 1]) {
        const scan = kv().read([{ kind: 'scan', partition: 'plain/x', limit }]);
        await expect(scan).rejects.toThrow(InvariantError);
      }
    });

    it('refuses a partition that names no view, or holds NUL', async () => {
      for (const partition of ['nothing', 'plain/a\0b']) {
        const get = kv().read([{ kind: 'get', partition, key: utf8('k') }]);
        await expect(get).rejects.toThrow(InvariantError);
      }
    });
  });
}

function packContract(kv: () => KvStore): void {
  const pack = async (read: Partial<Exclude<KvRead, { kind: 'get' }>> & { partition: string }) => {
    const [rows = []] = await kv().read([{ kind: 'pack', limit: 100, ...read }]);
    return rows.map(({ key, value, schema }) => ({
      key: Buffer.from(key),
      rows: textsOf(value),
      schema,
    }));
  };
  const filled = async (keys: readonly string[]): Promise<string> => {
    const at = newPartition();
    for (const key of keys) await set(kv(), at, key, JSON.stringify({ of: key }));
    return at;
  };
  const rowsOf = (keys: readonly string[]) => [
    {
      key: Buffer.alloc(0),
      rows: keys.map((key) => [key, JSON.stringify({ of: key })]),
      schema: 1,
    },
  ];

  describe('a pack', () => {
    it('is the rows of the scan with its bounds, in their order', async () => {
      const at = await filled(['d', 'b', 'ä', 'a', 'c', 'a\nb', '\u{1f600}', 'k'.repeat(1024)]);
      const all = ['a', 'a\nb', 'b', 'c', 'd', 'k'.repeat(1024), 'ä', '\u{1f600}'];
      expect(await pack({ partition: at })).toEqual(rowsOf(all));
      expect(await pack({ partition: at, limit: 2 })).toEqual(rowsOf(['a', 'a\nb']));
      const bounds = { from: utf8('b'), until: utf8('d') };
      expect(await pack({ partition: at, ...bounds })).toEqual(rowsOf(['b', 'c']));
    });

    it('of nothing is no row', async () => {
      expect(await pack({ partition: newPartition() })).toEqual([]);
      const at = await filled(['a']);
      expect(await pack({ partition: at, from: utf8('b') })).toEqual([]);
    });

    it('is answered with what is read beside it, of the same state', async () => {
      const at = await filled(['a', 'b']);
      const reads = [
        { kind: 'get', partition: at, key: utf8('b') },
        { kind: 'pack', partition: at, limit: 10 },
        { kind: 'scan', partition: at, limit: 1 },
        { kind: 'pack', partition: newPartition(), limit: 10 },
      ] as const;
      const found = async (from: KvSnapshot) => {
        const [got, packed, scanned, none] = await from.read(reads);
        return [keysOf(got), textsOf(packed?.[0]?.value).length, keysOf(scanned), none];
      };
      expect(await found(kv())).toEqual(['b', 2, 'a', []]);
      await kv().snapshot(async (snapshot) => {
        await set(kv(), at, 'c', '1');
        expect(await found(snapshot)).toEqual(['b', 2, 'a', []]);
      });
      expect(await found(kv())).toEqual(['b', 3, 'a', []]);
    });

    it('says of which schema its rows are, and is refused when that is several', async () => {
      const at = newPartition();
      await kv().setIf(at, utf8('a'), { bytes: utf8('1'), schema: 7 }, undefined);
      expect((await pack({ partition: at }))[0]?.schema).toBe(7);
      await kv().setIf(at, utf8('b'), { bytes: utf8('1'), schema: 8 }, undefined);
      await expect(pack({ partition: at })).rejects.toThrow(InvariantError);
    });
  });
}

function textsOf(packed: Uint8Array | undefined): [key: string, value: string][] {
  const rows = new PackedRows(Buffer.from(packed ?? []));
  const found: [string, string][] = [];
  while (rows.next()) found.push([rows.keyText(), rows.valueText()]);
  return found;
}

function orderContract(kv: () => KvStore): void {
  describe('keys', () => {
    it('are ordered as unsigned bytes, a prefix before what it begins', async () => {
      const at = newPartition();
      const texts = ['', 'a', 'ab', 'a\0', 'a/', 'é', '😀', '\ufffd', 'z', 'Z', '0', '~', 'a'];
      const keys = [...new Set(texts)].map((text) => utf8(text));
      keys.push(new Uint8Array([0]), new Uint8Array([0xff]), new Uint8Array([0xff, 0x00]));
      keys.push(new Uint8Array([0x7f]), new Uint8Array([0x80]), new Uint8Array([0, 0]));
      await Promise.all(
        keys.map((key) => kv().setIf(at, key, { bytes: key, schema: 1 }, undefined)),
      );
      const [rows] = await kv().read([{ kind: 'scan', partition: at, limit: 100 }]);
      const sorted = keys.toSorted(compareBytes).map((key) => Buffer.from(key));
      expect(rows?.map(({ key }) => key)).toEqual(sorted);
      expect(rows?.map(({ value }) => value)).toEqual(sorted);
    });

    it('are pages of each other when a scan goes on behind its last one', async () => {
      const at = newPartition();
      const keys = Array.from({ length: 25 }, (_, n) => new Uint8Array([n * 10]));
      for (const key of keys) await kv().setIf(at, key, { bytes: key, schema: 1 }, undefined);
      const seen: number[] = [];
      for (let from = new Uint8Array(); ;) {
        const [rows = []] = await kv().read([{ kind: 'scan', partition: at, from, limit: 4 }]);
        seen.push(...rows.map(({ key }) => key[0] ?? -1));
        const last = rows.at(-1);
        if (!last) break;
        from = new Uint8Array([...last.key, 0]);
      }
      expect(seen).toEqual(keys.map(([byte]) => byte));
    });

    it('belong to their partition: names that begin alike are apart', async () => {
      const at = newPartition();
      await set(kv(), at, 'k', 'here');
      await set(kv(), `${at}/more`, 'k', 'there');
      const [rows] = await kv().read([{ kind: 'scan', partition: at, limit: 10 }]);
      expect(rows).toHaveLength(1);
    });
  });
}

function snapshotContract(
  kv: () => KvStore,
  open: (options: { snapshotMsMax: number }) => Promise<OpenedKv>,
): void {
  describe('a snapshot', () => {
    it('stays as it was while writes land', async () => {
      const at = newPartition();
      await set(kv(), at, 'a', 'old');
      await set(kv(), at, 'gone', 'old');
      const scan = [{ kind: 'scan', partition: at, limit: 10 }] as const;
      await kv().snapshot(async (snapshot) => {
        const before = await snapshot.read(scan);
        await set(kv(), at, 'a', 'new', before[0]?.[0]);
        await set(kv(), at, 'b', 'new');
        const gone = before[0]?.[1];
        assert(gone, 'it is there');
        await kv().deleteIf(at, utf8('gone'), gone);
        expect(await snapshot.read(scan)).toEqual(before);
        const [rows] = await kv().read(scan);
        expect(rows?.map(({ key }) => Buffer.from(key).toString())).toEqual(['a', 'b']);
      });
    });

    it('is of the moment when it began, not of its first read', async () => {
      const at = newPartition();
      await kv().snapshot(async (snapshot) => {
        await set(kv(), at, 'k', 'later');
        expect(await rowAt(snapshot, at, 'k')).toBeUndefined();
      });
      expect(await rowAt(kv(), at, 'k')).toBeDefined();
    });

    it('returns what its work returns, and throws what it throws', async () => {
      expect(await kv().snapshot(async () => 'result')).toBe('result');
      const failing = kv().snapshot(async () => {
        throw new RangeError('mine');
      });
      await expect(failing).rejects.toThrow(RangeError);
      expect(await kv().snapshot(async (snapshot) => snapshot.read([]))).toEqual([]);
    });

    it('is refused when it is held too long', async () => {
      const own = await open({ snapshotMsMax: 20 });
      try {
        const at = newPartition();
        await set(own.kv, at, 'k', 'v');
        const held = own.kv.snapshot(async (snapshot) => {
          await snapshot.read([{ kind: 'get', partition: at, key: utf8('k') }]);
          const untilMs = performance.now() + 30;
          while (performance.now() < untilMs) await rowAt(own.kv, at, 'k');
          return rowAt(snapshot, at, 'k');
        });
        await expect(held).rejects.toThrow(SnapshotTooOld);
        // On a busy machine the next one may be held too long as well, but not each of them.
        const again = (): Promise<KvRow | undefined> =>
          own.kv
            .snapshot((snapshot) => rowAt(snapshot, at, 'k'))
            .catch((error: unknown) => {
              if (error instanceof SnapshotTooOld) return again();
              throw error;
            });
        expect(await again()).toBeDefined();
      } finally {
        await own.close();
      }
    }, 30_000);
  });
}

const keysOf = (rows: readonly KvRow[] | undefined) =>
  rows?.map(({ key }) => Buffer.from(key).toString()).join('');

const newPartition = (): string => `plain/${randomUUID()}`;

const set = (store: KvStore, partition: string, ...[key, value, seen]: SetArguments) =>
  store.setIf(partition, utf8(key), { bytes: utf8(value), schema: 1 }, seen);

type SetArguments = [key: string, value: string, seen?: KvRow | undefined];

async function rowAt(
  store: Pick<KvStore, 'read'>,
  partition: string,
  key: string,
): Promise<KvRow | undefined> {
  const [rows] = await store.read([{ kind: 'get', partition, key: utf8(key) }]);
  const row = rows?.[0];
  return row && { ...row, key: Buffer.from(row.key), value: Buffer.from(row.value) };
}

function expectOneWinner(outcomes: readonly PromiseSettledResult<unknown>[]): void {
  const lost = outcomes.filter(({ status }) => status === 'rejected');
  expect(lost).toHaveLength(outcomes.length - 1);
  for (const { reason } of lost as PromiseRejectedResult[]) {
    expect(reason).toBeInstanceOf(PredicateFailed);
  }
}
