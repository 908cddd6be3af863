import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { branchDecider } from '../../domain/branch/branch.decider.js';
import type { BranchHead } from '../../domain/branch/branch.events.js';
import { headOf } from '../../domain/branch/branch.evolve.js';
import { DomainError } from '../../domain/errors.js';
import { eventIdOf } from '../../domain/event-id.js';
import type { BranchId, CommitId, RepositoryId, TagId } from '../../domain/model.js';
import { Clock } from '../../ports/clock.js';
import { KvStore } from '../../ports/kv-store.js';
import { TagsView } from '../../projections/tags.view.js';
import { type BranchBeside, ReadsAt } from '../../queries/read-at.js';
import { Refs } from '../../queries/resolve-ref.js';
import { contextOf } from '../new-events.js';
import { Places, writable } from '../places.js';
import type { Request } from '../request.js';
import { failpoint } from '../../shared/failpoint.js';
import { Branches, type BranchFold, type BranchPlace } from './branches.js';

/** Makes a branch at the commit that a ref names. */
export class CreateBranch extends Command<CommitId> {
  constructor(
    readonly repository: RepositoryId,
    readonly wish: {
      readonly branch: BranchId;
      readonly sourceRef: string;
      readonly isHidden: boolean;
      readonly isForced: boolean;
    },
    readonly request: Request,
  ) {
    super();
  }
}

const CREATED_PART = '0';
const ABSENT: BranchFold = { state: branchDecider.initial, revision: -1 };
/** Times that the name may be taken and freed again while it is looked at. */
const TRIES_MAX = 10;

@CommandHandler(CreateBranch)
export class CreateBranchHandler implements ICommandHandler<CreateBranch> {
  constructor(
    private readonly kv: KvStore,
    private readonly clock: Clock,
    private readonly places: Places,
    private readonly refs: Refs,
    private readonly tags: TagsView,
    private readonly branches: Branches,
    private readonly reads: ReadsAt,
  ) {}

  async execute({ repository, wish, request }: CreateBranch): Promise<CommitId> {
    const { branch, sourceRef, isForced } = wish;
    // Most branches come from another one, and all that is asked for then is in one state.
    const at = await this.reads.branchBeside(repository, sourceRef, ({ uid }) => [
      TagsView.read(uid, branch as string as TagId),
    ]);
    const record = writable(at?.repository ?? (await this.places.fresh(repository)), isForced);
    const place = { repository: record, branch };
    try {
      const head = await this.#headFor(place, wish, at);
      return await this.#create(place, { head, isHidden: wish.isHidden }, request);
    } catch (error) {
      // It may be there because it was created by this very request, come before.
      const before = error instanceof DomainError ? await this.#before(place, request) : undefined;
      if (before) return before;
      throw error;
    }
  }

  /** Returns where this request has made the branch before, wherever its source is now. */
  async #before(place: BranchPlace, { commandId, once }: Request): Promise<CommitId | undefined> {
    if (once === undefined) return undefined;
    const event = await this.branches.find(place, eventIdOf(commandId, CREATED_PART));
    return event?.type === 'BranchCreated' ? event.head.commitId : undefined;
  }

  /** @throws DomainError  name_taken, source_not_found, and whatever else the source is not */
  async #headFor(
    { repository: record, branch }: BranchPlace,
    { sourceRef }: CreateBranch['wish'],
    at: BranchBeside | undefined,
  ): Promise<BranchHead> {
    const [head, isTag] = at
      ? [at.record.head, at.rows[0]?.[0] !== undefined]
      : await Promise.all([
          this.refs.commit(this.kv, record, sourceRef).then(headOf, named(sourceRef)),
          this.tags.get(record.uid, branch as string as TagId).then(Boolean),
        ]);
    if (isTag) throw new DomainError('name_taken', { by: 'tag ID', name: branch });
    // A branch of that name could never be read.
    if (await this.refs.isCommit(record, branch)) {
      throw new DomainError('name_taken', { by: 'commit ID', name: branch });
    }
    return head;
  }

  async #create(
    place: BranchPlace,
    { head, isHidden }: { readonly head: BranchHead; readonly isHidden: boolean },
    request: Request,
  ): Promise<CommitId> {
    // A name is most likely a new one: the log says so when it is not.
    let fold = this.branches.cached(place) ?? ABSENT;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      if (fold.state.status !== 'absent') fold = await this.branches.view(place);
      const life = fold.revision + 1;
      const events = branchDecider.decide(
        { type: 'CreateBranch', life, head, isHidden },
        fold.state,
      );
      const { commandId } = request;
      const append = { events, of: () => commandId, part: CREATED_PART, accepts: request };
      const context = contextOf(request, this.clock);
      await failpoint('branch.beforeCreation');
      const lost = await this.branches.append(place, fold, append, context);
      if (!lost || (await this.branches.isAccepted(place, append, lost))) {
        await failpoint('branch.afterCreation');
        return (await this.#before(place, request)) ?? head.commitId;
      }
      fold = await this.branches.view(place);
    }
    throw new DomainError('store_busy');
  }
}

/** Returns what to do with an error of a source's look-up: say which ref it was. */
const named =
  (ref: string) =>
  (error: unknown): never => {
    const isUnknown = error instanceof DomainError && error.code === 'ref_not_found';
    throw isUnknown ? new DomainError('source_not_found', { ref }) : error;
  };
