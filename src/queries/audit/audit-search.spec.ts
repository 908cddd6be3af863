import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog } from '../../event-log/memory-event-log.js';
import { MemoryKvStore } from '../../kv-adapter/memory-kv-store.js';
import type { CommitId, ObjectPath } from '../../domain/model.js';
import { AuditIndex } from '../../projections/audit/audit-index.js';
import type { AuditRecord } from '../../projections/audit/audit-record.js';
import { AuditPlan } from './audit-plan.js';
import { AuditSearch, type AuditOrder } from './audit-search.js';

const COUNT = 350;
const merges = Array.from({ length: COUNT }, (_, at): AuditRecord => ({
  position: 10 + at,
  operation: 'merge',
  type: 'Merged',
  atMs: at,
  caller: 'ann',
  requestId: `${at}`,
  commandId: `${at}`,
  commitId: `${at + 1}` as CommitId,
  formerCommitId: `${at}` as CommitId,
}));
/** One merge of so many changed the path. */
const EVERY = 7;
const isOne = ({ position }: AuditRecord): boolean => position % EVERY === 0;

const kv = new MemoryKvStore();
const log = new MemoryEventLog({ kv, project: () => [] });
const clock = { nowMs: () => 0, sleep: async () => undefined };
const index = new AuditIndex(log, kv, clock);
const plan = new AuditPlan(
  {
    callers: [],
    operations: [],
    types: [],
    path: 'a' as ObjectPath,
    showsSteps: false,
    showsMoves: true,
  },
  undefined,
);

async function pages(order: AuditOrder) {
  let comparedCount = 0;
  const changed = async (record: AuditRecord) => {
    comparedCount++;
    return isOne(record);
  };
  const sight = { groups: [], leaves: [], tail: merges, end: merges.at(-1)?.position ?? 0 };
  const search = new AuditSearch({ index, moves: { changed } }, sight, plan, order);
  const found: AuditRecord[] = [];
  const compared: number[] = [];
  for (let after: number | undefined; ;) {
    comparedCount = 0;
    const { records, next } = await search.page(after, 1_000);
    found.push(...records);
    compared.push(comparedCount);
    if (next === undefined) return { found, compared };
    after = next;
  }
}

describe('merges that are looked into', () => {
  it.each(['newest', 'oldest'] as const)(
    'are so many a page and not more, and none is left out or told twice, %s first',
    async (order) => {
      const { found, compared } = await pages(order);
      const meant = merges.filter(isOne);
      expect(found).toEqual(order === 'oldest' ? meant : meant.toReversed());
      expect(Math.max(...compared)).toBe(100);
      expect(compared.reduce((sum, count) => sum + count)).toBe(COUNT);
    },
  );
});
