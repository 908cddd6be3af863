import type { RangeParameters } from '../ports/committed-store.js';
import type { ChangeCounts } from './range-rewriter.js';
import type { FromWorker, ToWorker } from './range-worker-messages.js';
import type { RewriteSession, TakeRange } from './rewrite-session.js';
import type { BoundedFile } from './table-cursor.js';
import {
  errorOf,
  ownedFile,
  RangeWorkersClosed,
  type RangeThread,
  type ThreadListener,
} from './thread-session.js';

// What may wait for one thread: a base file of usual size, and changes enough to keep it busy.
const WAITING_BYTES_MAX = 8 * 1024 * 1024;
const MESSAGE_BYTES = 256;

/** Rewrites ranges on another thread; what waits there is bounded. */
export class RewriteOnThread implements RewriteSession, ThreadListener {
  readonly #waiting: number[] = [];
  #waitingBytes = 0;
  #error: Error | undefined;
  #wake: (() => void) | undefined;
  #counts: ChangeCounts | undefined;

  constructor(
    private readonly thread: RangeThread,
    private readonly id: number,
    parameters: RangeParameters,
    private readonly take: TakeRange,
  ) {
    thread.enter(id, this);
    this.#post({ session: id, kind: 'open', parameters }, 0);
  }

  async openBase(base: BoundedFile): Promise<void> {
    const file = ownedFile(base);
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

  async rows(packed: Uint8Array): Promise<void> {
    const own = packed.byteLength === packed.buffer.byteLength ? packed : new Uint8Array(packed);
    const transfer = own.buffer as ArrayBuffer;
    this.#post({ session: this.id, kind: 'rows', packed: own }, own.length, transfer);
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
