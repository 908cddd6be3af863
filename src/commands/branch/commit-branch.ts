import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Wish } from '../../domain/branch/branch.wishes.js';
import type {
  BranchId,
  CommitRecord,
  MetaRangeId,
  Metadata,
  RepositoryId,
} from '../../domain/model.js';
import { Clock } from '../../ports/clock.js';
import { DEFAULT_RANGE_PARAMETERS } from '../../ports/committed-store.js';
import { CommitsView } from '../../projections/commits.view.js';
import { Places } from '../places.js';
import type { Request } from '../request.js';
import { commitMade } from './branch-operations.js';
import { Intents, intentIdOfRequest } from './intents.js';

/**
 * Makes one commit of everything staged on a branch before it was asked for, that no earlier
 * operation took; "no changes" is said of that, not of the moment of the answer.
 */
export class CommitBranch extends Command<CommitRecord> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly wish: {
      readonly message: string;
      readonly metadata: Metadata;
      /** Left out: the time of the request. */
      readonly dateMs: number | undefined;
      readonly allowsEmpty: boolean;
      readonly isForced: boolean;
      /** A tree that was written before: the commit is of it, and of nothing that is staged. */
      readonly tree?: MetaRangeId | undefined;
    },
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(CommitBranch)
export class CommitBranchHandler implements ICommandHandler<CommitBranch> {
  constructor(
    private readonly places: Places,
    private readonly intents: Intents,
    private readonly clock: Clock,
    private readonly commits: CommitsView,
  ) {}

  execute({ repository: name, branch, wish, request }: CommitBranch): Promise<CommitRecord> {
    const { message, metadata, dateMs, isForced } = wish;
    const intent = {
      id: intentIdOfRequest(request),
      wish: intentOf(wish),
      message,
      metadata,
      committer: request.caller.user,
      dateMs: dateMs ?? this.clock.nowMs(),
      ranges: DEFAULT_RANGE_PARAMETERS,
    } as const;
    return this.places.at({ name, branch, isForced }, async (place) => {
      const outcome = await this.intents.perform(place, intent, request);
      const commit = commitMade(outcome, 'commit');
      // Whoever asks for the log asks for what was committed a moment ago, first of all.
      this.commits.keep(place.repository.uid, commit);
      return commit;
    });
  }
}

/** Of a tree, all of the head makes way, on a clean branch alone. */
function intentOf({ allowsEmpty, tree }: CommitBranch['wish']): Wish {
  if (tree === undefined) return { kind: 'commit', allowsEmpty };
  return { kind: 'import', source: tree, replaced: [{ kind: 'prefix', prefix: '' }] };
}
