import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import type { CommandId, CommitId, PullId, RepositoryId } from '../../domain/model.js';
import type { PullCommand } from '../../domain/pull/pull.commands.js';
import { pullDecider } from '../../domain/pull/pull.decider.js';
import type { PullEvent, PullRecord } from '../../domain/pull/pull.events.js';
import { pullStream } from '../../domain/pull/pull.stream.js';
import { Clock } from '../../ports/clock.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { MergeIntoBranch, MergeIntoBranchHandler } from '../branch/merge-into-branch.js';
import { Places } from '../places.js';
import { partOf, type Request } from '../request.js';

/**
 * Merges the source of an open pull request into its destination, once: a merge whose node died
 * before it said so is told by whoever asks next.
 *
 * @throws DomainError  pull_not_found, pull_not_open, and whatever the merge is refused for
 */
export class MergePull extends Command<CommitId> {
  constructor(
    readonly repository: RepositoryId,
    readonly id: PullId,
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(MergePull)
export class MergePullHandler implements ICommandHandler<MergePull> {
  constructor(
    private readonly clock: Clock,
    private readonly places: Places,
    private readonly streams: AggregateStreams,
    private readonly merges: MergeIntoBranchHandler,
  ) {}

  async execute({ repository, id, request }: MergePull): Promise<CommitId> {
    const { uid } = await this.places.fresh(repository);
    const stream = pullStream(uid, id);
    try {
      return await this.#mergeOpen(stream, repository, request);
    } catch (error) {
      // It may be open no more because this very request, come before, has merged it.
      const isRepeat = isRefusal(error) && request.once !== undefined;
      const before = isRepeat ? await this.#before(stream, repository, request) : undefined;
      if (before) return before;
      throw error;
    }
  }

  async #before(
    stream: string,
    repository: RepositoryId,
    request: Request,
  ): Promise<CommitId | undefined> {
    const { once } = request;
    const own = { ...partOf(request, PULL_PART), ...(once && { once }) };
    const [event] = await this.streams.recorded<PullEvent>(stream, own);
    if (event?.type === 'PullRequestMerged') return event.pull.mergedCommitId ?? undefined;
    const { state } = await this.streams.load(stream, pullDecider);
    if (state.status === 'absent') return undefined;
    const target = { name: repository, branch: state.pull.destination };
    const made = await this.merges.made(target, request);
    // Somebody has closed it before that was said.
    if (made) await this.#record(stream, made.id, request);
    return made?.id;
  }

  async #mergeOpen(stream: string, repository: RepositoryId, request: Request): Promise<CommitId> {
    const asked = await this.#askedFor(stream, request);
    const isOwn = asked.by === request.commandId;
    try {
      return await this.#merge(stream, repository, asked, request);
    } catch (error) {
      // What another asked for came to nothing: perhaps long ago, by a node that died.
      if (isOwn || !isRefusal(error)) throw error;
    }
    return this.#merge(stream, repository, await this.#askedFor(stream, request), request);
  }

  /** Returns the pull request, and the command that merges it: this one, or who asked before. */
  async #askedFor(stream: string, request: Request): Promise<Asked> {
    const command = { type: 'AskMerge', by: request.commandId } as const;
    await this.streams.transact({ stream, decider: pullDecider, command }, partOf(request, 'ask'));
    const { state } = await this.streams.load(stream, pullDecider);
    if (state.status === 'absent') throw new DomainError('pull_not_found');
    const { pull } = state;
    // Merged meanwhile, or closed.
    if (pull.merging === null) throw new DomainError('pull_not_open');
    return { pull, by: pull.merging };
  }

  async #merge(
    stream: string,
    repository: RepositoryId,
    { pull, by }: Asked,
    request: Request,
  ): Promise<CommitId> {
    const isOwn = by === request.commandId;
    // Under the id that stands in the log: whoever comes to it finds what became of it.
    const merging = isOwn ? request : { caller: request.caller, commandId: by };
    try {
      const wish = { ...WISH, sourceRef: pull.source };
      const merge = new MergeIntoBranch(repository, pull.destination, wish, merging);
      // Its source may have gone since it was merged.
      const target = { name: repository, branch: pull.destination };
      const before = isOwn ? undefined : await this.merges.made(target, merging);
      const { id: commitId } = before ?? (await this.merges.execute(merge));
      // The commit is there, whatever somebody has said of the pull request meanwhile.
      await this.#record(stream, commitId, merging);
      return commitId;
    } catch (error) {
      if (isRefusal(error)) await this.#hears(stream, { type: 'RefuseMerge', by }, merging);
      throw error;
    }
  }

  #record(stream: string, commitId: CommitId, merging: Request): Promise<void> {
    const command = { type: 'RecordMerge', commitId, nowMs: this.clock.nowMs() } as const;
    return this.#hears(stream, command, merging);
  }

  async #hears(stream: string, command: PullCommand, merging: Request): Promise<void> {
    // A refusal by one who helped, and the merge: neither is a repeat of the other.
    const part = command.type === 'RecordMerge' ? PULL_PART : REFUSED_PART;
    const step = { stream, decider: pullDecider, command };
    await this.streams.transact(step, partOf(merging, part));
  }
}

/** Of a merge: what its pull request hears of it. */
const PULL_PART = 'pull';
const REFUSED_PART = 'pull refused';

interface Asked {
  readonly pull: PullRecord;
  readonly by: CommandId;
}

const WISH = {
  message: '',
  metadata: [],
  strategy: 'default',
  isSquash: false,
  allowsEmpty: false,
  isForced: false,
} as const;

/** Of what may happen yet nothing is said: the next who asks finds what became of it. */
const isRefusal = (error: unknown): boolean =>
  error instanceof DomainError &&
  error.code !== 'intent_pending' &&
  error.code !== 'branch_busy' &&
  error.code !== 'store_busy';
