import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { EventLog, InlineProjection } from '../../src/ports/event-log.js';
import type { KvStore, KvWrite } from '../../src/ports/kv-store.js';
import { SlotUnknown } from '../../src/ports/store-errors.js';
import { DIFFERING_ROWS_MAX, type ViewSlots } from '../../src/ports/view-slots.js';
import { assert, InvariantError } from '../../src/shared/assert.js';
import { fromUtf8, utf8 } from '../../src/shared/bytes.js';
import { context, newEvent } from '../support/new-events.js';

export interface OpenedSlots {
  readonly log: EventLog;
  readonly kv: KvStore;
  readonly slots: ViewSlots;
  close(): Promise<void>;
}

/** An event of the stream `<view>-…` puts `value` under `key` in the view's one partition. */
const project: InlineProjection = ({ stream, data }) => {
  const view = viewOfStream(stream);
  return data['key'] === undefined
    ? []
    : [put(view, String(data['key']), String(data['value'] ?? ''))];
};

/** What the slots of every store do. An adapter's own spec calls this and adds only its quirks. */
export function viewSlotsContract(
  name: string,
  open: (project: InlineProjection) => Promise<OpenedSlots>,
): void {
  describe(`${name}, as ViewSlots`, () => {
    let opened: OpenedSlots | undefined;
    beforeAll(async () => {
      opened = await open(project);
    }, 60_000);
    afterAll(() => opened?.close());
    const current = (): OpenedSlots => {
      assert(opened, 'the store is open');
      return opened;
    };
    buildingContract(current);
    comparingContract(current);
    swappingContract(current);
  });
}

function buildingContract(opened: () => OpenedSlots): void {
  const slotsOf = async (view: string) =>
    (await opened().slots.list()).filter((slot) => slot.view === view);

  describe('a slot', () => {
    it('in use is made by a declaration, once, with its version', async () => {
      const view = newView();
      await opened().slots.declare(view, 3);
      await opened().slots.declare(view, 4);
      expect(await slotsOf(view)).toMatchObject([{ version: 3, state: 'active' }]);
    });

    it('in use is made by an append too, and declared afterwards', async () => {
      const view = newView();
      await note(opened(), view, 'k', 'v');
      expect(await slotsOf(view)).toMatchObject([{ version: 0, state: 'active' }]);
      await opened().slots.declare(view, 2);
      expect(await slotsOf(view)).toMatchObject([{ version: 2, state: 'active' }]);
      expect(await rowsIn(opened(), view)).toBe('k=v');
    });

    it('that is built is seen by no reader and written by no append', async () => {
      const view = newView();
      await note(opened(), view, 'k', 'live');
      const slot = await opened().slots.begin(view, 2);
      await opened().slots.write(slot, [put(view, 'k', 'built'), put(view, 'l', 'built')]);
      expect(await rowsIn(opened(), view)).toBe('k=live');
      await note(opened(), view, 'm', 'live');
      expect((await opened().slots.digest(slot)).rowCount).toBe(2);
    });

    it('takes writes in their order, so a drop takes what was before it', async () => {
      const view = newView();
      const slot = await opened().slots.begin(view, 1);
      const partition = `${view}/p`;
      await opened().slots.write(slot, [
        put(view, 'a', '1'),
        put(view, 'b', '1'),
        put(view, 'c', '1'),
        { kind: 'drop', partition, from: utf8('a'), until: utf8('c') },
        put(view, 'b', '2'),
        put(view, 'b', '3'),
        put(view, 'd', '1'),
        { kind: 'delete', partition, key: utf8('d') },
        { kind: 'drop', partition: `${view}/other` },
      ]);
      await opened().slots.swap(slot, { remaining: nothing });
      expect(await rowsIn(opened(), view)).toBe('b=3 c=1');
    });

    it('takes rows of its own view alone', async () => {
      const slot = await opened().slots.begin(newView(), 1);
      const foreign = opened().slots.write(slot, [put(newView(), 'a', '1')]);
      await expect(foreign).rejects.toThrow(InvariantError);
    });

    it('is dropped unless it is in use', async () => {
      const view = newView();
      await opened().slots.declare(view, 1);
      const slot = await opened().slots.begin(view, 1);
      await opened().slots.write(slot, [put(view, 'a', '1')]);
      await opened().slots.drop(slot);
      const [active] = await slotsOf(view);
      expect(await slotsOf(view)).toHaveLength(1);
      await expect(opened().slots.drop(active?.slot ?? 0)).rejects.toThrow(SlotUnknown);
      await expect(opened().slots.drop(slot)).rejects.toThrow(SlotUnknown);
      await expect(opened().slots.write(slot, [])).rejects.toThrow(SlotUnknown);
      await expect(opened().slots.digest(slot)).rejects.toThrow(SlotUnknown);
    });

    it('of what is no view is never built', async () => {
      await expect(opened().slots.begin('plain', 1)).rejects.toThrow(InvariantError);
    });
  });
}

