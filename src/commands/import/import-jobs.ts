import type { IntentRequest } from '../../domain/branch/branch.events.js';
import type { ReplacedPaths } from '../../domain/branch/branch.wishes.js';
import { withStrategy } from '../../domain/commit/merge-metadata.js';
import { DomainError } from '../../domain/errors.js';
import { eventIdOf } from '../../domain/event-id.js';
import type { ImportCommand } from '../../domain/import/import.commands.js';
import { importDecider } from '../../domain/import/import.decider.js';
import type { ImportEvent, ImportSource } from '../../domain/import/import.events.js';
import type { ImportState, RunningImport } from '../../domain/import/import.state.js';
import { importStream } from '../../domain/import/import.stream.js';
import type { CommandId, CommitRecord, ImportId, IntentId, UserId } from '../../domain/model.js';
import { repositoryDecider } from '../../domain/repository/repository.decider.js';
import type { RepositoryRecord } from '../../domain/repository/repository.events.js';
import { repositoryStream } from '../../domain/repository/repository.stream.js';
import type { BlockStore } from '../../ports/block-store.js';
import type { Clock } from '../../ports/clock.js';
import { DEFAULT_RANGE_PARAMETERS, type CommittedStore } from '../../ports/committed-store.js';
import type { EventLog } from '../../ports/event-log.js';
import { WrongExpectedRevision } from '../../ports/store-errors.js';
import type { JobsView } from '../../projections/jobs.view.js';
import type { RunningJob } from '../../projections/kv-codec.js';
import type { RepositoriesView } from '../../projections/repositories.view.js';
import { failpoint } from '../../shared/failpoint.js';
import type { AggregateStreams } from '../aggregate-stream.js';
import type { BranchPlace, IntentOutcome } from '../branch/branches.js';
import type { Intents } from '../branch/intents.js';
import { refusalOf } from '../branch/refusals.js';
import { HeldStream } from '../held-stream.js';
import type { Job, JobKind } from '../jobs.js';
import { partOf, type Request } from '../request.js';
import { failureOf } from './import-failure.js';
import { IngestTree } from './ingest-tree.js';

/** Where lakeFS's clients look for the time of the newest import. */
const LAST_IMPORT_KEY = '.lakefs.last.import.timestamp';
const BEAT_MS = 1_000;
/** Signs of life that may come between. */
const TRIES_MAX = 50;

type Held = HeldStream<ImportCommand, ImportState, ImportEvent>;
type ImportTree = NonNullable<RunningImport['tree']>;

/** An import, and the node that has it as far as that knows. */
interface Owned {
  readonly held: Held;
  readonly node: string;
}

/** Works on imports: writes the tree of what the sources give, then asks the branch to take it. */
export class ImportJobs implements JobKind {
  readonly name = 'imports';

  constructor(
    private readonly ports: {
      readonly log: EventLog;
      readonly blocks: BlockStore;
      readonly committed: CommittedStore;
      readonly clock: Clock;
    },
    readonly view: JobsView,
    private readonly repositories: RepositoriesView,
    private readonly streams: AggregateStreams,
    private readonly intents: Intents,
  ) {}

  async take(job: RunningJob, node: string): Promise<boolean> {
    const held = this.#held(job, node);
    await held.look();
    return (await held.send({ type: 'ResumeImport', node, from: job.node })).length > 0;
  }

  async forget(job: Job): Promise<void> {
    const held = this.#held(job, 'nobody');
    await held.look();
    await held.send({ type: 'ForgetImport' });
  }

  async work(job: Job, node: string, signal: AbortSignal): Promise<void> {
    const held = this.#held(job, node);
    const state = await held.look();
    if (state.status !== 'running' || state.node !== node) return;
    const repository = await this.#repositoryOf(job, state);
    if (repository === undefined) return this.forget(job);
    const lost = new AbortController();
    const ingestion = new IngestTree(this.ports, state, AbortSignal.any([signal, lost.signal]));
    const beating = this.#beat(held, { node, ingestion, lost });
    try {
      await this.#run(job, held, { node, state, ingestion, repository });
    } catch (error) {
      if (signal.aborted || lost.signal.aborted) return;
      const reason = failureOf(error);
      if (reason === undefined) throw error;
      await held.send({ type: 'FailImport', node, reason });
    } finally {
      lost.abort();
      await beating;
    }
  }

