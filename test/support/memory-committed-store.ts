import { createHash } from 'node:crypto';
import { isSameObject } from '../../src/domain/entry-identity.js';
import type {
  MetaRangeId,
  ObjectEntry,
  ObjectPath,
  StorageNamespace,
} from '../../src/domain/model.js';
import {
  CommittedStore,
  type ApplyResult,
  type CommittedObject,
  type StagedChange,
} from '../../src/ports/committed-store.js';
import { compareBytes, compareUtf8, utf8 } from '../../src/shared/bytes.js';

type Tree = ReadonlyMap<ObjectPath, ObjectEntry>;

/** Trees by the hash of their content; several stores may look into one set of them. */
export class MemoryCommittedStore extends CommittedStore {
  /**
   * @param version  goes into the id of each tree: two versions of the program give one content
   *   two names, which must do no harm
   */
  constructor(
    readonly trees = new Map<MetaRangeId, Tree>(),
    private readonly version = '',
  ) {
    super();
  }

  tree(id: MetaRangeId): Tree {
    const tree = id === '' ? new Map() : this.trees.get(id);
    if (!tree) throw new Error(`no tree is called ${id}`);
    return tree;
  }

  async get(_namespace: StorageNamespace, id: MetaRangeId, path: ObjectPath) {
    return this.tree(id).get(path);
  }

  async scan(
    _namespace: StorageNamespace,
    id: MetaRangeId,
    { from, until, limit }: { from: Uint8Array; until?: Uint8Array; limit: number },
  ): Promise<readonly CommittedObject[]> {
    return [...this.tree(id)]
      .map(([path, entry]) => ({ path, entry }))
      .filter(({ path }) => compareBytes(utf8(path), from) >= 0)
      .filter(({ path }) => until === undefined || compareBytes(utf8(path), until) < 0)
      .sort((left, right) => compareUtf8(left.path, right.path))
      .slice(0, limit);
  }

  async apply(
    _namespace: StorageNamespace,
    base: MetaRangeId,
    changes: AsyncIterable<readonly StagedChange[]>,
  ): Promise<ApplyResult> {
    const tree = new Map(this.tree(base));
    const counts = { addedCount: 0, changedCount: 0, removedCount: 0 };
    for await (const batch of changes) {
      for (const { path, entry } of batch) {
        const old = tree.get(path);
        if (entry === undefined) counts.removedCount += tree.delete(path) ? 1 : 0;
        else if (old === undefined) counts.addedCount++;
        else if (!isSameObject(old, entry)) counts.changedCount++;
        if (entry && !(old && isSameObject(old, entry))) tree.set(path, entry);
      }
    }
    const { addedCount, changedCount, removedCount } = counts;
    if (addedCount + changedCount + removedCount === 0) return { metaRangeId: base, ...counts };
    const metaRangeId = this.#nameOf(tree);
    this.trees.set(metaRangeId, tree);
    return { metaRangeId, ...counts };
  }

  #nameOf(tree: Tree): MetaRangeId {
    const lines = [...tree].sort(([left], [right]) => compareUtf8(left, right));
    const text = JSON.stringify([
      this.version,
      lines.map(([path, entry]) => [path, entry.checksum]),
    ]);
    return createHash('sha256').update(text).digest('hex') as MetaRangeId;
  }
}