function comparingContract(opened: () => OpenedSlots): void {
  const slotOf = async (view: string, writes: readonly KvWrite[]): Promise<number> => {
    const slot = await opened().slots.begin(view, 1);
    await opened().slots.write(slot, writes);
    return slot;
  };
  describe('two slots', () => {
    it('with the same rows do not differ, in whatever order they were written', async () => {
      const view = newView();
      const left = await slotOf(view, rowsOf(view));
      const right = await slotOf(view, rowsOf(view).toReversed());
      expect(await opened().slots.compare(left, right)).toEqual({ differingCount: 0, rows: [] });
      const [one, other] = await Promise.all([left, right].map((s) => opened().slots.digest(s)));
      expect(one).toEqual(other);
      expect(one?.rowCount).toBe(3);
    });

    it('differ where a row is missing, or has another value or schema version', async () => {
      const view = newView();
      const partition = `${view}/p`;
      const left = await slotOf(view, [...rowsOf(view), put(view, 'left', '1')]);
      const right = await slotOf(view, [
        ...rowsOf(view),
        put(view, 'a', 'of A'),
        { kind: 'put', partition, key: utf8('b'), value: utf8('of b'), schema: 2 },
        put(view, 'right', '1'),
      ]);
      const difference = await opened().slots.compare(left, right);
      expect(difference.differingCount).toBe(4);
      expect(difference.rows.map(toBuffers)).toEqual([
        { partition, key: Buffer.from('a'), left: rowOf('of a'), right: rowOf('of A') },
        { partition, key: Buffer.from('b'), left: rowOf('of b'), right: rowOf('of b', 2) },
        { partition, key: Buffer.from('left'), left: rowOf('1'), right: undefined },
        { partition, key: Buffer.from('right'), left: undefined, right: rowOf('1') },
      ]);
      const digests = await Promise.all([left, right].map((s) => opened().slots.digest(s)));
      expect(digests[0]?.sha256).not.toBe(digests[1]?.sha256);
    });

    it('that differ in much say how much, and show the first of it', async () => {
      const view = newView();
      const many = Array.from({ length: DIFFERING_ROWS_MAX + 50 }, (_, n) =>
        put(view, String(n).padStart(4, '0'), 'x'),
      );
      const difference = await opened().slots.compare(
        await slotOf(view, many),
        await slotOf(view, []),
      );
      expect(difference.differingCount).toBe(DIFFERING_ROWS_MAX + 50);
      expect(difference.rows).toHaveLength(DIFFERING_ROWS_MAX);
      expect(difference.rows[0]?.key).toEqual(many[0]?.kind === 'put' && many[0].key);
    });

    it('have the same digest in every store', async () => {
      const view = 'digest';
      const slot = await slotOf(view, [
        ...rowsOf(view),
        { kind: 'put', partition: 'digest/é', key: new Uint8Array(), value: utf8(''), schema: 9 },
      ]);
      expect(await opened().slots.digest(slot)).toEqual({ sha256: DIGEST, rowCount: 4 });
    });
  });
}

