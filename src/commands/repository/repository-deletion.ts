import { repositoryDecider } from '../../domain/repository/repository.decider.js';
import type {
  RepositoryEvent,
  RepositoryRecord,
  RepositoryRows,
} from '../../domain/repository/repository.events.js';
import { repositoryStream } from '../../domain/repository/repository.stream.js';
import type { KvStore } from '../../ports/kv-store.js';
import { BranchesView } from '../../projections/branches.view.js';
import { partitions } from '../../projections/kv-keys.js';
import { fromUtf8 } from '../../shared/bytes.js';
import { failpoint } from '../../shared/failpoint.js';
import type { AggregateStreams } from '../aggregate-stream.js';
import type { BranchDeletion } from '../branch/branch-deletion.js';
import { partOf, type Request } from '../request.js';

/** Rows that one append takes out of the views: its transaction stays short. */
const ROWS_PER_SLICE = 1_000;
const BRANCHES_PER_PAGE = 100;
const VIEWS = ['branches', 'heads', 'tags', 'pulls', 'commits', 'children'] as const;

/**
 * Takes a hidden repository away, in steps. Each step is an append of its own and may be done
 * again, so whoever finds it half done goes on: the caller, the next one to use the name, or the
 * sweeper after a crash.
 */
export class RepositoryDeletion {
  constructor(
    private readonly kv: KvStore,
    private readonly streams: AggregateStreams,
    private readonly branches: BranchDeletion,
  ) {}

  /** Returns when nothing of the repository is left in the views. */
  async finish(repository: RepositoryRecord, request: Request): Promise<void> {
    await this.#deleteBranches(repository, request);
    for (const rows of VIEWS) {
      await this.#dropRows(repository, rows, request);
    }
    await failpoint('repository.beforePurge');
    await this.#step(repository, { type: 'Purge' }, request);
    await failpoint('repository.afterPurge');
  }

  /** Branches first: from then on no write to the repository is accepted anywhere. */
  async #deleteBranches(repository: RepositoryRecord, request: Request): Promise<void> {
    const view = new BranchesView(this.kv);
    let after = '';
    for (;;) {
      const page = { after, amount: BRANCHES_PER_PAGE };
      const filter = { prefix: '', showsHidden: true };
      const { items, hasMore, nextOffset } = await view.list(repository.uid, page, filter);
      for (const { name } of items) {
        const place = { repository, branch: name };
        await this.branches.delete(place, partOf(request, `branch/${name}`));
        await failpoint('repository.afterBranchDeleted');
      }
      if (!hasMore) return;
      after = nextOffset;
    }
  }

  async #dropRows(
    repository: RepositoryRecord,
    rows: RepositoryRows,
    request: Request,
  ): Promise<void> {
    const partition = partitions[rows](repository.uid);
    for (let slice = 0; ; slice++) {
      const limit = ROWS_PER_SLICE + 1;
      const [found = []] = await this.kv.read([{ kind: 'scan', partition, limit }]);
      if (found.length === 0) return;
      const next = found[ROWS_PER_SLICE];
      const until = next && fromUtf8(next.key);
      // A row may come in behind the last slice, so each slice is a step of its own.
      const step = partOf(request, `${rows}/${slice}`);
      const isThere = await this.#step(repository, { type: 'DropRows', rows, until }, step);
      if (!isThere) return;
      await failpoint('repository.afterRowsDropped');
    }
  }

  /** Takes one step, unless someone else has finished meanwhile. */
  async #step(
    { name, uid }: RepositoryRecord,
    command:
      { type: 'Purge' } | { type: 'DropRows'; rows: RepositoryRows; until: string | undefined },
    request: Request,
  ): Promise<boolean> {
    const stream = repositoryStream(name);
    const { initial, evolve } = repositoryDecider;
    const decider = {
      initial,
      evolve,
      decide: (step: typeof command, state: typeof initial): readonly RepositoryEvent[] =>
        state.status === 'deleting' && state.repository.uid === uid
          ? repositoryDecider.decide(step, state)
          : [],
    };
    const step = partOf(request, `${uid}/${command.type}`);
    const events = await this.streams.transact({ stream, decider, command }, step);
    return events.length > 0;
  }
}
