import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { branchDecider } from '../../domain/branch/branch.decider.js';
import type { BranchEvent, BranchHead, BranchRecord } from '../../domain/branch/branch.events.js';
import { REQUEST_PART } from '../../domain/branch/intent-parts.js';
import { DomainError } from '../../domain/errors.js';
import { eventIdOf } from '../../domain/event-id.js';
import type { BranchId, RepositoryId, TagId } from '../../domain/model.js';
import { Clock } from '../../ports/clock.js';
import { DEFAULT_RANGE_PARAMETERS } from '../../ports/committed-store.js';
import { EventLog } from '../../ports/event-log.js';
import { TagsView } from '../../projections/tags.view.js';
import { failpoint } from '../../shared/failpoint.js';
import { Branches, controlStream, type BranchPlace } from '../branch/branches.js';
import { intentIdOfRequest, Intents } from '../branch/intents.js';
import { contextOf } from '../new-events.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';
import { eventAt, recordAfter } from './operations-done.js';

export interface RestoredBranch {
  readonly head: BranchHead;
  /** The revision, in the branch's stream, of the deletion that was undone. */
  readonly revision: number;
  /** Paths that are staged again. */
  readonly restoredCount: number;
}

/** Brings a deleted branch back, with its head and with what was staged on it. */
export class RestoreBranch extends Command<RestoredBranch> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly options: { readonly isForced: boolean },
    readonly request: Request,
  ) {
    super();
  }
}

/** Times that the name may be taken and freed again while it is looked at. */
const TRIES_MAX = 10;

/**
 * A new life begins at the old one's head, and the request for what was staged with it, by one
 * append: whoever comes by completes it, as any intent.
 */
@CommandHandler(RestoreBranch)
export class RestoreBranchHandler implements ICommandHandler<RestoreBranch> {
  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
    private readonly places: Places,
    private readonly tags: TagsView,
    private readonly branches: Branches,
    private readonly intents: Intents,
  ) {}

  execute({ repository, branch, options, request }: RestoreBranch): Promise<RestoredBranch> {
    const at = { name: repository, branch, isForced: options.isForced };
    return this.places.at(at, async (place) => {
      try {
        await this.#begin(place, request);
      } catch (error) {
        // It may be there because it was brought back by this very request, come before.
        const isOurs = error instanceof DomainError && (await this.#wasBegun(place, request));
        if (!isOurs) throw error;
      }
      const outcome = await this.intents.outcome(place, intentIdOfRequest(request), request);
      // Its repository went, or it was deleted again, before its turn came.
      if (outcome.type === 'IntentFailed') throw new DomainError('repository_not_found');
      if (outcome.type !== 'Undone') throw new DomainError('branch_not_found');
      const { to: head, of: revision, restoredCount } = outcome;
      return { head, revision, restoredCount };
    });
  }

  /** @throws DomainError  branch_exists, branch_not_found: it never was; name_taken */
  async #begin(place: BranchPlace, request: Request): Promise<void> {
    const { repository, branch } = place;
    const tag = await this.tags.get(repository.uid, branch as string as TagId);
    if (tag) throw new DomainError('name_taken', { by: 'tag ID', name: branch });
    const context = contextOf(request, this.clock);
    const { commandId } = request;
    const of = ({ type }: BranchEvent) =>
      type === 'BranchCreated' ? `${commandId}/created` : commandId;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const fold = await this.branches.view(place);
      if (fold.state.status !== 'absent') throw new DomainError('branch_exists');
      if (fold.revision < 0) throw new DomainError('branch_not_found');
      const past = await eventAt(this.log, controlStream(place), fold.revision - 1);
      const events = branchDecider.decide(
        this.#creation(recordAfter(past), fold.revision, request),
        fold.state,
      );
      await failpoint('branch.beforeRestore');
      const append = { events, of, part: REQUEST_PART, accepts: request };
      const lost = await this.branches.append(place, fold, append, context);
      if (lost && !(await this.branches.isAccepted(place, append, lost))) continue;
      await failpoint('branch.afterRestore');
      return;
    }
    throw new DomainError('store_busy');
  }

  #creation({ head, isHidden }: BranchRecord, deletion: number, request: Request) {
    const restoring = {
      id: intentIdOfRequest(request),
      wish: { kind: 'restore', of: deletion } as const,
      message: '',
      metadata: [],
      committer: request.caller.user,
      dateMs: this.clock.nowMs(),
      ranges: DEFAULT_RANGE_PARAMETERS,
    };
    const life = deletion + 1;
    return { type: 'CreateBranch', life, head, isHidden, restoring } as const;
  }

  async #wasBegun(place: BranchPlace, request: Request): Promise<boolean> {
    if (request.once === undefined) return false;
    const id = intentIdOfRequest(request);
    if (await this.branches.outcomeOf(place, id)) return true;
    return (await this.branches.find(place, eventIdOf(id, REQUEST_PART))) !== undefined;
  }
}
