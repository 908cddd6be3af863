import { beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../src/app/system-clock.js';
import type { ObjectPath } from '../../src/domain/model.js';
import { MemoryEventLog } from '../../src/event-log/memory-event-log.js';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import type { KvRead } from '../../src/ports/kv-store.js';
import { AuditIndex } from '../../src/projections/audit/audit-index.js';
import { AUDIT_INDEX_VERSION } from '../../src/projections/audit/audit-rows.js';
import { AuditVerifier } from '../../src/projections/audit/audit-verifier.js';
import type { AuditFilter } from '../../src/queries/audit/audit-plan.js';
import { auditPage } from '../../src/queries/audit/audit-answers.js';
import { appendLongLog, EVE_EVERY } from './long-log.js';

const SIZES = { leafEvents: 250, groupLeaves: 16 };
const RESULTS = 100;
const all: AuditFilter = {
  callers: [],
  operations: [],
  types: [],
  showsSteps: false,
  showsMoves: false,
};
const moves = { changed: async () => false };

/** A log and its index, that count what is read of them. */
class Counted {
  readonly kv = new MemoryKvStore();
  readonly log = new MemoryEventLog({ kv: this.kv, project: () => [] });
  events = 0;
  rows = 0;
  calls = 0;

  static async of(eventCount: number): Promise<Counted> {
    const counted = new Counted();
    await appendLongLog(counted.log, { seed: 1, eventCount });
    while ((await counted.newNode().buildSome()).eventCount > 0);
    counted.#count();
    return counted;
  }

  newNode(): AuditIndex {
    return new AuditIndex(this.log, this.kv, new SystemClock(), SIZES);
  }

  /** Asks as a node that was asked before: it knows the summaries behind the last group. */
  async ask(filter: Partial<AuditFilter>) {
    const index = this.newNode();
    await index.sight();
    [this.events, this.rows, this.calls] = [0, 0, 0];
    const question = { filter: { ...all, ...filter }, order: 'newest' as const };
    const page = { after: undefined, amount: RESULTS };
    const { items, hasMore } = await auditPage({ index, moves }, question, page);
    return { items, hasMore, events: this.events, rows: this.rows, calls: this.calls };
  }

  #count(): void {
    const readAll = this.log.readAll.bind(this.log);
    this.log.readAll = async (options) => {
      const found = await readAll(options);
      this.events += found.length;
      this.calls++;
      return found;
    };
    const read = this.kv.read.bind(this.kv);
    this.kv.read = async (reads: readonly KvRead[]) => {
      const found = await read(reads);
      this.rows += found.flat().length;
      this.calls++;
      return found;
    };
  }
}

let few: Counted;
let many: Counted;
beforeAll(async () => {
  few = await Counted.of(1_000);
  many = await Counted.of(20_000);
}, 60_000);

describe('what a question to the audit reads', () => {
  it.each([
    ['what anybody did', {}],
    ['what somebody did who does much', { callers: ['etl'] }],
    ['what was deleted', { operations: ['delete object'] }],
    ['a prefix that much is below', { prefix: 'tables/' }],
  ] as const)('is as little of a long log as of a short one: %s', async (_, filter) => {
    const [short, long] = [await few.ask(filter), await many.ask(filter)];
    expect(short.items.length).toBeGreaterThan(40);
    expect(long.items).toHaveLength(RESULTS);
    // The end that is not summed up may be longer by a leaf.
    expect(long.events).toBeLessThanOrEqual(short.events + 4 * SIZES.leafEvents);
    expect(long.calls).toBeLessThanOrEqual(short.calls + 8);
  });

  it.each([
    ['somebody who did one thing', { callers: ['eve'] }, 1],
    ['a request', { requestId: 'request-77' }, 1],
    ['an object', { path: 'users/eve' as ObjectPath }, 1],
    ['nobody', { callers: ['nobody'] }, 0],
    ['no object', { path: 'tables/none' as ObjectPath }, 0],
    ['an empty folder', { prefix: 'tables/t-99/' }, 0],
  ] as const)('is, of %s, its summaries and what they point at', async (_, filter, count) => {
    const { items, events, rows } = await many.ask(filter);
    expect(items).toHaveLength(count);
    // The end of the log, what is found, and what a filter was wrong about.
    expect(events).toBeLessThanOrEqual(SIZES.leafEvents * (count + 2));
    expect(rows).toBeLessThan(200);
    expect(EVE_EVERY).toBe(20_000);
  });
});

describe('the index of the audit', () => {
  const base = `plain/audit-${AUDIT_INDEX_VERSION}`;
  const verify = (repairs = false) =>
    new AuditVerifier(few.log, few.kv, { ...SIZES, groupLeaves: 2 }).run({ repairs });

  beforeAll(async () => {
    few = await Counted.of(0);
    await appendLongLog(few.log, { seed: 2, eventCount: 1_900 });
    const sizes = { ...SIZES, groupLeaves: 2 };
    const index = new AuditIndex(few.log, few.kv, new SystemClock(), sizes);
    while ((await index.buildSome()).eventCount > 0);
  });

  it('is what the log says', async () => {
    const { faults, leafCount } = await verify();
    expect(faults).toEqual([]);
    expect(leafCount).toBe(7);
  });

  it.each([
    [`${base}/leaves`, 3],
    [`${base}/groups`, 1],
    [`${base}/group-1`, 0],
    [`${base}/group-2`, 17],
  ])('is found to be wrong in %s, row %s, and is made right', async (partition, ordinal) => {
    const key = new Uint8Array(8);
    key[7] = ordinal;
    const [[row] = []] = await few.kv.read([{ kind: 'get', partition, key }]);
    const bytes = Uint8Array.from(row?.value ?? []);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    await few.kv.setIf(partition, key, { bytes, schema: 1 }, row);
    const fault = { partition, key: String(ordinal), is: 'other' };
    expect((await verify()).faults).toEqual([fault]);
    expect((await verify(true)).faults).toEqual([fault]);
    expect((await verify()).faults).toEqual([]);
  });

  it('is found to lack a name, and to have a summary too many', async () => {
    const partition = `${base}/names`;
    const [[name] = []] = await few.kv.read([{ kind: 'scan', partition, limit: 1 }]);
    const key = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 99);
    if (name) await few.kv.deleteIf(partition, name.key, name);
    await few.kv.setIf(`${base}/leaves`, key, { bytes: key, schema: 1 }, undefined);
    expect((await verify(true)).faults.map(({ is }) => is).toSorted()).toEqual([
      'extra',
      'missing',
    ]);
    expect((await verify()).faults).toEqual([]);
  });
});
