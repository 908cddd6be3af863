import { isDeleting } from '../../domain/branch/branch.state.js';
import { DomainError } from '../../domain/errors.js';
import type { StagingEvent } from '../../domain/staging/staging.events.js';
import { stagingStream } from '../../domain/staging/staging.stream.js';
import type { Clock } from '../../ports/clock.js';
import type { EventLog } from '../../ports/event-log.js';
import { WrongExpectedRevision } from '../../ports/store-errors.js';
import { failpoint } from '../../shared/failpoint.js';
import { controlStream, type Branches, type BranchPlace } from '../branch/branches.js';
import type { BranchTraffic } from '../branch/branch-traffic.js';
import type { Intents } from '../branch/intents.js';
import { live, tokenAt, type Successors } from '../branch/successor.js';
import { contextOf, newEvent } from '../new-events.js';
import type { Request } from '../request.js';

/** Tokens that may close under one write before its caller is told that the branch is busy. */
const TRIES_MAX = 200;

/** Lands writes in a branch's open token. They never read or move the control stream. */
export class StagingWriter {
  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
    private readonly branches: Branches,
    private readonly intents: Intents,
    private readonly successors: Successors,
    private readonly traffic: BranchTraffic,
  ) {}

  /**
   * Appends events to the token that is open at that moment, whichever it is.
   *
   * @throws DomainError  branch_not_found, protected_branch_write: as the control stream's end says
   */
  write(place: BranchPlace, events: readonly StagingEvent[], request: Request): Promise<void> {
    const stream = controlStream(place);
    return this.traffic.during(stream, async () => {
      await this.#write(place, events, request);
      this.traffic.wrote(stream);
    });
  }

  async #write(
    place: BranchPlace,
    events: readonly StagingEvent[],
    request: Request,
  ): Promise<void> {
    let fold = await this.branches.likely(place);
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const { state } = live(fold);
      const { hi } = state.tokens;
      if (
        hi >= 0 &&
        (await this.#append(stagingStream(tokenAt(place, state, hi)), events, request))
      ) {
        return;
      }
      fold = await this.branches.view(place);
      const now = live(fold);
      if (now.state.tokens.hi !== hi) continue;
      if (now.state.areWritesBlocked) throw new DomainError('protected_branch_write');
      if (isDeleting(now.state)) await this.intents.help(place, request);
      else await this.successors.name(place, now, request);
      fold = await this.branches.view(place);
    }
    throw new DomainError('store_busy');
  }

  async #append(
    stream: string,
    events: readonly StagingEvent[],
    request: Request,
  ): Promise<boolean> {
    const append = {
      stream,
      expected: 'open' as const,
      events: events.map((event, index) => newEvent(event, request.commandId, index)),
    };
    try {
      await failpoint('write.beforeAppend');
      await this.log.append([append], contextOf(request, this.clock));
      await failpoint('write.afterAppend');
      return true;
    } catch (error) {
      // Closed, or never opened: the control stream says where writes go now.
      if (error instanceof WrongExpectedRevision) return false;
      throw error;
    }
  }
}
