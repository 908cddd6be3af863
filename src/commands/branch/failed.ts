import {
  RESTATED_BYTES_MAX,
  RESTATED_MAX,
  type IntentFailed,
  type IntentFailure,
  type Restatement,
} from '../../domain/branch/branch.events.js';
import { isSameObject } from '../../domain/entry-identity.js';
import type { IntentId } from '../../domain/model.js';
import { stagedChanges } from '../../projections/staging.view.js';
import type { StagedSpan } from '../../projections/staging-reads.js';
import { entryAt, sealedTokens, type Pending, type ResultStores } from './pending.js';

/** Returns the result of an intent that did nothing. */
export const failedBy = (intentId: IntentId, reason: IntentFailure): IntentFailed => ({
  type: 'IntentFailed',
  intentId,
  reason,
  conflicts: [],
  restated: [],
});

/** Returns the result of an intent that did nothing, on a branch that it found clean. */
export async function failedClean(
  stores: ResultStores,
  pending: Pending,
  reason: IntentFailure,
): Promise<IntentFailed> {
  return { ...failedBy(pending.request.id, reason), restated: await restated(stores, pending) };
}

/** Returns whether what an intent sealed says nothing that the head does not say. */
export async function isClean(stores: ResultStores, pending: Pending): Promise<boolean> {
  for await (const batch of stagedChanges(stores.kv, sealedTokens(pending))) {
    for (const { path, entry } of batch) {
      const known = await entryAt(stores, pending.place, pending.branch.head, path);
      const isSame = known && entry ? isSameObject(known, entry) : known === entry;
      if (!isSame) return false;
    }
  }
  return true;
}

/** Returns what the head says of each path that an intent sealed; nothing of too many. */
export async function restated(
  stores: ResultStores,
  pending: Pending,
  span: StagedSpan = {},
): Promise<readonly Restatement[]> {
  const { place, branch } = pending;
  const found: Restatement[] = [];
  let bytes = 0;
  for await (const batch of stagedChanges(stores.kv, sealedTokens(pending), span)) {
    for (const { path } of batch) {
      const said = { path, entry: (await entryAt(stores, place, branch.head, path)) ?? null };
      bytes += Buffer.byteLength(JSON.stringify(said));
      if (found.push(said) > RESTATED_MAX || bytes > RESTATED_BYTES_MAX) return [];
    }
  }
  return found;
}
