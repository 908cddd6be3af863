import type {
  BranchHead,
  Restatement,
  StagingDiscarded,
  Undone,
} from '../../domain/branch/branch.events.js';
import { isSameObject } from '../../domain/entry-identity.js';
import type { ObjectEntry, StagingToken } from '../../domain/model.js';
import { tokensBetween } from '../../domain/staging/staging.stream.js';
import type { EventLog } from '../../ports/event-log.js';
import type { StagedChange } from '../../ports/committed-store.js';
import { stagedChanges } from '../../projections/staging.view.js';
import { justAfter, utf8 } from '../../shared/bytes.js';
import { entryAt, sealedTokens, type Pending, type ResultStores } from '../branch/pending.js';
import { tokenAt } from '../branch/successor.js';
import { controlStream } from '../branch/branches.js';
import { discardedWords, wordsIn } from './discarded-words.js';
import { eventAt, eventsBack, recordAfter } from './operations-done.js';
import { SaidInOrder } from './said-in-order.js';

export type UndoStores = ResultStores & { readonly log: EventLog };

/** What an undo brings to its token: ascending, and a function of the branch and the log before. */
export type Words = AsyncGenerator<Restatement>;

const DIFFERENCES_PER_READ = 1_000;

/**
 * Yields what the head says and the tree below it does not: what was committed is staged again, so
 * that no value changes. What was staged since stays on top.
 */
export async function* committedWords(stores: UndoStores, pending: Pending, to: BranchHead): Words {
  const { place, branch } = pending;
  const trees = [place.repository.namespace, to.metaRangeId, branch.head.metaRangeId] as const;
  const staged = new SaidInOrder(stagedChanges(stores.kv, sealedTokens(pending)));
  for (let from = utf8(''); ;) {
    const options = { from, limit: DIFFERENCES_PER_READ };
    const differences = await stores.committed.diff(...trees, options);
    for (const { path, right } of differences) {
      const word = await staged.at(path);
      // A tombstone over nothing would show what lies below the head.
      const isSaid = word !== undefined && !(word.entry === undefined && right === undefined);
      if (!isSaid) yield { path, entry: right ?? null };
    }
    const last = differences.at(-1);
    if (last === undefined || differences.length < DIFFERENCES_PER_READ) return;
    from = justAfter(utf8(last.path));
  }
}

/**
 * Yields what keeps words of no effect without effect when the head moves: what said the same as
 * the one says the same as the other. All that was staged to some effect stays on top.
 *
 * @param undo  of which this is the undo: what was staged before it was staged on the other head,
 *   and stays as it is
 */
export async function* idleWords(
  stores: UndoStores,
  pending: Pending,
  to: BranchHead,
  undo?: { readonly event: Undone; readonly revision: number },
): Words {
  const { head } = pending.branch;
  const older = new SaidInOrder(undo ? inBatches(wordsBefore(stores, pending, undo)) : noWords());
  for await (const batch of stagedChanges(stores.kv, sealedTokens(pending))) {
    for (const { path, entry } of batch) {
      if (!isSame(entry, await entryAt(stores, pending.place, head, path))) continue;
      const there = await entryAt(stores, pending.place, to, path);
      if (isSame(entry, there)) continue;
      const before = await older.at(path);
      const stays = before !== undefined && isSame(entry, before.entry);
      if (!stays) yield { path, entry: there ?? null };
      // It may stand as one that hides nothing, and something comes to lie below it.
      else if (entry === undefined) yield { path, entry: null };
    }
  }
}

/** Yields what a reset threw away, of paths with no newer word. */
export async function* resetWords(
  stores: UndoStores,
  pending: Pending,
  { event, revision }: { readonly event: StagingDiscarded; readonly revision: number },
): Words {
  const { place, branch, upto } = pending;
  const of = { place, life: branch.life, tokens: event.tokens, revision };
  const since = { ...branch.tokens, lo: Math.max(branch.tokens.lo, event.tokens.hi + 1), hi: upto };
  const uid = place.repository.uid;
  const tokens = tokensBetween({ uid, branch: place.branch, life: branch.life }, since);
  const newer = new SaidInOrder(stagedChanges(stores.kv, tokens));
  // What was said again there is older than it looks.
  const mayBeSaidAgain = await wasSaidAgain(stores.log, pending, revision);
  for await (const word of discardedWords(stores.log, of, event.scope)) {
    const now = await newer.at(word.path);
    if (now === undefined) yield word;
    else if (mayBeSaidAgain) {
      const head = await entryAt(stores, pending.place, branch.head, word.path);
      if (isSame(now.entry, head)) yield word;
    }
  }
}

/**
 * Yields what was there before the undo of a reset, or its redo, brought its own words, as far as
 * these stand.
 */
export async function* wordsBeforeUndo(
  stores: UndoStores,
  pending: Pending,
  { token, of }: Undone,
): Words {
  const { place, branch } = pending;
  const { event: undone } = await eventAt(stores.log, controlStream(place), of);
  const staged = new SaidInOrder(stagedChanges(stores.kv, sealedTokens(pending)));
  const tokenOf = (ordinal: number) => tokenAt(place, branch, ordinal);
  const before =
    undone.type === 'Undone'
      ? new SaidInOrder(inBatches(restoredWords(stores.log, tokenOf(undone.token))))
      : undefined;
  for await (const { path, entry } of restoredWords(stores.log, tokenOf(token))) {
    const now = await staged.at(path);
    if (now === undefined || !isSame(now.entry, entry ?? undefined)) continue;
    const said = await before?.at(path);
    if (said) yield { path, entry: said.entry ?? null };
    else yield { path, entry: (await entryAt(stores, pending.place, branch.head, path)) ?? null };
  }
}

/** Yields all that was staged on a branch when it was deleted. */
export async function* wordsOfDeleted(
  { log }: UndoStores,
  { place }: Pending,
  deletion: number,
): Words {
  const { life, tokens } = recordAfter(await eventAt(log, controlStream(place), deletion - 1));
  const of = { place, life, tokens, revision: deletion };
  yield* discardedWords(log, of, { kind: 'all' });
}

/** Yields what an undo has brought to its token. */
async function* restoredWords(log: EventLog, token: StagingToken): Words {
  for await (const event of wordsIn(log, token)) {
    if (event.type === 'WordsRestored') yield* event.words;
  }
}

/** Yields what an undo found staged. */
function wordsBefore(
  { log }: UndoStores,
  { place, branch: { life } }: Pending,
  { event: { lo, token }, revision }: { readonly event: Undone; readonly revision: number },
): Words {
  const of = { place, life, tokens: { lo, hi: token - 1 }, revision };
  return discardedWords(log, of, { kind: 'all' });
}

async function* noWords(): AsyncGenerator<readonly StagedChange[]> {}

async function* inBatches(words: Words) {
  for await (const { path, entry } of words) yield [{ path, entry: entry ?? undefined }];
}

/** Whether what older tokens said may stand in newer ones since an event. */
async function wasSaidAgain(log: EventLog, { place }: Pending, revision: number): Promise<boolean> {
  const stream = controlStream(place);
  const range = { from: (await log.end(stream)).revision, to: revision + 1 };
  for await (const { event } of eventsBack(log, stream, range)) {
    if (event.type === 'TokensFolded') return true;
    if (event.type === 'IntentFailed' && event.restated.length > 0) return true;
  }
  return false;
}

/** Whether two words are one and the same: with the same bytes, at the same place. */
const isSame = (left: ObjectEntry | undefined, right: ObjectEntry | undefined): boolean =>
  left && right
    ? left.address === right.address && isSameObject(left, right)
    : left === undefined && right === undefined;
