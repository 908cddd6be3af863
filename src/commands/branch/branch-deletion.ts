import { branchDecider } from '../../domain/branch/branch.decider.js';
import { branchStream } from '../../domain/branch/branch.stream.js';
import { DomainError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { EventLog } from '../../ports/event-log.js';
import { contextOf, newEvent } from '../new-events.js';
import type { Request } from '../request.js';
import { expectedOf, withRecords, type Branches, type BranchPlace } from './branches.js';
import { intentIdOfRequest, type Intents } from './intents.js';
import { isLostRace } from './successor.js';

/** Lost races of one deletion before its caller is told that the branch is busy. */
const TRIES_MAX = 200;

/** Says it in the control stream first, from where on nobody names a token; then closes. */
export class BranchDeletion {
  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
    private readonly branches: Branches,
    private readonly intents: Intents,
  ) {}

  /** Returns when the branch is gone; false when it was not there. */
  async delete(place: BranchPlace, request: Request): Promise<boolean> {
    const intentId = intentIdOfRequest(request);
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const fold = await this.branches.view(place);
      if (fold.state.status === 'absent') return tries > 0;
      const events = branchDecider.decide({ type: 'RequestDeletion', intentId }, fold.state);
      if (events.length === 0) {
        // Someone else's deletion is in the queue: it ends the branch for both.
        await this.intents.help(place, request);
        continue;
      }
      const append = {
        stream: branchStream(place.repository.uid, place.branch),
        expected: expectedOf(fold),
        events: withRecords(fold.state, events).map((event) =>
          newEvent(event, intentId, 'request-delete'),
        ),
      };
      try {
        const [result] = await this.log.append([append], contextOf(request, this.clock));
        if (!result?.isRepeated) this.branches.accepted(place, fold, events);
        await this.intents.outcome(place, intentId, request);
        return true;
      } catch (error) {
        if (!isLostRace(error)) throw error;
      }
    }
    throw new DomainError('branch_busy', { waitingCount: TRIES_MAX });
  }
}
