import type { BranchId, RepositoryUid } from '../../domain/model.js';
import type { StagingToken } from '../../domain/model.js';
import type { RepositoryRecord } from '../../domain/repository/repository.events.js';
import { placeOfToken } from '../../domain/staging/staging.stream.js';
import type { Clock } from '../../ports/clock.js';
import type { Ids } from '../../ports/ids.js';
import type { KvStore } from '../../ports/kv-store.js';
import { BranchesView } from '../../projections/branches.view.js';
import { partitions } from '../../projections/kv-keys.js';
import { RepositoriesView } from '../../projections/repositories.view.js';
import { scanRows } from '../../projections/scan-rows.js';
import { fromUtf8 } from '../../shared/bytes.js';
import { contextOf } from '../new-events.js';
import { ownRequest, partOf } from '../request.js';
import type { TokenFolding } from './fold-tokens.js';

interface Crowded {
  readonly uid: RepositoryUid;
  readonly branch: BranchId;
  closedCount: number;
}

/** Folds sealed tokens of branches whose intents failed again and again. */
export class SweepFolds {
  constructor(
    private readonly ports: { readonly kv: KvStore; readonly clock: Clock; readonly ids: Ids },
    private readonly folding: TokenFolding,
  ) {}

  /** Looks once over everything. */
  async run(): Promise<void> {
    let repositories: ReadonlyMap<RepositoryUid, RepositoryRecord> | undefined;
    for (const { uid, branch } of await this.#crowded()) {
      const record = await new BranchesView(this.ports.kv).get(uid, branch);
      const { lo, hi } = record?.tokens ?? { lo: 0, hi: 0 };
      // Most that are closed were consumed, and wait to be dropped.
      if (hi - lo <= this.folding.sealedTokensMax || (record?.pendingCount ?? 0) > 0) continue;
      repositories ??= await new RepositoriesView(this.ports.kv).byUid();
      const repository = repositories.get(uid);
      const request = partOf(ownRequest(this.ports.ids, 'sweep'), `${uid}/${branch}`);
      const context = contextOf(request, this.ports.clock);
      if (repository) await this.folding.fold({ repository, branch }, context);
    }
  }

  async #crowded(): Promise<readonly Crowded[]> {
    const branches = new Map<string, Crowded>();
    for await (const { key } of scanRows(this.ports.kv, partitions.closedTokens)) {
      const { uid, branch } = placeOfToken(fromUtf8(key) as StagingToken);
      const name = `${uid}/${branch}`;
      const found = branches.get(name);
      if (found) found.closedCount++;
      else branches.set(name, { uid, branch, closedCount: 1 });
    }
    const most = this.folding.sealedTokensMax;
    return [...branches.values()].filter(({ closedCount }) => closedCount > most);
  }
}
