import type { BranchHead, IntentRequest } from '../../domain/branch/branch.events.js';
import type { LiveBranch } from '../../domain/branch/branch.state.js';
import type { ReplacedPaths } from '../../domain/branch/branch.wishes.js';
import type {
  CommitId,
  CommitRecord,
  ObjectEntry,
  ObjectPath,
  StagingToken,
} from '../../domain/model.js';
import { tokensBetween } from '../../domain/staging/staging.stream.js';
import type { CommittedStore, KeySpan } from '../../ports/committed-store.js';
import type { KvStore } from '../../ports/kv-store.js';
import type { CommitsById } from '../../queries/merge-base.js';
import { assert } from '../../shared/assert.js';
import { afterPrefix, justAfter, utf8 } from '../../shared/bytes.js';
import type { BranchPlace } from './branches.js';

/** What a result is built from beside the branch itself. */
export interface ResultStores {
  readonly kv: KvStore;
  readonly committed: CommittedStore;
  /** They never change, and none that a request names goes while its branch lives. */
  readonly commits: CommitsById;
}

/** An intent at the head of its branch's queue. */
export interface Pending {
  readonly place: BranchPlace;
  readonly branch: LiveBranch;
  readonly request: IntentRequest;
  /** The last token that it takes. */
  readonly upto: number;
}

/** Returns the tokens that an intent takes, newest first. */
export function sealedTokens({ place, branch, upto }: Pending): readonly StagingToken[] {
  const of = { uid: place.repository.uid, branch: place.branch, life: branch.life };
  return tokensBetween(of, { ...branch.tokens, hi: upto });
}

/** Returns the keys of the paths that a reset or an import means. */
export function spanOf(paths: ReplacedPaths): KeySpan {
  const from = utf8(paths.kind === 'prefix' ? paths.prefix : paths.path);
  const until = paths.kind === 'prefix' ? afterPrefix(from) : justAfter(from);
  return until ? { from, until } : { from };
}

/** Returns what a branch's head, or another one of its repository, has at a path. */
export async function entryAt(
  stores: ResultStores,
  { repository }: BranchPlace,
  { metaRangeId }: BranchHead,
  path: ObjectPath,
): Promise<ObjectEntry | undefined> {
  if (metaRangeId === '') return undefined;
  return stores.committed.get(repository.namespace, metaRangeId, path);
}

/** Returns a commit that a request names. @throws InvariantError  it is not there */
export async function commitNamed(
  { commits }: ResultStores,
  { repository }: BranchPlace,
  id: CommitId,
): Promise<CommitRecord> {
  const [commit] = await commits.getAll(repository.uid, [id]);
  assert(commit, `${id} is named by a request, and is not there`);
  return commit;
}
