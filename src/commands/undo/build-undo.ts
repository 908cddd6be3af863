import type { BranchResult, Undone, UndoneOperation } from '../../domain/branch/branch.events.js';
import { headOf } from '../../domain/branch/branch.evolve.js';
import type { RestoreWish, UndoWish } from '../../domain/branch/branch.wishes.js';
import type { CommitId } from '../../domain/model.js';
import type { EventContext } from '../../ports/event-log.js';
import { stagedChanges } from '../../projections/staging.view.js';
import { controlStream } from '../branch/branches.js';
import { failedBy } from '../branch/failed.js';
import { commitNamed, sealedTokens, type Pending } from '../branch/pending.js';
import { tokenAt } from '../branch/successor.js';
import { FilledToken } from './fill-token.js';
import { kindOf, undoable, type OperationDone } from './operations-done.js';
import {
  committedWords,
  idleWords,
  resetWords,
  wordsBeforeUndo,
  wordsOfDeleted,
  type UndoStores,
  type Words,
} from './undone-words.js';

/** What an undo comes to, less what its token says about itself. */
interface Plan {
  readonly words: Words;
  readonly says: Pick<Undone, 'operation' | 'isRedo' | 'to'>;
}

/**
 * Builds what an undo comes to, and writes its words to a token that is read from the result on.
 *
 * What it takes back, and what has come between, are in the log before its turn comes: so it is the
 * same for every node.
 */
export async function buildUndo(
  stores: UndoStores,
  pending: Pending,
  wish: UndoWish | RestoreWish,
  context: EventContext,
): Promise<BranchResult> {
  const { place, branch, request, upto } = pending;
  const intentId = request.id;
  const plan = await planned(stores, pending, wish);
  if (plan === undefined) return failedBy(intentId, 'head_moved');
  const token = upto + 1;
  const isStaged = wish.kind === 'restore' || (await saysSomething(stores, pending));
  const filling = { intentId, context };
  const filled = new FilledToken(stores.log, tokenAt(place, branch, token), filling);
  const restoredCount = await filled.fill(plan.words, isStaged);
  const from = branch.head.commitId;
  const oldest = isStaged ? branch.tokens.lo : restoredCount > 0 ? token : token + 1;
  const lo = Math.max(branch.tokens.lo, oldest);
  const { of } = wish;
  return { type: 'Undone', intentId, of, ...plan.says, from, token, restoredCount, lo };
}

/** Returns what is to be done; undefined: something has come between. */
async function planned(
  stores: UndoStores,
  pending: Pending,
  wish: UndoWish | RestoreWish,
): Promise<Plan | undefined> {
  const { place, branch } = pending;
  if (wish.kind === 'restore') {
    const says = { operation: 'delete', isRedo: false, to: branch.head } as const;
    return { words: wordsOfDeleted(stores, pending, wish.of), says };
  }
  const stream = controlStream(place);
  const within = { from: branch.life, to: (await stores.log.end(stream)).revision };
  const { operation: done, newer } = await undoable(stores.log, stream, within, wish.of);
  if (done === undefined || newer !== undefined) return undefined;
  const operation = await kindOf(stores.log, stream, done);
  const isRedo = done.event.type === 'Undone' && !done.event.isRedo;
  return taken(stores, pending, done, { operation, isRedo });
}

async function taken(
  stores: UndoStores,
  pending: Pending,
  { event, revision }: OperationDone,
  how: { readonly operation: UndoneOperation; readonly isRedo: boolean },
): Promise<Plan> {
  const { head } = pending.branch;
  if (event.type === 'StagingDiscarded') {
    return { words: resetWords(stores, pending, { event, revision }), says: { ...how, to: head } };
  }
  if (event.type === 'Undone' && how.operation === 'reset') {
    return { words: wordsBeforeUndo(stores, pending, event), says: { ...how, to: head } };
  }
  const to = headOf(await commitNamed(stores, pending.place, event.from as CommitId));
  const says = { ...how, to };
  if (how.operation === 'commit' && !how.isRedo) {
    return { words: committedWords(stores, pending, to), says };
  }
  const undo = event.type === 'Undone' ? { event, revision } : undefined;
  return { words: idleWords(stores, pending, to, undo), says };
}

async function saysSomething(stores: UndoStores, pending: Pending): Promise<boolean> {
  for await (const batch of stagedChanges(stores.kv, sealedTokens(pending))) {
    if (batch.length > 0) return true;
  }
  return false;
}
