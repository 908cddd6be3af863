import type { Ids } from '../../ports/ids.js';
import type { RepositoriesView } from '../../projections/repositories.view.js';
import { ownRequest, partOf } from '../request.js';
import type { RuleEnforcement } from './rule-enforcement.js';

const REPOSITORIES_PER_ROUND = 100;

/** Finishes what a node left half done that set rules on branches and died. */
export class SweepRules {
  constructor(
    private readonly ids: Ids,
    private readonly repositories: RepositoriesView,
    private readonly enforcement: RuleEnforcement,
  ) {}

  /** Looks once over everything. */
  async run(): Promise<void> {
    const pending = await this.repositories.withPendingRules(REPOSITORIES_PER_ROUND);
    if (pending.length === 0) return;
    const request = ownRequest(this.ids, 'sweep');
    for (const repository of pending) {
      await this.enforcement.finish(repository, partOf(request, repository.uid));
    }
  }
}
