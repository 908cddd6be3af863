import { Worker } from 'node:worker_threads';
import type { RangeParameters } from '../ports/committed-store.js';
import { CorruptData } from '../ports/store-errors.js';
import { InvariantError } from '../shared/assert.js';
import type { BaseFile, ChangeCounts } from './range-rewriter.js';
import type { FromWorker, ToWorker } from './range-worker-messages.js';
import type { RewriteSession, RewriteSessions, TakeRange } from './rewrite-session.js';

/** A thread that builds ranges ended, or its code does not load; its work is lost. */
export class RangeWorkerDied extends Error {
  override readonly name = 'RangeWorkerDied';
}

/** The pool was closed while there was work, or before it. */
export class RangeWorkersClosed extends Error {
  override readonly name = 'RangeWorkersClosed';
}

// What may wait for one thread: a base file of usual size, and changes enough to keep it busy.
const WAITING_BYTES_MAX = 8 * 1024 * 1024;
const MESSAGE_BYTES = 256;

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
    return new ThreadSession(this.#leastBusy(), ++this.#sessionCount, parameters, take);
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
class Thread {
  readonly #worker: Worker;
  readonly #sessions = new Map<number, ThreadSession>();
  #over: Error | undefined;

  constructor(url: URL) {
    this.#worker = new Worker(url);
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

  enter(id: number, session: ThreadSession): void {
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

class ThreadSession implements RewriteSession {
  readonly #waiting: number[] = [];
  #waitingBytes = 0;
  #error: Error | undefined;
  #wake: (() => void) | undefined;
  #counts: ChangeCounts | undefined;

  constructor(
    private readonly thread: Thread,
    private readonly id: number,
    parameters: RangeParameters,
    private readonly take: TakeRange,
  ) {
    thread.enter(id, this);
    this.#post({ session: id, kind: 'open', parameters }, 0);
  }

  async openBase(base: BaseFile): Promise<void> {
    // A copy: the file's bytes may be a part of a larger buffer, or kept by a cache.
    const file = new Uint8Array(base.file);
    const { name, minKey, maxKey } = base;
    const message = { name, file, minKey: new Uint8Array(minKey), maxKey: new Uint8Array(maxKey) };
    this.#post({ session: this.id, kind: 'openBase', base: message }, file.length, file.buffer);
    await this.#room();
  }

  async change(batch: Uint8Array): Promise<void> {
    const own = batch.byteLength === batch.buffer.byteLength ? batch : new Uint8Array(batch);
    const transfer = own.buffer as ArrayBuffer;
    this.#post({ session: this.id, kind: 'change', batch: own }, own.length, transfer);
    await this.#room();
  }

  async closeBase(): Promise<void> {
    this.#post({ session: this.id, kind: 'closeBase' }, 0);
    await this.#room();
  }

  async end(): Promise<ChangeCounts> {
    this.#post({ session: this.id, kind: 'end' }, 0);
    for (;;) {
      if (this.#error) throw this.#error;
      if (this.#counts) return this.#counts;
      await this.#change();
    }
  }

  drop(): void {
    if (this.#error || this.#counts) return;
    this.#error = new RangeWorkersClosed('the session was given up');
    this.thread.leave(this.id);
    if (!this.thread.isOver) this.thread.post({ session: this.id, kind: 'drop' }, []);
    this.#wake?.();
  }

  hear(message: FromWorker): void {
    if (message.kind === 'range') {
      this.take(message.range, message.hasChanges);
      return;
    }
    this.#waitingBytes -= this.#waiting.shift() ?? 0;
    if (message.kind === 'failed') this.fail(errorOf(message));
    if (message.kind === 'ended') this.#counts = message.counts;
    if (message.kind !== 'done') this.thread.leave(this.id);
    this.#wake?.();
  }

  fail(reason: Error): void {
    this.#error ??= reason;
    this.#wake?.();
  }

  #post(message: ToWorker, bytes: number, transfer?: ArrayBuffer): void {
    if (this.#error) throw this.#error;
    this.#waiting.push(bytes + MESSAGE_BYTES);
    this.#waitingBytes += bytes + MESSAGE_BYTES;
    this.thread.post(message, transfer ? [transfer] : []);
  }

  async #room(): Promise<void> {
    while (this.#waitingBytes > WAITING_BYTES_MAX && !this.#error) await this.#change();
    if (this.#error) throw this.#error;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

// An error's class does not cross threads; its name does.
function errorOf({ name, message }: { name: string; message: string }): Error {
  if (name === 'CorruptData') return new CorruptData(message);
  if (name === 'InvariantError') return new InvariantError(message);
  return new RangeWorkerDied(`${name}: ${message}`);
}
