import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { branchDecider } from '../../domain/branch/branch.decider.js';
import { headOf } from '../../domain/branch/branch.evolve.js';
import { branchStream } from '../../domain/branch/branch.stream.js';
import { firstCommit } from '../../domain/commit/first-commit.js';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, CommitRecord, RepositoryId, StorageNamespace } from '../../domain/model.js';
import { repositoryDecider } from '../../domain/repository/repository.decider.js';
import type {
  RepositoryCreated,
  RepositoryEvent,
  RepositoryRecord,
} from '../../domain/repository/repository.events.js';
import { repositoryStream } from '../../domain/repository/repository.stream.js';
import { type BlockAddress, BlockStore } from '../../ports/block-store.js';
import { Clock } from '../../ports/clock.js';
import { EventLog, type StreamAppend } from '../../ports/event-log.js';
import { Ids } from '../../ports/ids.js';
import { AddressRefused, WrongExpectedRevision } from '../../ports/store-errors.js';
import { assert } from '../../shared/assert.js';
import { utf8 } from '../../shared/bytes.js';
import { failpoint } from '../../shared/failpoint.js';
import { AggregateStreams } from '../aggregate-stream.js';
import { withRecords } from '../branch/branches.js';
import { contextOf, newEvent } from '../new-events.js';
import type { Request } from '../request.js';
import { RepositoryDeletion } from './repository-deletion.js';

/** Makes a repository with its first commit and default branch; a bare one has neither. */
export class CreateRepository extends Command<RepositoryRecord> {
  constructor(
    readonly wish: {
      readonly name: RepositoryId;
      readonly namespace: StorageNamespace;
      readonly defaultBranch: BranchId;
      readonly isReadOnly: boolean;
      readonly isBare: boolean;
    },
    readonly request: Request,
  ) {
    super();
  }
}

/** Says that a namespace is taken; lakeFS writes the same file and looks for it. */
const MARK = {
  key: '_lakefs/dummy',
  text: 'this is dummy data - created by lakeFS to check accessibility',
};
/** Times that a name may be taken by someone else between the look and the append. */
const TRIES_MAX = 10;

@CommandHandler(CreateRepository)
export class CreateRepositoryHandler implements ICommandHandler<CreateRepository> {
  constructor(
    private readonly log: EventLog,
    private readonly blocks: BlockStore,
    private readonly clock: Clock,
    private readonly ids: Ids,
    private readonly streams: AggregateStreams,
    private readonly deletion: RepositoryDeletion,
  ) {}

  async execute({ wish, request }: CreateRepository): Promise<RepositoryRecord> {
    const stream = repositoryStream(wish.name);
    const [created] = await this.streams.once<RepositoryEvent>(stream, request, async () => {
      const before = await this.streams.recorded<RepositoryEvent>(stream, request);
      return before.length > 0 ? before : [await this.#create(wish, request)];
    });
    assert(created?.type === 'RepositoryCreated', 'a repository is created, or refused');
    return created.repository;
  }

  async #create(wish: CreateRepository['wish'], request: Request): Promise<RepositoryCreated> {
    const { name, namespace, defaultBranch, isReadOnly } = wish;
    const stream = repositoryStream(name);
    const nowMs = this.clock.nowMs();
    const record = {
      name,
      uid: this.ids.repositoryUid(),
      namespace,
      defaultBranch,
      createdAtMs: nowMs,
      isReadOnly,
    };
    const first = wish.isBare ? null : firstCommit(nowMs);
    let isMarked = wish.isBare;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const { state, expected } = await this.streams.load(stream, repositoryDecider);
      if (state.status === 'deleting') {
        await this.deletion.finish(state.repository, request);
        continue;
      }
      const command = { type: 'CreateRepository', repository: record, firstCommit: first } as const;
      const [created] = repositoryDecider.decide(command, state);
      if (created?.type !== 'RepositoryCreated') break;
      if (!isMarked) isMarked = await this.#mark(namespace, request);
      await failpoint('repository.afterMark');
      const append = { stream, expected, events: [newEvent(created, request.commandId, 0)] };
      try {
        // The branch first: nobody can name it before there is a repository of this uid.
        const appends: StreamAppend[] = [
          ...(first ? [branchAppend(record, first, request)] : []),
          append,
          ...(await this.streams.wordBeside(append, request)),
        ];
        await this.log.append(appends, contextOf(request, this.clock));
        await failpoint('repository.afterCreation');
        return created;
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision)) throw error;
        const [before] = await this.streams.recorded<RepositoryEvent>(stream, request);
        if (before?.type === 'RepositoryCreated') return before;
        // Answered meanwhile, nothing may come of it any more.
        if (error.stream === request.once?.stream) throw error;
      }
    }
    throw new DomainError('repository_exists');
  }

  /** Takes a namespace, once; two repositories in one would not know whose objects are whose. */
  async #mark(namespace: StorageNamespace, { commandId, once }: Request): Promise<true> {
    try {
      this.blocks.checkNamespace(namespace);
    } catch (error) {
      if (!(error instanceof AddressRefused)) throw error;
      throw new DomainError('namespace_invalid', { reason: error.message });
    }
    const address = { namespace, key: MARK.key };
    // Of one that may come again the mark says so: it may have died behind this step.
    const body = once ? utf8(`${MARK.text}\n${commandId}\n`) : utf8(MARK.text);
    const isOurs =
      (await this.blocks.putIfAbsent(address, body)) ||
      (once !== undefined && (await this.#holds(address, body)));
    if (!isOurs) throw new DomainError('namespace_in_use', { namespace });
    return true;
  }

  async #holds(address: BlockAddress, body: Uint8Array): Promise<boolean> {
    const info = await this.blocks.head(address);
    if (info?.sizeBytes !== body.length) return false;
    return Buffer.compare(await this.blocks.getBytes(address, body.length), body) === 0;
  }
}

function branchAppend(
  { uid, defaultBranch }: RepositoryRecord,
  first: CommitRecord,
  { commandId }: Request,
): StreamAppend {
  const { initial } = branchDecider;
  const created = branchDecider.decide(
    { type: 'CreateBranch', life: 0, head: headOf(first), isHidden: false },
    initial,
  );
  return {
    stream: branchStream(uid, defaultBranch),
    expected: 'none',
    events: withRecords(initial, created).map((event, index) => newEvent(event, commandId, index)),
  };
}