  async #run(
    job: Job,
    held: Held,
    work: {
      node: string;
      state: RunningImport;
      ingestion: IngestTree;
      repository: RepositoryRecord;
    },
  ): Promise<void> {
    const { node, state, ingestion, repository } = work;
    let { tree } = state;
    if (tree === null) {
      const metaRangeId = await ingestion.run(repository.namespace);
      await failpoint('import.afterTree');
      // Whole seconds count in a commit's id.
      const commitDateMs = Math.floor(this.ports.clock.nowMs() / 1000) * 1000;
      tree = { metaRangeId, commitDateMs };
      const { ingestedCount } = ingestion;
      const finished = await held.send({ type: 'FinishIngestion', node, ...tree, ingestedCount });
      if (finished.length === 0) return;
      await failpoint('import.afterIngestion');
    }
    const request = requestOf(job, state.wish.committer);
    const commit = await this.#commit(repository, { held, node, state, tree }, request);
    if (commit === undefined) return;
    await failpoint('import.afterCommit');
    await this.#noteTime(repository, commit, request);
    await failpoint('import.afterNote');
    await held.send({ type: 'CompleteImport', commit });
  }

  /** Undefined: the import is not this node's any more. */
  async #commit(
    repository: RepositoryRecord,
    { state, tree, ...by }: Owned & { state: RunningImport; tree: ImportTree },
    request: Request,
  ): Promise<CommitRecord | undefined> {
    const { branch, message, metadata, committer, sources } = state.wish;
    const intent: IntentRequest = {
      id: request.commandId as string as IntentId,
      wish: { kind: 'import', source: tree.metaRangeId, replaced: sources.map(replacedBy) },
      message: message || 'Import objects',
      metadata: withStrategy(metadata, 'source-wins'),
      committer,
      dateMs: tree.commitDateMs,
      ranges: DEFAULT_RANGE_PARAMETERS,
    };
    const outcome = await this.#perform({ repository, branch }, intent, by, request);
    switch (outcome?.type) {
      case undefined:
        return undefined;
      case 'Merged':
        return outcome.commit;
      case 'IntentFailed':
        throw refusalOf(outcome, 'import');
      default:
        throw new DomainError('branch_not_found');
    }
  }

  /**
   * Asks for the commit together with a sign of life, which only the import's node can give: when
   * another has it, that one may have said by now that nothing of it came onto the branch.
   */
  async #perform(
    place: BranchPlace,
    intent: IntentRequest,
    { held, node }: Owned,
    request: Request,
  ): Promise<IntentOutcome | undefined> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const alive = { type: 'ProgressImport', node, ingestedCount: 0, checkpoint: null } as const;
      const right = held.asAppend(alive);
      if (right === undefined) return undefined;
      try {
        return await this.intents.perform(place, intent, request, right);
      } catch (error) {
        // It has said meanwhile that it lives, or is another's.
        if (!(error instanceof WrongExpectedRevision)) throw error;
        await held.look();
      }
    }
    throw new DomainError('store_busy');
  }

  /** Of a repository that has gone meanwhile nobody asks for it. */
  async #noteTime(
    { name, uid }: RepositoryRecord,
    { createdAtMs }: CommitRecord,
    request: Request,
  ): Promise<void> {
    const set = [[LAST_IMPORT_KEY, String(Math.floor(createdAtMs / 1000))]] as const;
    const { initial, evolve } = repositoryDecider;
    const decider: typeof repositoryDecider = {
      initial,
      evolve,
      decide: (command, state) =>
        state.status === 'live' && state.repository.uid === uid
          ? repositoryDecider.decide(command, state)
          : [],
    };
    const command = { type: 'SetMetadata', set, unset: [] } as const;
    const step = partOf(request, 'metadata');
    await this.streams.transact({ stream: repositoryStream(name), decider, command }, step);
  }

  /** Says now and then how far it is; told that it is not ours any more, ends the work. */
  async #beat(
    held: Held,
    { node, ingestion, lost }: { node: string; ingestion: IngestTree; lost: AbortController },
  ): Promise<void> {
    const { signal } = lost;
    while (!signal.aborted) {
      await this.ports.clock.sleep(BEAT_MS, signal);
      if (signal.aborted) return;
      const { ingestedCount } = ingestion;
      const checkpoint = ingestion.takeCheckpoint();
      try {
        const said = await held.send({ type: 'ProgressImport', node, ingestedCount, checkpoint });
        if (said.length === 0) lost.abort();
      } catch {
        // Silent for too long, somebody takes it over; until then it may get better.
      }
    }
  }

  /** Undefined: it is gone, whoever has its name now. */
  async #repositoryOf(
    { uid }: Job,
    { wish }: RunningImport,
  ): Promise<RepositoryRecord | undefined> {
    try {
      const repository = await this.repositories.get(wish.repository);
      return repository.uid === uid ? repository : undefined;
    } catch (error) {
      if (error instanceof DomainError) return undefined;
      throw error;
    }
  }

  #held({ uid, id }: Job, node: string): Held {
    const stream = importStream(uid, id as ImportId);
    const commandId = eventIdOf(`${stream}/${node}`, this.ports.clock.nowMs());
    const request = { ...requestOf({ uid, id }, 'moraine'), commandId: commandId as string };
    return new HeldStream(this.ports, stream, importDecider, request as Request);
  }
}

/** The same for whoever works on it: its commit is asked for once. */
const requestOf = ({ uid, id }: Job, user: string): Request => ({
  caller: { user: user as UserId, requestId: `import-${id}` },
  commandId: eventIdOf(`${uid}/${id}`, 'commit') as string as CommandId,
});

const replacedBy = (source: ImportSource): ReplacedPaths =>
  source.kind === 'prefix'
    ? { kind: 'prefix', prefix: source.prefix }
    : { kind: 'object', path: source.path };
