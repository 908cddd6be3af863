import { readRecordTable, readRecordTableProperties } from '../committed/record-table.js';
import { commitIdOf } from '../domain/commit/commit-id.js';
import { DomainError } from '../domain/errors.js';
import type {
  BranchId,
  CommitId,
  CommitRecord,
  MetaRangeId,
  StorageNamespace,
} from '../domain/model.js';
import type { RefsDump } from '../domain/refs-task/refs-task.events.js';
import type { BlockStore } from '../ports/block-store.js';
import { BlockNotFound } from '../ports/store-errors.js';
import { fromUtf8 } from '../shared/bytes.js';
import { type BranchStateRecord, decodeBranchState } from './branch-states.js';
import { decodeCommit, decodeRef, type NamedRef } from './refs-records.js';
import { STATES_PROPERTY } from './refs-properties.js';

const FILE_ID = /^[0-9a-f]{64}$/;
const BRANCH_NAME = /^\w[-\w]{0,1023}$/;

/** A dump of refs as it lies under a namespace, checked as it is read. */
export class ReadRefsDump {
  constructor(
    private readonly blocks: BlockStore,
    private readonly namespace: StorageNamespace,
    private readonly refs: RefsDump,
  ) {}

  /**
   * Yields the commits, in the order of their ids.
   *
   * @throws DomainError restore_refused  one is not what its id says, or of before generations
   */
  async *commits(): AsyncGenerator<CommitRecord> {
    for await (const { key, data } of this.#records(this.refs.commits)) {
      const commit = decodeCommit(data);
      if (commit.generation < 1) {
        throw refused(`commit ${commit.id} has no generation: the dump is of a time before those`);
      }
      const id = commitIdOf(commit);
      if (id !== commit.id || id !== fromUtf8(key)) {
        throw refused(`commit ID does not match for ${id}: invalid commit id`);
      }
      yield commit;
    }
  }

  tags(): AsyncGenerator<NamedRef> {
    return this.#named(this.refs.tags);
  }

  /** @throws DomainError restore_refused  one has a name that no branch can have */
  async *branches(): AsyncGenerator<NamedRef & { readonly name: BranchId }> {
    for await (const { name, commitId } of this.#named(this.refs.branches)) {
      if (!BRANCH_NAME.test(name)) throw refused(`no branch can be called ${JSON.stringify(name)}`);
      yield { name: name as BranchId, commitId };
    }
  }

  /** Yields what lakeFS's dumps leave out, when the dump was written here. */
  async *branchStates(): AsyncGenerator<BranchStateRecord> {
    const properties = await this.#found(() =>
      readRecordTableProperties(this.blocks, this.namespace, this.refs.branches),
    );
    const id = properties[STATES_PROPERTY];
    if (id === undefined) return;
    for await (const record of this.#records(id as MetaRangeId)) yield decodeBranchState(record);
  }

  /**
   * Reads all of it once: what could not be brought in whole is not begun with.
   *
   * @throws DomainError restore_refused
   */
  async check(onRecord: () => void): Promise<void> {
    const known = new Set<CommitId>();
    const wanted = new Set<CommitId>();
    for await (const { id, parents } of this.commits()) {
      known.add(id);
      for (const parent of parents) wanted.add(parent);
      onRecord();
    }
    for await (const { commitId } of this.tags()) wanted.add(commitId);
    for await (const { commitId } of this.branches()) wanted.add(commitId);
    for (const id of wanted) {
      if (!known.has(id)) throw refused(`commit ${id} is named and not in the dump`);
    }
    for await (const _ of this.branchStates()) onRecord();
  }

  async *#named(id: MetaRangeId): AsyncGenerator<NamedRef> {
    for await (const { key, data } of this.#records(id)) {
      const ref = decodeRef(data);
      if (ref.name !== fromUtf8(key)) throw refused(`${ref.name} stands under another name`);
      yield ref;
    }
  }

  async *#records(id: MetaRangeId) {
    if (!FILE_ID.test(id)) throw refused(`${JSON.stringify(id)} is no metarange's id`);
    const records = readRecordTable(this.blocks, this.namespace, id);
    for (;;) {
      const step = await this.#found(() => records.next());
      if (step.done === true) return;
      yield step.value;
    }
  }

  async #found<Result>(read: () => Promise<Result>): Promise<Result> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof BlockNotFound)) throw error;
      throw refused('No data: a file of the dump is not there');
    }
  }
}

const refused = (reason: string) => new DomainError('restore_refused', { reason });
