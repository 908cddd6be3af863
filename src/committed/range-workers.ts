import { Worker } from 'node:worker_threads';
import type { RangeParameters } from '../ports/committed-store.js';
import { InvariantError } from '../shared/assert.js';
import { threadLimits } from '../shared/thread-limits.js';
import type { CellBatch } from './compare-codec.js';
import { compareOnThread } from './compare-on-thread.js';
import { mergeOnThread } from './merge-on-thread.js';
import type { MergedRanges, MergeJob } from './merge-writer.js';
import type { FromWorker, ToWorker } from './range-worker-messages.js';
import { RewriteOnThread } from './rewrite-on-thread.js';
import type { RewriteSession, RewriteSessions, TakeRange } from './rewrite-session.js';
import type { RangeThread, ThreadListener } from './thread-session.js';
import { RangeWorkerDied, RangeWorkersClosed } from './thread-session.js';

/**
 * A bounded pool of threads that build ranges. A thread starts when it is first needed; one that
 * dies fails what it was given with {@link RangeWorkerDied}, and another takes its place.
 */
export class RangeWorkers implements RewriteSessions {
  readonly #threads: (Thread | undefined)[];
  #sessionCount = 0;
  #isClosed = false;

  /**
   * @param workerUrl  of range-worker.js, compiled: a thread cannot load TypeScript
   * @param threadsMax  at least 1
   */
  constructor(
    private readonly workerUrl: URL,
    threadsMax: number,
  ) {
    this.#threads = Array.from({ length: Math.max(1, threadsMax) }, () => undefined);
  }

  open(parameters: RangeParameters, take: TakeRange): RewriteSession {
    if (this.#isClosed) throw new RangeWorkersClosed('the threads that build ranges were ended');
    return new RewriteOnThread(this.#leastBusy(), ++this.#sessionCount, parameters, take);
  }

  /** @throws what the files are wrong in, what the job throws, and as `open` does */
  async merge(job: MergeJob): Promise<MergedRanges> {
    if (this.#isClosed) throw new RangeWorkersClosed('the threads that build ranges were ended');
    return mergeOnThread(this.#leastBusy(), ++this.#sessionCount, job);
  }

  /** As `merge`. @returns what a `DifferenceReader` reads */
  async compare(batch: CellBatch): Promise<Uint8Array> {
    if (this.#isClosed) throw new RangeWorkersClosed('the threads that build ranges were ended');
    return compareOnThread(this.#leastBusy(), ++this.#sessionCount, batch);
  }

  /** How many threads run. */
  get threadCount(): number {
    return this.#threads.filter((thread) => thread && !thread.isOver).length;
  }

  /** Ends all threads; work that is not done fails with {@link RangeWorkersClosed}. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closed = new RangeWorkersClosed('the threads that build ranges were ended');
    await Promise.all(this.#threads.map((thread) => thread?.end(closed)));
  }

  #leastBusy(): Thread {
    let best: Thread | undefined;
    for (let at = 0; at < this.#threads.length; at++) {
      const thread = this.#threads[at];
      if (!thread || thread.isOver) return (this.#threads[at] = new Thread(this.workerUrl));
      if (!best || thread.sessionCount < best.sessionCount) best = thread;
    }
    if (!best) throw new InvariantError('a pool has at least one thread');
    return best;
  }
}

/** One thread, and who waits for it. */
class Thread implements RangeThread {
  readonly #worker: Worker;
  readonly #sessions = new Map<number, ThreadListener>();
  #over: Error | undefined;

  constructor(url: URL) {
    this.#worker = new Worker(url, { resourceLimits: threadLimits });
    // Work keeps the process alive by its promises' timers and sockets; an idle thread must not.
    this.#worker.unref();
    this.#worker.on('message', (message: FromWorker) => {
      this.#sessions.get(message.session)?.hear(message);
    });
    this.#worker.on('error', (cause) => {
      this.#fail(new RangeWorkerDied(`a thread that builds ranges died: ${cause}`, { cause }));
    });
    this.#worker.on('exit', (code) => {
      this.#fail(new RangeWorkerDied(`a thread that builds ranges ended with ${code}`));
    });
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  enter(id: number, session: ThreadListener): void {
    if (this.#sessions.size === 0) this.#worker.ref();
    this.#sessions.set(id, session);
  }

  leave(id: number): void {
    this.#sessions.delete(id);
    if (this.#sessions.size === 0) this.#worker.unref();
  }

  post(message: ToWorker, transfer: ArrayBuffer[]): void {
    if (this.#over) throw this.#over;
    this.#worker.postMessage(message, transfer);
  }

  async end(reason: Error): Promise<void> {
    this.#fail(reason);
    await this.#worker.terminate();
  }

  #fail(reason: Error): void {
    this.#over ??= reason;
    for (const session of this.#sessions.values()) session.fail(this.#over);
    this.#sessions.clear();
  }
}
