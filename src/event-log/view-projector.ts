import { setTimeout as sleep } from 'node:timers/promises';
import type { InlineProjection, RecordedEvent } from '../ports/event-log.js';
import type { KvWrite } from '../ports/kv-store.js';
import type { ViewWriter } from '../ports/view-writer.js';
import { pauseMs } from './pause.js';
import type { ViewProgress } from './view-progress.js';

/** An event of the log on its way into the views; `event` left out: it is none of ours. */
export interface ViewedEvent {
  readonly position: number;
  readonly event?: RecordedEvent;
}

export interface ViewProjectorOptions {
  readonly writer: ViewWriter;
  readonly progress: ViewProgress;
  readonly project: InlineProjection;
  /** Yields the log's events after a position, in order, until `signal` aborts. */
  readonly follow: (after: number, signal: AbortSignal) => AsyncIterable<ViewedEvent>;
  /** Returns the position of the log's last event, or `after` when there is none behind it. */
  readonly lastPosition: (after: number) => Promise<number>;
  /** Hears what keeps the views from going on; it is tried again. */
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Brings the views behind a log that stands elsewhere, by what every event says, in order, each
 * once: the views and how far they are change in one step, and only from where they were.
 *
 * Several nodes may do it to the same views at once. The one whose step begins where the views are
 * writes it; the others go on from where he has brought them.
 */
export class ViewProjector {
  readonly #options: ViewProjectorOptions;
  readonly #closing = new AbortController();
  readonly #waiting: ViewedEvent[] = [];
  #news = Promise.withResolvers<void>();
  #wanted = Promise.withResolvers<void>();
  #room = Promise.withResolvers<void>();
  #running: Promise<unknown> | undefined;

  constructor(options: ViewProjectorOptions) {
    this.#options = options;
    options.progress.onWanted = () => {
      const { resolve } = this.#wanted;
      this.#wanted = Promise.withResolvers();
      resolve();
    };
  }

  /**
   * Begins, and resolves when the views show all that was in the log then.
   *
   * @throws StoreUnavailable  log or views do not answer
   */
  async start(): Promise<void> {
    const { writer, progress, lastPosition } = this.#options;
    const position = await writer.position();
    progress.advance(position);
    const end = await lastPosition(position);
    this.#running = Promise.all([this.#follow(position), this.#write()]);
    await progress.reached(end, Number.POSITIVE_INFINITY);
  }

  /** Asks where the views are, which another process may have brought further. */
  async refresh(): Promise<void> {
    this.#options.progress.advance(await this.#options.writer.position());
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    this.#room.resolve();
    await this.#running;
  }

  async #follow(after: number): Promise<void> {
    const { signal } = this.#closing;
    for await (const event of this.#options.follow(after, signal)) {
      this.#waiting.push(event);
      this.#wake();
      while (this.#waiting.length >= WAITING_MAX && !signal.aborted) {
        this.#room = Promise.withResolvers();
        await this.#room.promise;
      }
    }
  }

  async #write(): Promise<void> {
    const { signal } = this.#closing;
    for (let troubles = 0; !signal.aborted;) {
      const news = this.#news.promise;
      this.#forgetWritten();
      if (this.#waiting.length === 0) {
        await news;
        continue;
      }
      try {
        if (await this.#isLeftToOthers()) continue;
        await this.#step();
        troubles = 0;
      } catch (error) {
        if (troubles++ % TROUBLES_A_WORD === 0) this.#options.onTrouble(error);
        await sleep(pauseMs(troubles + 4), undefined, { signal }).catch(() => undefined);
        // What this node cannot write another may have written.
        await this.refresh().catch(() => undefined);
      }
    }
  }

  /**
   * Nobody here waits for it, and whoever appended it does: he writes it sooner than we would. Only
   * when the views stand still we do it for him.
   */
  async #isLeftToOthers(): Promise<boolean> {
    const { writer, progress } = this.#options;
    if (!writer.isShared || this.#waiting.length >= STEP_EVENTS_MAX) return false;
    if (progress.wanted > progress.position) return false;
    const before = progress.position;
    const cancel = new AbortController();
    const done = AbortSignal.any([this.#closing.signal, cancel.signal]);
    const waitMs = LEFT_MS * (0.5 + Math.random());
    const patience = sleep(waitMs, undefined, { signal: done }).catch(() => undefined);
    await Promise.race([this.#wanted.promise, patience]);
    cancel.abort();
    if (progress.wanted > progress.position) return false;
    await this.refresh();
    return progress.position > before;
  }

  async #step(): Promise<void> {
    const { writer, progress, project } = this.#options;
    this.#forgetWritten();
    const writes: KvWrite[] = [];
    let to = progress.position;
    for (const { event, position } of this.#waiting.slice(0, STEP_EVENTS_MAX)) {
      if (event) writes.push(...project(event));
      to = position;
      if (writes.length >= STEP_WRITES_MAX) break;
    }
    if (to === progress.position) return;
    progress.advance(await writer.advance({ from: progress.position, to, writes }));
    this.#forgetWritten();
  }

  #forgetWritten(): void {
    const { position } = this.#options.progress;
    const left = this.#waiting.findIndex((event) => event.position > position);
    this.#waiting.splice(0, left < 0 ? this.#waiting.length : left);
    if (this.#waiting.length < WAITING_MAX) this.#room.resolve();
  }

  #wake(): void {
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers();
    resolve();
  }
}

const WAITING_MAX = 4_000;
const STEP_EVENTS_MAX = 1_000;
const STEP_WRITES_MAX = 5_000;
/** Of troubles in a row every so many one is told. */
const TROUBLES_A_WORD = 100;
/** How long what others have appended is left to them. */
const LEFT_MS = 40;
