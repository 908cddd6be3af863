import { Worker } from 'node:worker_threads';
import type { ClientConfig } from 'pg';
import { StoreUnavailable } from '../ports/store-errors.js';
import { threadLimits } from '../shared/thread-limits.js';

/** What a thread is told when it is made. */
export interface PackThreadData {
  readonly connection: ClientConfig;
}

export interface PackQuery {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
  readonly rowMode: 'array';
}

/** A statement to be asked; undefined: the thread is to end. */
export interface ToPackThread {
  readonly id: number;
  readonly query: PackQuery | undefined;
}

/** Rows, or why there are none. */
export type FromPackThread = { readonly id: number } & (
  { readonly rows: readonly unknown[] } | { readonly reason: string }
);

interface Waiting {
  readonly resolve: (rows: readonly unknown[]) => void;
  readonly reject: (reason: Error) => void;
}

/**
 * Reads packed rows on a thread of their own: what a driver makes of a large answer, copy by copy,
 * is more work and more garbage than all that is done with the rows here. The thread starts when it
 * is first needed; once it ended, it is over.
 */
export class PackThread {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #count = 0;
  #over: Error | undefined;

  /** @param url  of the thread's code, compiled */
  constructor(
    private readonly url: URL,
    private readonly data: PackThreadData,
  ) {}

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** Rejects with what went wrong, whatever it was: another connection may fare better. */
  query<Row>(query: PackQuery): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      if (this.#over) throw this.#over;
      const worker = (this.#worker ??= this.#start());
      const id = ++this.#count;
      const told: ToPackThread = { id, query };
      worker.postMessage(told, []);
      if (this.#waiting.size === 0) worker.ref();
      this.#waiting.set(id, { resolve: (rows) => resolve(rows as readonly Row[]), reject });
    });
  }

  /** Ends the thread and its connections. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#fail('the thread was closed');
    if (!worker) return;
    const told: ToPackThread = { id: 0, query: undefined };
    worker.postMessage(told, []);
    const late = setTimeout(() => void worker.terminate(), CLOSE_MS_MAX);
    await this.#ended;
    clearTimeout(late);
  }

  #start(): Worker {
    const worker = new Worker(this.url, { workerData: this.data, resourceLimits: threadLimits });
    worker.unref();
    worker.on('message', (message: FromPackThread) => this.#hear(worker, message));
    worker.on('error', (error) => this.#fail(`the thread died: ${error}`));
    this.#ended = new Promise((resolve) => {
      worker.on('exit', (code) => {
        this.#fail(`the thread ended with ${code}`);
        resolve();
      });
    });
    return worker;
  }

  #hear(worker: Worker, message: FromPackThread): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) worker.unref();
    if ('rows' in message) waiting?.resolve(message.rows);
    else waiting?.reject(new StoreUnavailable(message.reason));
  }

  #fail(reason: string): void {
    this.#over ??= new StoreUnavailable(reason);
    for (const { reject } of this.#waiting.values()) reject(this.#over);
    this.#waiting.clear();
  }
}

/** A database that does not answer keeps no server from ending. */
const CLOSE_MS_MAX = 2_000;
