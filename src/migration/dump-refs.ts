import {
  type RecordPages,
  type TableProperties,
  type TableRecord,
  writeRecordTable,
} from '../committed/record-table.js';
import type { BranchRecord } from '../domain/branch/branch.events.js';
import type { BranchId, MetaRangeId, RepositoryUid } from '../domain/model.js';
import type { RefsDump } from '../domain/refs-task/refs-task.events.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
import { tokensBetween } from '../domain/staging/staging.stream.js';
import type { BlockStore } from '../ports/block-store.js';
import type { KvRow, KvStore } from '../ports/kv-store.js';
import type { CommitRecord } from '../domain/model.js';
import { decodeValue, type TagRecord } from '../projections/kv-codec.js';
import { partitions } from '../projections/kv-keys.js';
import { stagedChanges } from '../projections/staging.view.js';
import { fromUtf8, justAfter, utf8 } from '../shared/bytes.js';
import { encodeFlags, encodeStaged } from './branch-states.js';
import { encodeCommit, encodeRef } from './refs-records.js';
import { refsProperties, STATES_PROPERTIES, STATES_PROPERTY } from './refs-properties.js';

const ROWS_PER_PAGE = 1_000;

export interface DumpWatcher {
  readonly signal: AbortSignal;
  /** Called for each record that was written. */
  onRecord(): void;
}

/**
 * Writes a repository's refs as tables under its namespace, in lakeFS's format, so that a server
 * which knows nothing but the namespace can have them back.
 *
 * Branches and tags are read first and commits last: every commit that one of them names is then
 * among those written, whatever is committed meanwhile.
 */
export class DumpRefs {
  constructor(
    private readonly kv: KvStore,
    private readonly blocks: BlockStore,
  ) {}

  async run({ namespace, uid }: RepositoryRecord, watcher: DumpWatcher): Promise<RefsDump> {
    const write = (records: RecordPages, properties: TableProperties) =>
      writeRecordTable(this.blocks, namespace, watched(records, watcher), { properties });
    const branches: NamedBranch[] = [];
    const states = await this.#writeStates(uid, branches, write);
    const branchProperties = { ...refsProperties('branch'), ...states };
    const tagRecords: TableRecord[] = [];
    for await (const page of this.#tags(uid)) tagRecords.push(...page);
    const [branchesId, tags, commits] = await Promise.all([
      write(onePage(branches.map(recordOfBranch)), branchProperties),
      write(onePage(tagRecords), refsProperties('tag')),
      write(this.#commits(uid), refsProperties('commit')),
    ]);
    return { branches: branchesId, tags, commits };
  }

  /** Of what there is nothing of there is no table, and no word in the table of branches. */
  async #writeStates(
    uid: RepositoryUid,
    branches: NamedBranch[],
    write: (records: RecordPages, properties: TableProperties) => Promise<MetaRangeId>,
  ): Promise<TableProperties> {
    const records = this.#states(uid, branches);
    const first = await records.next();
    if (first.done === true) return {};
    const all = (async function* () {
      yield first.value;
      yield* records;
    })();
    return { [STATES_PROPERTY]: await write(all, STATES_PROPERTIES) };
  }

  async *#states(uid: RepositoryUid, branches: NamedBranch[]): AsyncGenerator<TableRecord[]> {
    for await (const rows of pagesOf(this.kv, partitions.branches(uid))) {
      for (const row of rows) {
        const branch = fromUtf8(row.key) as BranchId;
        const record = decodeValue<BranchRecord>(row);
        branches.push({ branch, record });
        const { isHidden, life, tokens } = record;
        if (isHidden) yield [encodeFlags(branch, { isHidden })];
        const staged = stagedChanges(this.kv, tokensBetween({ uid, branch, life }, tokens));
        for await (const batch of staged) {
          yield Array.from(batch, (change) => encodeStaged(branch, change));
        }
      }
    }
  }

  async *#tags(uid: RepositoryUid): AsyncGenerator<TableRecord[]> {
    for await (const rows of pagesOf(this.kv, partitions.tags(uid))) {
      yield rows.map((row) => {
        const { commitId } = decodeValue<TagRecord>(row);
        const data = encodeRef({ name: fromUtf8(row.key), commitId });
        return { key: row.key, identity: utf8(commitId), data };
      });
    }
  }

  async *#commits(uid: RepositoryUid): AsyncGenerator<TableRecord[]> {
    for await (const rows of pagesOf(this.kv, partitions.commits(uid))) {
      yield rows.map((row) => {
        const data = encodeCommit(decodeValue<CommitRecord>(row));
        return { key: row.key, identity: row.key, data };
      });
    }
  }
}

interface NamedBranch {
  readonly branch: BranchId;
  readonly record: BranchRecord;
}

function recordOfBranch({ branch, record }: NamedBranch): TableRecord {
  const { commitId } = record.head;
  const data = encodeRef({ name: branch, commitId });
  return { key: utf8(branch), identity: utf8(commitId), data };
}

async function* onePage(records: readonly TableRecord[]): AsyncGenerator<readonly TableRecord[]> {
  yield records;
}

async function* watched(
  pages: RecordPages,
  { signal, onRecord }: DumpWatcher,
): AsyncGenerator<readonly TableRecord[]> {
  for await (const records of pages) {
    signal.throwIfAborted();
    yield records;
    for (let at = 0; at < records.length; at++) onRecord();
  }
}

/** Yields the pages of a partition; one is read while the one before it is worked on. */
async function* pagesOf(kv: KvStore, partition: string): AsyncGenerator<readonly KvRow[]> {
  const pageFrom = (from: Uint8Array | undefined) =>
    kv.read([{ kind: 'scan', partition, limit: ROWS_PER_PAGE, ...(from ? { from } : {}) }]);
  let next: ReturnType<typeof pageFrom> | undefined = pageFrom(undefined);
  while (next) {
    const [rows = []]: readonly (readonly KvRow[])[] = await next;
    const last = rows.at(-1);
    next = rows.length < ROWS_PER_PAGE || !last ? undefined : pageFrom(justAfter(last.key));
    // It is waited for below, or nobody wants it any more.
    next?.catch(() => undefined);
    yield rows;
  }
}
