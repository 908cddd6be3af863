import type {
  BranchCreated,
  BranchHead,
  IntentFailure,
  IntentRequest,
  IntentRequested,
  Restatement,
} from '../../../src/domain/branch/branch.events.js';
import { headOf } from '../../../src/domain/branch/branch.evolve.js';
import type { MergeWish, ResetWish, Wish } from '../../../src/domain/branch/branch.wishes.js';
import { commitOn } from '../../../src/domain/commit/commit-on.js';
import type {
  BranchId,
  CommitId,
  IntentId,
  MetaRangeId,
  ObjectPath,
} from '../../../src/domain/model.js';
import { frozen } from './frozen.js';
import { NOW_MS, root } from './repository.samples.js';

export const work = 'work' as BranchId;
export const head: BranchHead = frozen(headOf(root));
export const intentId = (name: string) => name as IntentId;

export const commitWish: Wish = frozen({ kind: 'commit', allowsEmpty: false });
const elsewhere = 'a'.repeat(64) as CommitId;
export const mergeWish: MergeWish = frozen({
  kind: 'merge',
  source: elsewhere,
  strategy: 'default',
  isSquash: false,
  allowsEmpty: false,
});
export const resetWish: ResetWish = frozen({ kind: 'reset', scope: { kind: 'all' } });
export const prefixWish: ResetWish = frozen({
  kind: 'reset',
  scope: { kind: 'prefix', prefix: 'b/' },
});
export const objectWish: ResetWish = frozen({
  kind: 'reset',
  scope: { kind: 'object', path: 'b' as ObjectPath },
});
export const undoWish: Wish = frozen({ kind: 'undo', of: 3, movesHead: true });
export const restoreWish: Wish = frozen({ kind: 'restore', of: 3 });
export const hardResetWish: Wish = frozen({ kind: 'hard-reset', to: elsewhere, from: null });

/** What `name` asks for; a commit when nothing else is said. */
export const intentOf = (name: string, wish: Wish = commitWish): IntentRequest =>
  frozen({
    id: intentId(name),
    wish,
    message: `by ${name}`,
    metadata: [
      ['__proto__', 'a key like any other'],
      ['why', 'because'],
    ],
    committer: 'ann',
    dateMs: NOW_MS,
    ranges: { rangeBytesMin: 0, rangeBytesMax: 20 * 1024 * 1024, raggednessEntries: 50_000 },
  });

export const created: BranchCreated = frozen({
  type: 'BranchCreated',
  life: 0,
  head,
  isHidden: false,
});

/** The request of `name`, as the one that takes token `upto` and opens the next. */
export const requested = (name: string, upto: number, wish?: Wish): IntentRequested =>
  frozen({
    type: 'IntentRequested',
    intent: intentOf(name, wish),
    upto,
    // The one between is filled.
    opens: upto + (wish?.kind === 'undo' ? 2 : 1),
  });

export const rotated = (opens: number) => frozen({ type: 'TokenRotated', opens } as const);

/** The commit that `name` comes to on a head, with a tree of its own. */
export const commitOf = (name: string, on: BranchHead = head) =>
  frozen(commitOn(on, intentOf(name), treeOf(name)));

export const committed = (name: string, on: BranchHead = head) =>
  frozen({
    type: 'Committed',
    intentId: intentId(name),
    from: on.commitId,
    commit: commitOf(name, on),
  } as const);

export const merged = (name: string, on: BranchHead = head) =>
  frozen({ ...committed(name, on), type: 'Merged' } as const);

/** What the reset of `name` comes to, that took tokens `lo` to `hi`. */
export const discarded = (name: string, [lo, hi]: [number, number], { scope } = resetWish) =>
  frozen({
    type: 'StagingDiscarded',
    intentId: intentId(name),
    scope,
    tokens: { lo, hi },
    restated: [] as readonly Restatement[],
  } as const);

export const moved = (name: string, from: BranchHead = head) =>
  frozen({
    type: 'HeadMoved',
    intentId: intentId(name),
    from: from.commitId,
    to: { commitId: elsewhere, metaRangeId: treeOf(name), generation: 7 },
  } as const);

/** What the undo of `name` comes to, that sealed `upto` as the newest token. */
export const undone = (name: string, upto: number, from: BranchHead = head) =>
  frozen({
    type: 'Undone',
    intentId: intentId(name),
    of: 3,
    operation: 'commit',
    isRedo: false,
    from: from.commitId,
    to: { commitId: elsewhere, metaRangeId: treeOf(name), generation: 7 },
    token: upto + 1,
    restoredCount: 1,
    lo: 0,
  } as const);

export const failedBy = (name: string, reason: IntentFailure, ...conflicts: string[]) =>
  frozen({
    type: 'IntentFailed',
    intentId: intentId(name),
    reason,
    conflicts: conflicts as ObjectPath[],
    restated: [] as readonly Restatement[],
  } as const);

export const failed = (name: string) => failedBy(name, 'hook_refused');

export const foundNothing = (name: string) => failedBy(name, 'no_changes');

const treeOf = (name: string) =>
  Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64) as MetaRangeId;
