import { repositoryDecider } from '../../domain/repository/repository.decider.js';
import type { RepositoryRecord } from '../../domain/repository/repository.events.js';
import { repositoryStream } from '../../domain/repository/repository.stream.js';
import { blocksOn, type BranchRules } from '../../domain/repository/branch-rules.js';
import type { BranchRecord } from '../../domain/branch/branch.events.js';
import type { BranchId } from '../../domain/model.js';
import type { KvStore } from '../../ports/kv-store.js';
import { BranchesView } from '../../projections/branches.view.js';
import { RepositoriesView } from '../../projections/repositories.view.js';
import type { AggregateStreams } from '../aggregate-stream.js';
import type { BranchProtection } from '../branch/branch-protection.js';
import { partOf, type Request } from '../request.js';

const BRANCHES_PER_PAGE = 500;
const AT_ONCE = 16;
/** Times that the rules may change while branches are brought in line with them. */
const ROUNDS_MAX = 50;

/**
 * Brings the branches of a repository in line with its newest rules. The rules come first, the list
 * of branches second: a branch that is not in it asks for the rules when it is first written to.
 */
export class RuleEnforcement {
  constructor(
    private readonly kv: KvStore,
    private readonly streams: AggregateStreams,
    private readonly protection: BranchProtection,
  ) {}

  /** Returns when every branch is in line; any node may do it, and may do it again. */
  async finish(repository: RepositoryRecord, request: Request): Promise<void> {
    const view = new RepositoriesView(this.kv);
    let rules = await view.branchRules(repository.uid);
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const step = partOf(request, `rules/${rules.revision}`);
      await this.#applyToAll(repository, rules, step);
      const now = await view.branchRules(repository.uid);
      if (now.revision === rules.revision) break;
      rules = now;
    }
    const stream = repositoryStream(repository.name);
    const { revision } = rules;
    const { initial, evolve, decide } = repositoryDecider;
    // The name may have gone to another repository by now.
    const decider = {
      initial,
      evolve,
      decide: (command: Parameters<typeof decide>[0], state: typeof initial) =>
        state.status === 'live' && state.repository.uid === repository.uid
          ? decide(command, state)
          : [],
    };
    const command = { type: 'MarkRulesApplied', revision } as const;
    await this.streams.transact({ stream, decider, command }, partOf(request, `done/${revision}`));
  }

  async #applyToAll(
    repository: RepositoryRecord,
    rules: BranchRules,
    request: Request,
  ): Promise<void> {
    const view = new BranchesView(this.kv);
    let after = '';
    for (;;) {
      const page = { after, amount: BRANCHES_PER_PAGE };
      const filter = { prefix: '', showsHidden: true };
      const { items, hasMore, nextOffset } = await view.list(repository.uid, page, filter);
      const due = items.filter(({ name, record }) => isConcerned(rules, name, record));
      for (let from = 0; from < due.length; from += AT_ONCE) {
        await Promise.all(
          due.slice(from, from + AT_ONCE).map(({ name }) => {
            const place = { repository, branch: name };
            return this.protection.apply(place, rules, partOf(request, `branch/${name}`));
          }),
        );
      }
      if (!hasMore) return;
      after = nextOffset;
    }
  }
}

/** Returns whether a branch may have to be told something. */
function isConcerned(rules: BranchRules, branch: BranchId, record: BranchRecord): boolean {
  const { blocksWrites, blocksCommits } = blocksOn(rules, branch);
  const isBlocked = record.areWritesBlocked || record.areCommitsBlocked === true;
  return blocksWrites || blocksCommits || isBlocked;
}
