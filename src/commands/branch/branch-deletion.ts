import { branchDecider } from '../../domain/branch/branch.decider.js';
import { DELETION_PART } from '../../domain/branch/intent-parts.js';
import { DomainError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import { failpoint } from '../../shared/failpoint.js';
import { contextOf } from '../new-events.js';
import type { Request } from '../request.js';
import type { Branches, BranchPlace } from './branches.js';
import { intentIdOfRequest, type Intents } from './intents.js';
import { refusalOf } from './refusals.js';

/** Lost races of one deletion before its caller is told that the branch is busy. */
const TRIES_MAX = 200;

/** Says it in the control stream first, from where on nobody names a token; then closes. */
export class BranchDeletion {
  constructor(
    private readonly clock: Clock,
    private readonly branches: Branches,
    private readonly intents: Intents,
  ) {}

  /**
   * Returns when the branch is gone; false when it was not there.
   *
   * @param hookSet  names the hooks that must agree; left out: none
   * @throws DomainError  precondition_failed: they did not
   */
  async delete(place: BranchPlace, request: Request, hookSet?: string): Promise<boolean> {
    const intentId = intentIdOfRequest(request);
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const fold = await this.branches.view(place);
      if (fold.state.status === 'absent') {
        return tries > 0 || (await this.#wasDone(place, request));
      }
      const events = branchDecider.decide(
        { type: 'RequestDeletion', intentId, hookSet },
        fold.state,
      );
      if (events.length === 0) {
        // Someone else's deletion is in the queue: it ends the branch for both.
        await this.intents.help(place, request);
        continue;
      }
      const append = { events, of: () => intentId, part: DELETION_PART, accepts: request };
      const context = contextOf(request, this.clock);
      const lost = await this.branches.append(place, fold, append, context);
      if (lost && !(await this.branches.isAccepted(place, append, lost))) continue;
      await failpoint('branch.afterDeletionRequest');
      const outcome = await this.intents.outcome(place, intentId, request);
      if (outcome.type === 'IntentFailed') throw refusalOf(outcome, 'delete branch');
      return true;
    }
    throw new DomainError('branch_busy', { waitingCount: TRIES_MAX });
  }

  /** Whether it is this very request, come again, that ended the branch. */
  async #wasDone(place: BranchPlace, request: Request): Promise<boolean> {
    if (request.once === undefined) return false;
    return (await this.branches.outcomeOf(place, intentIdOfRequest(request))) !== undefined;
  }
}
