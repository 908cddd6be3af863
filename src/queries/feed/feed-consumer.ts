import type { FeedFilter } from './feed-filter.js';
import type { FeedChunk } from './feed-window.js';
import type { PageSize } from './page-size.js';

/** Why a feed was ended. */
export type FeedEnd =
  /** The server is about to end: the consumer goes on elsewhere, from where it is. */
  | 'draining'
  /** The consumer is nobody any more whom the server knows. */
  | 'refused'
  /** It has not read what it was sent, for too long. */
  | 'stalled'
  /** The log cannot be followed. */
  | 'failed';

/** Where a consumer's events go: its connection. */
export interface FeedSink {
  /** @returns false: no more until `FeedConsumer.ready` is called */
  write(bytes: Uint8Array): boolean;
  /** Bytes that say that we are here; and how far the consumer has come, if it should know. */
  beat(position: number | undefined): boolean;
  /** Whether the consumer may still read. Rejects when that cannot be said now. */
  isAllowed(): Promise<boolean>;
  /** Nothing is written after it. `stalled`: it would not be read. */
  end(why: FeedEnd): void;
}

/** One who is told events: a place in the log, and a connection. */
export class FeedConsumer {
  #at: number;
  #saidAt: number;
  readonly #sayFrom: number;
  #isReady = true;
  #isEnded = false;
  /** It reads the log by itself just now. */
  isReading = false;
  wroteAtMs: number;
  checkedAtMs: number;
  /** Since when its connection takes no more; it counts only while that is so. */
  blockedAtMs: number;

  /** @param sayFrom  a position before which it is told of none but by events */
  constructor(
    readonly filter: FeedFilter,
    private readonly sink: FeedSink,
    readonly size: PageSize,
    { at, nowMs, sayFrom = 0 }: { at: number; nowMs: number; sayFrom?: number },
  ) {
    this.#at = at;
    this.#sayFrom = sayFrom;
    this.#saidAt = at;
    this.wroteAtMs = nowMs;
    this.checkedAtMs = nowMs;
    this.blockedAtMs = nowMs;
  }

  /** It was given all that it asks for up to this position. */
  get at(): number {
    return this.#at;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get isBlocked(): boolean {
    return !this.#isReady;
  }

  /** Whether it can be given something now. */
  get isWaiting(): boolean {
    return this.#isReady && !this.isReading && !this.#isEnded;
  }

  /** Its connection takes more again. */
  ready(): void {
    this.#isReady = true;
  }

  give({ bytes, until }: FeedChunk, nowMs: number): void {
    if (this.#isEnded) return;
    this.#at = until;
    if (bytes === undefined) return;
    this.#saidAt = until;
    this.#wrote(this.sink.write(bytes), nowMs);
  }

  /**
   * Says that we are here. One that asks for little is told how far it has come too, so that it
   * need not begin again far behind.
   */
  beat(nowMs: number): void {
    if (this.#isEnded || !this.#isReady) return;
    const isFar = this.#at - this.#saidAt >= UNSAID_MAX && this.#at >= this.#sayFrom;
    if (isFar) this.#saidAt = this.#at;
    this.#wrote(this.sink.beat(isFar ? this.#at : undefined), nowMs);
  }

  isAllowed(): Promise<boolean> {
    return this.sink.isAllowed();
  }

  end(why: FeedEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.sink.end(why);
  }

  /** Its connection is gone. */
  gone(): void {
    this.#isEnded = true;
  }

  #wrote(takesMore: boolean, nowMs: number): void {
    this.wroteAtMs = nowMs;
    if (takesMore) return;
    this.#isReady = false;
    this.blockedAtMs = nowMs;
  }
}

/** Positions that a consumer may go on by without hearing of it. */
const UNSAID_MAX = 1_000;
