import { describe, expect, it } from '@jest/globals';
import type { BranchId } from '../../src/domain/model.js';
import { stagingToken } from '../../src/domain/staging/staging.stream.js';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import type { KvRead, KvRow } from '../../src/ports/kv-store.js';
import { put } from '../../src/projections/kv-codec.js';
import { partitions } from '../../src/projections/kv-keys.js';
import { BranchesView } from '../../src/projections/branches.view.js';
import { RepositoriesView } from '../../src/projections/repositories.view.js';
import { DiffBranch } from '../../src/queries/diff-branch.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { utf8 } from '../../src/shared/bytes.js';
import { lake, Lake, main } from './lake.js';

const GROUPS = 100;
const page = { after: '', amount: GROUPS };
const byFolder = { prefix: '', delimiter: '/' };

/** A hundred folders on `main`, each with one object and so many deletions behind it. */
async function withTombstones(count: number): Promise<{ at: Lake; rows: () => number }> {
  const at = await Lake.open();
  for (let group = 0; group < GROUPS; group++) await at.put('main', `${folder(group)}/a`, '1');
  await at.commit('main');
  for (let group = 0; group < GROUPS; group++) await at.put('main', `${folder(group)}/a`, '2');
  const { kv } = at.moraine.adapters;
  if (!(kv instanceof MemoryKvStore)) throw new Error('the store is in memory');
  const { uid } = await new RepositoriesView(kv).get(lake);
  const record = await new BranchesView(kv).get(uid, main);
  if (!record) throw new Error('main is there');
  const { life, tokens } = record;
  const partition = partitions.staging(
    stagingToken({ uid, branch: main, life, ordinal: tokens.hi }),
  );
  for (let group = 0; group < GROUPS; group++) {
    const paths = Array.from({ length: count / GROUPS }, (_, at2) => `${folder(group)}/b${at2}`);
    kv.apply(paths.map((path) => put(partition, utf8(path), null)));
  }
  return { at, rows: countingRows(kv) };
}

const folder = (group: number) => `f${1_000 + group}`;

/** Counts rows as they leave the store. */
function countingRows(kv: MemoryKvStore): () => number {
  let rows = 0;
  const counted = async (read: Promise<readonly (readonly KvRow[])[]>) => {
    const pages = await read;
    rows += pages.flat().length;
    return pages;
  };
  const [read, snapshot] = [kv.read.bind(kv), kv.snapshot.bind(kv)];
  kv.read = (reads: readonly KvRead[]) => counted(read(reads));
  kv.snapshot = (work) =>
    snapshot((state) => work({ read: (reads) => counted(state.read(reads)) }));
  return () => {
    const since = rows;
    rows = 0;
    return since;
  };
}

describe('a page of a hundred folders', () => {
  it('costs the same, whether they hold a thousand deletions or a hundred thousand', async () => {
    const costs: { list: number; diff: number }[] = [];
    for (const count of [1_000, 100_000]) {
      const { at, rows } = await withTombstones(count);
      rows();
      const listed = await at.moraine.ask(new ListObjects(lake, 'main', page, byFolder));
      expect(listed.items).toHaveLength(GROUPS);
      const list = rows();
      const diff = new DiffBranch(lake, 'main' as BranchId, page, byFolder);
      expect((await at.moraine.ask(diff)).items).toHaveLength(GROUPS);
      costs.push({ list, diff: rows() });
      await at.moraine.close();
    }
    const [few, many] = costs;
    if (!few || !many) throw new Error('two costs');
    expect(many.list).toBeLessThan(2 * few.list);
    expect(many.diff).toBeLessThan(2 * few.diff);
    expect(many.list).toBeLessThan(10 * GROUPS);
    expect(many.diff).toBeLessThan(10 * GROUPS);
  }, 60_000);
});
