import { CorruptData } from '../ports/store-errors.js';
import { InvariantError } from '../shared/assert.js';
import type { FromWorker, ToWorker } from './range-worker-messages.js';
import type { BoundedFile } from './table-cursor.js';

/** A thread that builds ranges ended, or its code does not load; its work is lost. */
export class RangeWorkerDied extends Error {
  override readonly name = 'RangeWorkerDied';
}

/** The pool was closed while there was work, or before it. */
export class RangeWorkersClosed extends Error {
  override readonly name = 'RangeWorkersClosed';
}

/** The caller's end of a session on a thread. */
export interface ThreadListener {
  hear(message: FromWorker): void;
  fail(reason: Error): void;
}

/** One thread, as its sessions see it. */
export interface RangeThread {
  readonly isOver: boolean;
  enter(id: number, listener: ThreadListener): void;
  leave(id: number): void;
  /** @throws why the thread is over */
  post(message: ToWorker, transfer: ArrayBuffer[]): void;
}

/** Returns a file for another thread, in memory of its own: a copy, unless it is nobody else's. */
export function ownedFile({ file, mayBeGivenAway }: BoundedFile): Uint8Array<ArrayBuffer> {
  const isAlone = mayBeGivenAway === true && file.byteLength === file.buffer.byteLength;
  if (isAlone && file.buffer instanceof ArrayBuffer) return new Uint8Array(file.buffer);
  return new Uint8Array(file);
}

/** Returns what a worker failed with: an error's class does not cross threads, its name does. */
export function errorOf({ name, message }: { name: string; message: string }): Error {
  if (name === 'CorruptData') return new CorruptData(message);
  if (name === 'InvariantError') return new InvariantError(message);
  return new RangeWorkerDied(`${name}: ${message}`);
}

/** What a thread said, in order. */
export class Mailbox implements ThreadListener {
  readonly #waiting: FromWorker[] = [];
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  hear(message: FromWorker): void {
    this.#waiting.push(message);
    this.#wake?.();
  }

  fail(reason: Error): void {
    this.#error ??= reason;
    this.#wake?.();
  }

  /** @throws why the thread is over */
  async next(): Promise<FromWorker> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message) return message;
      if (this.#error) throw this.#error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
