import { LRUCache } from 'lru-cache';
import type { RepositoryUid, StorageNamespace } from '../../domain/model.js';
import { CommittedStore } from '../../ports/committed-store.js';
import type { KvSnapshot } from '../../ports/kv-store.js';
import { BlockNotFound } from '../../ports/store-errors.js';
import type { AuditOperation, AuditRecord } from '../../projections/audit/audit-record.js';
import { CommitsView } from '../../projections/commits.view.js';
import { RepositoriesView } from '../../projections/repositories.view.js';

/** Keys from `from` (inclusive) until `until` (exclusive; left out: to the end). */
export interface TreePart {
  readonly from: Uint8Array;
  readonly until?: Uint8Array;
}

/** Operations that lead a branch from one tree to another, and name no paths. */
export const MOVES: readonly AuditOperation[] = ['cherry-pick', 'hard reset', 'merge', 'revert'];

export const isMove = ({ operation, failure }: AuditRecord): boolean =>
  failure === undefined && MOVES.includes(operation);

/** Finds out of such an operation what it changed, by the two trees. */
export class TreeMoves {
  /** A repository keeps its namespace for life, and a page asks for it again and again. */
  readonly #namespaces = new LRUCache<RepositoryUid, StorageNamespace>({ max: NAMESPACES_MAX });

  constructor(
    private readonly kv: KvSnapshot,
    private readonly commits: CommitsView,
    private readonly committed: CommittedStore,
  ) {}

  /** Returns whether a move changed something there; of what is gone meanwhile nobody can say. */
  async changed({ repository, ...record }: AuditRecord, part: TreePart): Promise<boolean> {
    const { commitId, formerCommitId } = record;
    if (!repository || !commitId || !formerCommitId) return false;
    const { uid } = repository;
    const [left, right] = await this.commits.getAll(uid, [formerCommitId, commitId]);
    if (!left || !right || left.metaRangeId === right.metaRangeId) return false;
    const namespace = await this.#namespaceOf(uid);
    if (!namespace) return false;
    try {
      const trees = [left.metaRangeId, right.metaRangeId] as const;
      const found = await this.committed.diff(namespace, ...trees, { ...part, limit: 1 });
      return found.length > 0;
    } catch (error) {
      if (error instanceof BlockNotFound) return false;
      throw error;
    }
  }

  async #namespaceOf(uid: RepositoryUid): Promise<StorageNamespace | undefined> {
    const known = this.#namespaces.get(uid);
    if (known !== undefined) return known;
    const repository = (await new RepositoriesView(this.kv).byUid()).get(uid);
    if (repository) this.#namespaces.set(uid, repository.namespace);
    return repository?.namespace;
  }
}

const NAMESPACES_MAX = 1_000;
