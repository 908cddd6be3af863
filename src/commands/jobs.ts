import type { RepositoryUid } from '../domain/model.js';
import type { Clock } from '../ports/clock.js';
import type { JobsView } from '../projections/jobs.view.js';
import type { RunningJob } from '../projections/kv-codec.js';

export interface Job {
  readonly uid: RepositoryUid;
  readonly id: string;
}

/** Work that nobody waits for, in a stream of its own, so that any node can go on with it. */
export interface JobKind {
  readonly name: string;
  readonly view: JobsView;

  /** Takes a job from a node that has fallen silent; false when somebody was faster. */
  take(job: RunningJob, node: string): Promise<boolean>;

  /**
   * Works on a job that is this node's, saying now and then that it lives, until it has ended or
   * gone to another node.
   *
   * @param signal  stop where it can be gone on from
   * @throws whatever may pass by itself; the job is taken up again then
   */
  work(job: Job, node: string, signal: AbortSignal): Promise<void>;

  /** Lets nobody find a job any more. */
  forget(job: Job): Promise<void>;
}

export interface JobLimits {
  /** Worked on at once by this node; more wait for their turn, or for another node. */
  readonly jobsMax: number;
  /** After so long without a sign of life a job is anybody's. */
  readonly silentMs: number;
  /** How long one can ask what became of a job. */
  readonly keptMs: number;
}

const ROWS_PER_PAGE = 500;

/** The jobs that this node works on, and those it finds that nobody does. */
export class Jobs {
  readonly #working = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  /** @param node  unlike every other process's, also of a former one on this machine */
  constructor(
    readonly node: string,
    private readonly kinds: readonly JobKind[],
    private readonly clock: Clock,
    private readonly limits: JobLimits,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Begins to work on a job of this node's, unless it has its hands full: then later. */
  begin(name: string, job: Job): void {
    const key = `${name}/${job.uid}/${job.id}`;
    const kind = this.kinds.find((each) => each.name === name);
    const isFull = this.#working.size >= this.limits.jobsMax || this.#stopping.signal.aborted;
    if (kind === undefined || isFull || this.#working.has(key)) return;
    const work = kind
      .work(job, this.node, this.#stopping.signal)
      // What may pass by itself is tried again when the job has been silent for long enough.
      .catch(this.onError)
      .finally(() => this.#working.delete(key));
    this.#working.set(key, work);
  }

  /** Resolves when this node works on a job no more, whatever became of it. */
  async finished(name: string, { uid, id }: Job): Promise<void> {
    await this.#working.get(`${name}/${uid}/${id}`);
  }

  /** Looks once for jobs that nobody works on, and for those that ended long ago. */
  async look(): Promise<void> {
    for (const kind of this.kinds) {
      await this.#takeSilent(kind);
      await this.#forgetOld(kind);
    }
  }

  /** Resolves when nothing is worked on any more; what was begun goes on elsewhere, or later. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.idle();
  }

  /** Resolves when what this node works on now has ended. */
  async idle(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working.values());
  }

  async #takeSilent(kind: JobKind): Promise<void> {
    for (let after = ''; ;) {
      const { items, hasMore, nextOffset } = await kind.view.running(after, ROWS_PER_PAGE);
      const sinceMs = this.clock.nowMs() - this.limits.silentMs;
      for (const job of items) {
        const isOurs = this.#working.has(`${kind.name}/${job.uid}/${job.id}`);
        if (isOurs || job.atMs > sinceMs || this.#working.size >= this.limits.jobsMax) continue;
        if (await kind.take(job, this.node)) this.begin(kind.name, job);
      }
      if (!hasMore) return;
      after = nextOffset;
    }
  }

  async #forgetOld(kind: JobKind): Promise<void> {
    for (let after = ''; ;) {
      const { items, hasMore, nextOffset } = await kind.view.ended(after, ROWS_PER_PAGE);
      const sinceMs = this.clock.nowMs() - this.limits.keptMs;
      for (const job of items) if (job.atMs < sinceMs) await kind.forget(job);
      if (!hasMore) return;
      after = nextOffset;
    }
  }
}