function swappingContract(opened: () => OpenedSlots): void {
  describe('a swap', () => {
    it('lets readers and appends go to the new slot from then on', async () => {
      const view = newView();
      await note(opened(), view, 'k', 'old');
      const slot = await opened().slots.begin(view, 2);
      await opened().slots.write(slot, [put(view, 'k', 'new')]);
      const outcome = await opened().slots.swap(slot, { remaining: nothing });
      expect(outcome).toEqual({ isSwapped: true, difference: undefined });
      expect(await rowsIn(opened(), view)).toBe('k=new');
      await note(opened(), view, 'l', 'later');
      expect(await rowsIn(opened(), view)).toBe('k=new l=later');
      const states = (await opened().slots.list()).filter((one) => one.view === view);
      expect(states).toMatchObject([
        { version: 0, state: 'retired' },
        { slot, version: 2, state: 'active' },
      ]);
      await opened().slots.drop(states[0]?.slot ?? 0);
      expect(await rowsIn(opened(), view)).toBe('k=new l=later');
    });

    it('writes what remains before it compares and swaps', async () => {
      const view = newView();
      await note(opened(), view, 'k', 'v');
      const slot = await opened().slots.begin(view, 1);
      const writes = [[put(view, 'k', 'v')]];
      const outcome = await opened().slots.swap(slot, {
        remaining: async () => writes.pop() ?? [],
        accept: ({ differingCount }) => differingCount === 0,
      });
      expect(outcome).toEqual({ isSwapped: true, difference: { differingCount: 0, rows: [] } });
    });

    it('does not happen when the difference is not accepted', async () => {
      const view = newView();
      await note(opened(), view, 'k', 'old');
      const slot = await opened().slots.begin(view, 1);
      await opened().slots.write(slot, [put(view, 'k', 'new')]);
      const outcome = await opened().slots.swap(slot, {
        remaining: nothing,
        accept: ({ differingCount }) => differingCount === 0,
      });
      expect(outcome).toMatchObject({ isSwapped: false, difference: { differingCount: 1 } });
      expect(await rowsIn(opened(), view)).toBe('k=old');
      await opened().slots.drop(slot);
    });

    it('of a view without a slot in use compares with nothing', async () => {
      const view = newView();
      const slot = await opened().slots.begin(view, 1);
      await opened().slots.write(slot, [put(view, 'k', 'new')]);
      const outcome = await opened().slots.swap(slot, { remaining: nothing, accept: () => true });
      expect(outcome).toMatchObject({ isSwapped: true, difference: { differingCount: 1 } });
      expect(await rowsIn(opened(), view)).toBe('k=new');
    });

    it('is of a slot that is being built alone', async () => {
      const view = newView();
      await note(opened(), view, 'k', 'v');
      const active = (await opened().slots.list()).find((slot) => slot.view === view);
      const swap = opened().slots.swap(active?.slot ?? 0, { remaining: nothing });
      await expect(swap).rejects.toThrow(SlotUnknown);
      await expect(opened().slots.swap(0, { remaining: nothing })).rejects.toThrow(SlotUnknown);
    });

    it('loses nothing that is appended and shows no reader a gap while it happens', async () => {
      const view = newView();
      await note(opened(), view, 'first', 'v');
      let written = 1;
      const done = new AbortController();
      const writing = (async () => {
        for (; !done.signal.aborted; written++) await note(opened(), view, `k${written}`, 'v');
      })();
      let fewest = 1;
      const reading = (async () => {
        while (!done.signal.aborted) {
          const [rows] = await opened().kv.read([
            { kind: 'scan', partition: `${view}/p`, limit: 10_000 },
          ]);
          expect(rows?.length).toBeGreaterThanOrEqual(fewest);
          fewest = rows?.length ?? 0;
        }
      })();
      for (let round = 0; round < 5; round++) await rebuild(opened(), view);
      done.abort();
      await Promise.all([writing, reading]);
      const [rows] = await opened().kv.read([
        { kind: 'scan', partition: `${view}/p`, limit: 10_000 },
      ]);
      expect(rows).toHaveLength(written);
    }, 30_000);
  });
}

/** Fills a slot from the log while appends go on, and swaps it in when it equals the live one. */
async function rebuild({ log, slots }: OpenedSlots, view: string): Promise<void> {
  const slot = await slots.begin(view, 1);
  let after = 0;
  const remaining = async (): Promise<readonly KvWrite[]> => {
    const writes: KvWrite[] = [];
    for (;;) {
      const filter = { streamPrefixes: [`${view}-`] };
      const events = await log.readAll({ after, limit: 1000, filter });
      for (const event of events) writes.push(...project(event));
      after = events.at(-1)?.position ?? after;
      // Less than a page is the end; waiting for nothing at all could last while others write.
      if (events.length < 1000) return writes;
    }
  };
  await slots.write(slot, await remaining());
  const outcome = await slots.swap(slot, {
    remaining,
    accept: ({ differingCount }) => differingCount === 0,
  });
  expect(outcome).toEqual({ isSwapped: true, difference: { differingCount: 0, rows: [] } });
}

const rowsOf = (view: string) => ['a', 'b', 'c'].map((key) => put(view, key, `of ${key}`));
const rowOf = (text: string, schema = 1) => ({ value: Buffer.from(text), schema });
const newView = (): string => `view${randomUUID().replaceAll('-', '')}`;
const viewOfStream = (stream: string): string => stream.slice(0, stream.indexOf('-'));
const nothing = async (): Promise<readonly KvWrite[]> => [];

function put(view: string, key: string, value: string): KvWrite {
  const partition = `${view}/p`;
  return { kind: 'put', partition, key: utf8(key), value: utf8(value), schema: 1 };
}

const note = ({ log }: OpenedSlots, view: string, ...[key, value]: [key: string, value: string]) =>
  log.append(
    [{ stream: `${view}-1`, expected: 'any', events: [newEvent({ data: { key, value } })] }],
    context,
  );

async function rowsIn({ kv }: OpenedSlots, view: string): Promise<string | undefined> {
  const [rows] = await kv.read([{ kind: 'scan', partition: `${view}/p`, limit: 100 }]);
  return rows?.map(({ key, value }) => `${fromUtf8(key)}=${fromUtf8(value)}`).join(' ');
}

/** Stores may return any kind of byte array; the tests compare one kind. */
function toBuffers<Row extends { key: Uint8Array; left: Side; right: Side }>(row: Row) {
  const sideOf = (side: Side) => side && { ...side, value: Buffer.from(side.value) };
  return { ...row, key: Buffer.from(row.key), left: sideOf(row.left), right: sideOf(row.right) };
}
type Side = { value: Uint8Array; schema: number } | undefined;

/** Of the rows in the test, by the format in the adapter; a change of it must be meant. */
const DIGEST = '61c1463709ba2cc06e7fffac8340e047896af057771a2fa1585c50dbccb72753';
