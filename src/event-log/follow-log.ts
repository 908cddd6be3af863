import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedEvent } from '../ports/event-log.js';
import type { Wake } from './wake.js';

/** A window of the log: what of it was asked for, and how far it reaches. */
export interface LogPage {
  readonly events: readonly RecordedEvent[];
  /** The last position that was looked at, matching or not; where the next page begins. */
  readonly until: number;
  /** The window held all there was. */
  readonly isLast: boolean;
}

/**
 * Yields the events after a position, in order, each once, until `signal` aborts.
 *
 * The poll is the truth and the wake only shortens it: a notification that is lost costs time,
 * never an event.
 *
 * @param readPage  returns the window after a position; it survives outages by itself
 */
export async function* followLog(options: {
  after: number;
  signal: AbortSignal;
  wake: Wake;
  readPage: (after: number) => Promise<LogPage>;
}): AsyncIterable<RecordedEvent> {
  const { signal, wake, readPage } = options;
  let after = options.after;
  while (!signal.aborted) {
    const news = wake.next();
    const page = await readPage(after);
    for (const event of page.events) {
      if (signal.aborted) return;
      yield event;
    }
    after = page.until;
    if (page.isLast) await eitherOf(news, signal);
  }
}

async function eitherOf(news: Promise<void>, signal: AbortSignal): Promise<void> {
  const poll = new AbortController();
  const waitMs = POLL_MS_MIN + Math.random() * (POLL_MS_MAX - POLL_MS_MIN);
  const done = AbortSignal.any([signal, poll.signal]);
  try {
    await Promise.race([news, sleep(waitMs, undefined, { signal: done }).catch(abandoned)]);
  } finally {
    poll.abort();
  }
}

/** A sleep rejects for one reason: nobody waits for it any more. */
const abandoned = () => undefined;

const POLL_MS_MIN = 250;
const POLL_MS_MAX = 1000;
