import { READ_EVENTS_MAX, type EventLog, type RecordedEvent } from '../../ports/event-log.js';

/** Revisions of a stream, both among them; none when `to < from`. */
export interface RevisionSpan {
  readonly from: number;
  readonly to: number;
}

/** Looked at in one round: a log answers what is asked together in one go. */
const PROBES = 8;
/** Few enough to be read all at once. */
const FEW = 16;

/**
 * Returns the last event of a span before the first that `isPast` says no to; undefined when that
 * is the first of all. What is asked must be yes up to some event, and no from there on.
 *
 * It reads as many events as the span's length has digits, and a few for each.
 */
export async function lastThat(
  log: EventLog,
  stream: string,
  { from, to }: RevisionSpan,
  isPast: (event: RecordedEvent) => boolean,
): Promise<RecordedEvent | undefined> {
  let last: RecordedEvent | undefined;
  let low = from - 1;
  let high = to + 1;
  while (high - low > 1) {
    const isAll = high - low - 1 <= FEW;
    const events = isAll
      ? await log.read(stream, { from: low + 1, direction: 'forward', limit: high - low - 1 })
      : await eventsAt(log, stream, probesBetween(low, high));
    const firstNot = events.findIndex((event) => !isPast(event));
    const before = firstNot < 0 ? events.at(-1) : events[firstNot - 1];
    if (before) [last, low] = [before, before.revision];
    if (firstNot >= 0) high = events[firstNot]?.revision ?? high;
    else if (isAll || events.length === 0) return last;
  }
  return last;
}

const probesBetween = (low: number, high: number): readonly number[] =>
  Array.from({ length: PROBES }, (_, nth) =>
    Math.floor(low + ((high - low) * (nth + 1)) / (PROBES + 1)),
  );

async function eventsAt(
  log: EventLog,
  stream: string,
  revisions: readonly number[],
): Promise<readonly RecordedEvent[]> {
  const read = (from: number) => log.read(stream, { from, direction: 'forward', limit: 1 });
  return (await Promise.all(revisions.map(read))).flat();
}

/** Yields the events of a span, a page at a time; the next page is read meanwhile. */
export async function* pagesOf(
  log: EventLog,
  stream: string,
  { from, to }: RevisionSpan,
): AsyncGenerator<readonly RecordedEvent[]> {
  const read = (at: number) =>
    at > to
      ? undefined
      : log.read(stream, {
          from: at,
          direction: 'forward',
          limit: Math.min(READ_EVENTS_MAX, to - at + 1),
        });
  let at = from;
  let reading = read(at);
  while (reading) {
    const events = await reading;
    at += events.length;
    reading = events.length === 0 ? undefined : read(at);
    // Whoever stops before the end asks no more for it.
    reading?.catch(() => undefined);
    if (events.length > 0) yield events;
  }
}
