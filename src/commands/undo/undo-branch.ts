import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BranchHead, UndoneOperation } from '../../domain/branch/branch.events.js';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, CommitId, RepositoryId } from '../../domain/model.js';
import { EventLog } from '../../ports/event-log.js';
import { assert } from '../../shared/assert.js';
import { failpoint } from '../../shared/failpoint.js';
import { BranchOperations, succeeded } from '../branch/branch-operations.js';
import { Branches, controlStream, type BranchPlace } from '../branch/branches.js';
import { intentIdOfRequest } from '../branch/intents.js';
import { live } from '../branch/successor.js';
import type { Request } from '../request.js';
import { kindOf, movesHead, undoable, type OperationDone } from './operations-done.js';

/** What was taken back, and what stands now. */
export interface UndoneAnswer {
  readonly operation: UndoneOperation;
  /** The operation stands again: an undo of it was undone. */
  readonly isRedo: boolean;
  /** The revision, in the branch's stream, of what was undone. */
  readonly revision: number;
  readonly from: CommitId;
  readonly head: BranchHead;
  /** Paths that are staged again. */
  readonly restoredCount: number;
}

/**
 * Takes back the newest operation of a branch, or the one that is meant: a move of its head, or a
 * reset. What was staged since stays, on top.
 */
export class UndoBranch extends Command<UndoneAnswer> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly wish: {
      /** Of the operation that is meant; undefined: the newest. */
      readonly revision: number | undefined;
      /** Where the branch is believed to stand; undefined: anywhere. */
      readonly commitId: CommitId | undefined;
      readonly isForced: boolean;
    },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(UndoBranch)
export class UndoBranchHandler implements ICommandHandler<UndoBranch> {
  constructor(
    private readonly log: EventLog,
    private readonly branches: Branches,
    private readonly operations: BranchOperations,
  ) {}

  execute({ repository: name, branch, wish, request }: UndoBranch): Promise<UndoneAnswer> {
    return this.operations.at({ name, branch, isForced: wish.isForced }, async (place) => {
      const before = await this.#before(place, request);
      if (before) return before;
      try {
        return await this.#undo(place, wish, request);
      } catch (error) {
        // Its other attempt may have been done meanwhile, and stand in this one's way.
        const done = error instanceof DomainError ? await this.#before(place, request) : undefined;
        if (done) return done;
        throw error;
      }
    });
  }

  async #undo(
    place: BranchPlace,
    { revision, commitId }: UndoBranch['wish'],
    request: Request,
  ): Promise<UndoneAnswer> {
    const { state, revision: end } = live(await this.branches.view(place));
    const within = { from: state.life, to: end };
    const { operation, newer } = await undoable(this.log, controlStream(place), within, revision);
    const isElsewhere = commitId !== undefined && commitId !== state.head.commitId;
    if (newer !== undefined || isElsewhere) throw await this.#moved(place);
    if (operation === undefined) throw new DomainError('nothing_to_undo');
    const { revision: of, event } = operation;
    const wish = { kind: 'undo', of, movesHead: movesHead(event) } as const;
    await failpoint('undo.afterLook');
    const outcome = await this.operations.perform(place, wish, request);
    const isLate = outcome.type === 'IntentFailed' && outcome.reason === 'head_moved';
    if (isLate) throw await this.#moved(place);
    return answerOf(succeeded(outcome, 'undo'));
  }

  /** Returns what this request has come to when it came before. */
  async #before(place: BranchPlace, request: Request): Promise<UndoneAnswer | undefined> {
    if (request.once === undefined) return undefined;
    const outcome = await this.branches.outcomeOf(place, intentIdOfRequest(request));
    return outcome?.type === 'Undone' ? answerOf(outcome) : undefined;
  }

  /** Returns the refusal that names what has come between. */
  async #moved(place: BranchPlace): Promise<DomainError> {
    const { state, revision: end } = live(await this.branches.view(place));
    const stream = controlStream(place);
    const within = { from: state.life, to: end };
    const { operation } = await undoable(this.log, stream, within);
    const newest = operation ? await this.#named(stream, operation) : 'none';
    return new DomainError('undo_superseded', { head: state.head.commitId, newest });
  }

  async #named(stream: string, operation: OperationDone): Promise<string> {
    const kind = await kindOf(this.log, stream, operation);
    const undo = operation.event.type === 'Undone' ? 'an undo of ' : '';
    return `${undo}${kind} at revision ${operation.revision}`;
  }
}

function answerOf(result: ReturnType<typeof succeeded>): UndoneAnswer {
  assert(result.type === 'Undone', `an undo was asked for, and it ended as ${result.type}`);
  const { operation, isRedo, of: revision, from, to: head, restoredCount } = result;
  return { operation, isRedo, revision, from, head, restoredCount };
}
