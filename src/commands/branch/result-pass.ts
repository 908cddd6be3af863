import { mustAsk, type LiveBranch, type PendingIntent } from '../../domain/branch/branch.state.js';
import type { IntentId, StagingToken } from '../../domain/model.js';
import type { ChangeBatch } from '../../ports/committed-store.js';
import { stagedChanges } from '../../projections/staging.view.js';
import type { BranchPlace } from './branches.js';
import { sealedTokens, type ResultStores } from './pending.js';

type Changes = AsyncIterable<ChangeBatch>;

/**
 * What results that are recorded by one append share: their rows are read together, and their files
 * are made durable together. Each still is a function of the branch and its request alone.
 */
export class ResultPass {
  readonly #stored: Promise<void>[] = [];
  readonly #ahead = new Map<string, Changes>();

  constructor(private readonly stores: ResultStores) {}

  /**
   * Begins to read what commits take that are first in a queue, should each take what is left.
   *
   * @param pendings  as they stand in the queue; of those behind one that is no commit, or that
   *   waits for its hooks, nothing is built in this pass
   * @param isBuilt  of these nothing needs to be read again
   */
  readAhead(
    place: BranchPlace,
    branch: LiveBranch,
    pendings: readonly PendingIntent[],
    isBuilt: (id: IntentId) => boolean,
  ): void {
    let { lo } = branch.tokens;
    for (const pending of pendings) {
      if (pending.kind !== 'request' || pending.request.wish.kind !== 'commit') return;
      if (mustAsk(pending)) return;
      const { request, upto } = pending;
      if (!isBuilt(request.id)) {
        const tokens = sealedTokens({ place, branch: withTokensFrom(branch, lo), request, upto });
        this.#ahead.set(nameOf(tokens), begun(stagedChanges(this.stores.kv, tokens)));
      }
      lo = Math.max(lo, upto + 1);
    }
  }

  /** Takes what tokens say from whoever knows it. */
  know(tokens: readonly StagingToken[], changes: ChangeBatch): void {
    this.#ahead.set(nameOf(tokens), once(changes));
  }

  /** Returns what tokens say, as `stagedChanges` does. */
  changes(tokens: readonly StagingToken[]): Changes {
    const name = nameOf(tokens);
    const ahead = this.#ahead.get(name);
    this.#ahead.delete(name);
    return ahead ?? stagedChanges(this.stores.kv, tokens);
  }

  /** Takes note of files that are on their way to the store. */
  isStoring(stored: Promise<void>): void {
    // It is awaited with the others; until then its failure is nobody's.
    stored.catch(() => undefined);
    this.#stored.push(stored);
  }

  /** Resolves when no file is on its way any more. @throws what the store threw */
  async stored(): Promise<void> {
    await Promise.all(this.#stored);
  }
}

const withTokensFrom = (branch: LiveBranch, lo: number): LiveBranch => ({
  ...branch,
  tokens: { ...branch.tokens, lo },
});

const nameOf = (tokens: readonly StagingToken[]): string => tokens.join(' ');

async function* once(changes: ChangeBatch): AsyncGenerator<ChangeBatch> {
  yield changes;
}

/** Begins to read at once, and yields the same. */
function begun(changes: AsyncGenerator<ChangeBatch>): Changes {
  const first = changes.next();
  first.catch(() => undefined);
  return (async function* () {
    const { value, done } = await first;
    if (done) return;
    yield value;
    yield* changes;
  })();
}
