import {
  CONFLICTS_RECORDED_MAX,
  type BranchResult,
  type IntentFailed,
  type IntentFailure,
} from '../../domain/branch/branch.events.js';
import type {
  CherryPickWish,
  ImportWish,
  MergeStrategy,
  MergeWish,
  RevertWish,
} from '../../domain/branch/branch.wishes.js';
import { commitOn, type OtherSide } from '../../domain/commit/commit-on.js';
import type { CommitId, CommitRecord, MetaRangeId } from '../../domain/model.js';
import type { KeySpan } from '../../ports/committed-store.js';
import { BlockNotFound } from '../../ports/store-errors.js';
import { mergeBase } from '../../queries/merge-base.js';
import { unreachable } from '../../shared/assert.js';
import { failpoint } from '../../shared/failpoint.js';
import type { BranchPlace } from './branches.js';
import { failedBy, failedClean, isClean } from './failed.js';
import { commitNamed, spanOf, type Pending, type ResultStores } from './pending.js';

type MergedWish = MergeWish | RevertWish | CherryPickWish | ImportWish;

/** What is laid over the head, and how. */
interface Overlay {
  readonly base: MetaRangeId;
  readonly source: MetaRangeId;
  readonly strategy: MergeStrategy;
  readonly replaced: readonly KeySpan[];
  /** Fails when it brings nothing: `source` is `base`. */
  readonly mustBring: boolean;
  /** Fails when the head's tree comes out. */
  readonly mustChange: boolean;
  /** What the new commit comes from beside the head. */
  readonly beside?: OtherSide;
}

/** Builds what an intent comes to that lays another tree over the head. */
export async function buildMerged(
  stores: ResultStores,
  pending: Pending,
  wish: MergedWish,
): Promise<BranchResult> {
  const { branch, request } = pending;
  if (!(await isClean(stores, pending))) return failedBy(request.id, 'dirty');
  const fails = (reason: IntentFailure) => failedClean(stores, pending, reason);
  const overlay = await overlayOf(stores, pending, wish);
  if (!overlay) return fails('no_merge_base');
  if (overlay.mustBring && overlay.source === overlay.base) return fails('no_changes');
  const merged = await mergeTrees(stores, pending, overlay);
  if (merged.kind === 'failed') return merged.result;
  if (overlay.mustChange && merged.metaRangeId === branch.head.metaRangeId) {
    return fails('no_changes');
  }
  const commit = commitOn(branch.head, request, merged.metaRangeId, overlay.beside);
  return { type: 'Merged', intentId: request.id, from: branch.head.commitId, commit };
}

async function mergeTrees(
  stores: ResultStores,
  pending: Pending,
  { base, source, strategy, replaced }: Overlay,
): Promise<
  | { readonly kind: 'merged'; readonly metaRangeId: MetaRangeId }
  | { readonly kind: 'failed'; readonly result: IntentFailed }
> {
  const { place, branch, request } = pending;
  const trees = { base, source, destination: branch.head.metaRangeId, replaced };
  try {
    const options = { strategy, parameters: request.ranges };
    await failpoint('merge.beforeTrees');
    const merged = await stores.committed.merge(place.repository.namespace, trees, options);
    await failpoint('merge.afterTrees');
    if (merged.kind === 'merged') return merged;
    const conflicts = merged.paths.slice(0, CONFLICTS_RECORDED_MAX);
    const failed = await failedClean(stores, pending, 'conflict');
    return { kind: 'failed', result: { ...failed, conflicts } };
  } catch (error) {
    // A commit that was brought in as data may name a tree that never was. It would be asked for
    // again and again, and stand in the way of everything behind it.
    if (!(error instanceof BlockNotFound)) throw error;
    return { kind: 'failed', result: await failedClean(stores, pending, 'tree_missing') };
  }
}

/** Returns what a wish lays over the head; undefined: two histories that have nothing in common. */
async function overlayOf(
  stores: ResultStores,
  { place, branch }: Pending,
  wish: MergedWish,
): Promise<Overlay | undefined> {
  const named = (id: CommitId) => commitNamed(stores, place, id);
  switch (wish.kind) {
    case 'merge': {
      const from = await named(wish.source);
      const { id: head } = await named(branch.head.commitId);
      const sides = [head, from.id] as const;
      const base = await mergeBase(stores.commits, place.repository.uid, sides);
      if (!base) return undefined;
      const trees = { base: base.metaRangeId, source: from.metaRangeId };
      const { strategy, allowsEmpty, isSquash } = wish;
      const beside = { commit: from, isParent: !isSquash };
      return { ...plain, ...trees, strategy, mustBring: !allowsEmpty, beside };
    }
    case 'revert': {
      const commit = await named(wish.commit);
      const source = await treeOfParent(stores, place, commit, Math.max(wish.parentNumber, 1));
      const must = { mustBring: !wish.allowsEmpty, mustChange: !wish.allowsEmpty };
      return { ...plain, base: commit.metaRangeId, source, ...must };
    }
    case 'cherry-pick': {
      const commit = await named(wish.commit);
      const base = await treeOfParent(stores, place, commit, wish.parentNumber);
      return { ...plain, base, source: commit.metaRangeId, mustBring: true };
    }
    case 'import': {
      const replaced = wish.replaced.map(spanOf);
      return { ...plain, base: EMPTY_TREE, source: wish.source, replaced };
    }
    default:
      return unreachable(wish);
  }
}

const plain = {
  strategy: 'default',
  replaced: [],
  mustBring: false,
  mustChange: false,
} as const;

/** Returns the tree of a commit's parent; of a commit without that parent, the empty one. */
async function treeOfParent(
  stores: ResultStores,
  place: BranchPlace,
  commit: CommitRecord,
  parentNumber: number,
): Promise<MetaRangeId> {
  const parent = commit.parents[parentNumber - 1];
  return parent ? (await commitNamed(stores, place, parent)).metaRangeId : EMPTY_TREE;
}

const EMPTY_TREE = '' as MetaRangeId;
