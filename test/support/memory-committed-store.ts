import { createHash } from 'node:crypto';
import { isSameObject } from '../../src/domain/entry-identity.js';
import type {
  MetaRangeId,
  ObjectEntry,
  ObjectPath,
  RangeId,
  StorageNamespace,
} from '../../src/domain/model.js';
import {
  CommittedStore,
  type ApplyResult,
  type ChangeBatch,
  type CommittedObject,
  type MergeResult,
  type MergeStrategy,
  type MergeTrees,
  type RangeInfo,
  type TreeDifference,
} from '../../src/ports/committed-store.js';
import { compareBytes, compareUtf8, utf8 } from '../../src/shared/bytes.js';
import { plainDiff, plainMerge } from './plain-merge.js';

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

  async storeEmpty(): Promise<MetaRangeId> {
    const id = this.#nameOf(new Map());
    this.trees.set(id, new Map());
    return id;
  }

  async apply(
    _namespace: StorageNamespace,
    base: MetaRangeId,
    changes: AsyncIterable<ChangeBatch>,
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

  async diff(
    _namespace: StorageNamespace,
    left: MetaRangeId,
    right: MetaRangeId,
    { from, until, limit }: { from: Uint8Array; until?: Uint8Array; limit: number },
  ): Promise<readonly TreeDifference[]> {
    return plainDiff(this.tree(left), this.tree(right))
      .filter(({ path }) => compareBytes(utf8(path), from) >= 0)
      .filter(({ path }) => until === undefined || compareBytes(utf8(path), until) < 0)
      .slice(0, limit);
  }

  async merge(
    _namespace: StorageNamespace,
    { base, source, destination, replaced = [] }: MergeTrees,
    { strategy }: { strategy: MergeStrategy },
  ): Promise<MergeResult> {
    const trees = {
      base: this.tree(base),
      source: this.tree(source),
      destination: this.tree(destination),
      replaced,
    };
    if (source === base && replaced.length === 0) {
      return { kind: 'merged', metaRangeId: destination };
    }
    const merged = plainMerge(trees, strategy);
    if (merged.kind === 'conflict') return merged;
    const metaRangeId = this.#nameOf(merged.tree);
    this.trees.set(metaRangeId, merged.tree);
    return { kind: 'merged', metaRangeId };
  }

  async ranges(_namespace: StorageNamespace, id: MetaRangeId): Promise<readonly RangeInfo[]> {
    const keys = [...this.tree(id).keys()].map(utf8).sort(compareBytes);
    const [minKey, maxKey] = [keys[0], keys.at(-1)];
    if (!minKey || !maxKey) return [];
    return [{ id: id as string as RangeId, minKey, maxKey, count: keys.length, estimatedSize: 0 }];
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
