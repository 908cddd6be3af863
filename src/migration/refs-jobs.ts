import { HeldStream } from '../commands/held-stream.js';
import type { Job, JobKind } from '../commands/jobs.js';
import type { Request } from '../commands/request.js';
import { DomainError } from '../domain/errors.js';
import { eventIdOf } from '../domain/event-id.js';
import type { CommandId, RefsTaskId, UserId } from '../domain/model.js';
import type { RefsTaskCommand } from '../domain/refs-task/refs-task.commands.js';
import { refsTaskDecider } from '../domain/refs-task/refs-task.decider.js';
import type { RefsDump, RefsTaskEvent } from '../domain/refs-task/refs-task.events.js';
import type { RefsTaskState, RunningRefsTask } from '../domain/refs-task/refs-task.state.js';
import { refsTaskStream } from '../domain/refs-task/refs-task.stream.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
import type { Clock } from '../ports/clock.js';
import type { EventLog } from '../ports/event-log.js';
import { AddressRefused, BlockNotFound, CorruptData } from '../ports/store-errors.js';
import type { JobsView } from '../projections/jobs.view.js';
import type { RunningJob } from '../projections/kv-codec.js';
import type { RepositoriesView } from '../projections/repositories.view.js';
import { failpoint } from '../shared/failpoint.js';
import type { DumpRefs, DumpWatcher } from './dump-refs.js';
import type { RestoreRefs } from './restore-refs.js';

const BEAT_MS = 1_000;

type Held = HeldStream<RefsTaskCommand, RefsTaskState, RefsTaskEvent>;

/** Works on dumps and restores that nobody waits for. */
export class RefsJobs implements JobKind {
  readonly name = 'refs-tasks';

  constructor(
    private readonly ports: { readonly log: EventLog; readonly clock: Clock },
    readonly view: JobsView,
    private readonly repositories: RepositoriesView,
    private readonly dumping: DumpRefs,
    private readonly restoring: RestoreRefs,
  ) {}

  async take(job: RunningJob, node: string): Promise<boolean> {
    const held = this.#held(job, node);
    await held.look();
    return (await held.send({ type: 'ResumeTask', node, from: job.node })).length > 0;
  }

  async forget(job: Job): Promise<void> {
    const held = this.#held(job, 'nobody');
    await held.look();
    await held.send({ type: 'ForgetTask' });
  }

  async work(job: Job, node: string, signal: AbortSignal): Promise<void> {
    const held = this.#held(job, node);
    const state = await held.look();
    if (state.status !== 'running' || state.node !== node) return;
    const repository = await this.#repositoryOf(job, state);
    if (repository === undefined) return this.forget(job);
    const lost = new AbortController();
    const progress = { count: 0 };
    const beating = this.#beat(held, { node, progress, lost });
    try {
      const watcher = {
        signal: AbortSignal.any([signal, lost.signal]),
        onRecord: () => void progress.count++,
      };
      const refs = await this.#run(repository, state, watcher);
      await held.send({ type: 'CompleteTask', node, refs });
    } catch (error) {
      if (signal.aborted || lost.signal.aborted) return;
      const reason = reasonOf(error);
      if (reason === undefined) throw error;
      await held.send({ type: 'FailTask', node, reason });
    } finally {
      lost.abort();
      await beating;
    }
  }

  async #run(
    repository: RepositoryRecord,
    { work }: RunningRefsTask,
    watcher: DumpWatcher,
  ): Promise<RefsDump> {
    if (work.kind === 'dump') {
      const dumped = await this.dumping.run(repository, watcher);
      await failpoint('refs.afterDump');
      return dumped;
    }
    const { refs } = work;
    await this.restoring.run(repository, refs, watcher, restoreRequest(repository, refs));
    return refs;
  }

  /** Says now and then that it lives; told that it is not ours any more, ends the work. */
  async #beat(
    held: Held,
    around: { node: string; progress: { count: number }; lost: AbortController },
  ): Promise<void> {
    const { node, progress, lost } = around;
    while (!lost.signal.aborted) {
      await this.ports.clock.sleep(BEAT_MS, lost.signal);
      if (lost.signal.aborted) return;
      try {
        const command = { type: 'ProgressTask', node, recordCount: progress.count } as const;
        if ((await held.send(command)).length === 0) lost.abort();
      } catch {
        // Silent for too long, somebody takes it over; until then it may get better.
      }
    }
  }

  /** Undefined: it is gone, whoever has its name now. */
  async #repositoryOf({ uid }: Job, state: RunningRefsTask): Promise<RepositoryRecord | undefined> {
    try {
      const repository = await this.repositories.get(state.repository);
      return repository.uid === uid ? repository : undefined;
    } catch (error) {
      if (error instanceof DomainError) return undefined;
      throw error;
    }
  }

  #held({ uid, id }: Job, node: string): Held {
    const stream = refsTaskStream(uid, id as RefsTaskId);
    const commandId = eventIdOf(`${stream}/${node}`, this.ports.clock.nowMs());
    return new HeldStream(this.ports, stream, refsTaskDecider, requestOf(id, commandId));
  }
}

const requestOf = (id: string, commandId: string): Request => ({
  caller: { user: 'moraine' as UserId, requestId: `task-${id}` },
  commandId: commandId as CommandId,
});

/** The same for every restore of this dump into this repository, however often it is begun. */
const restoreRequest = ({ uid }: RepositoryRecord, refs: RefsDump): Request => {
  const text = `${refs.commits}/${refs.tags}/${refs.branches}`;
  return requestOf('restore', eventIdOf(`restore/${uid}`, text));
};

/** Undefined: it may go better again. */
function reasonOf(error: unknown): string | undefined {
  const isOurs =
    error instanceof AddressRefused ||
    error instanceof BlockNotFound ||
    error instanceof CorruptData;
  if (isOurs) return error.message;
  if (!(error instanceof DomainError)) return undefined;
  return error.code === 'store_busy' || error.code === 'branch_busy' ? undefined : error.message;
}
