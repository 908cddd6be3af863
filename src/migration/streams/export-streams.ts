import {
  PART_CHARACTERS_MAX,
  PART_EVENTS_MAX,
  type ArchiveAbout,
  type ArchiveScope,
  type EventArchive,
} from '../../ports/event-archive.js';
import { READ_EVENTS_MAX, type EventLog, type RecordedEvent } from '../../ports/event-log.js';
import { NotOfThisArchive } from './archive-errors.js';
import { Scope } from './scope.js';

export interface ExportOptions {
  readonly scope: ArchiveScope;
  /** Begin behind this position; 0: with the first event. Only of all of a log. */
  readonly after: number;
  /** Events of one part, at most; at most {@link PART_EVENTS_MAX}. */
  readonly partEventsMax?: number;
  /** Called after each part, with how far the log has been read. */
  readonly onPart?: (done: { readonly eventCount: number; readonly position: number }) => void;
}

export interface ExportReport {
  /** That this call has added. */
  readonly eventCount: number;
  readonly partCount: number;
  /** Of the last event in the archive, in the log; `after` when it has none. */
  readonly lastPosition: number;
}

/**
 * Brings an archive up to the end that the log has now. Killed at any moment and called again, it
 * goes on where the last whole part ends.
 *
 * @throws NotOfThisArchive  the archive is of something else
 * @throws RepositoryUnknown
 */
export async function exportStreams(
  log: EventLog,
  archive: EventArchive,
  { scope: wanted, after, onPart, partEventsMax = PART_EVENTS_MAX }: ExportOptions,
): Promise<ExportReport> {
  const scope = await Scope.of(log, wanted);
  await beginOrGoOn(log, archive, { scope: wanted, after });
  const parts = await archive.parts();
  let position = parts.at(-1)?.lastPosition ?? after;
  let eventCount = 0;
  let partCount = 0;
  let events: RecordedEvent[] = [];
  let characters = 0;
  let lastPosition = position;

  const addPart = async () => {
    if (events.length === 0) return;
    await archive.append(events);
    eventCount += events.length;
    partCount += 1;
    lastPosition = events.at(-1)?.position ?? lastPosition;
    events = [];
    characters = 0;
    onPart?.({ eventCount, position });
  };

  let next = log.readAll(pageAfter(position, scope));
  for (;;) {
    const page = await next;
    // In a repository's next life its streams have other names: this page may have left some out.
    const isWider = page.filter((event) => scope.meets(event)).length > 0;
    if (isWider) {
      next = log.readAll(pageAfter(position, scope));
      continue;
    }
    position = page.at(-1)?.position ?? position;
    const isLast = page.length < READ_EVENTS_MAX;
    // The next page is read while this one is packed.
    if (!isLast) next = log.readAll(pageAfter(position, scope));
    for (const event of page.filter((one) => scope.has(one))) {
      const size = JSON.stringify(event.data).length;
      if (events.length >= partEventsMax || characters + size > PART_CHARACTERS_MAX) {
        await addPart();
      }
      events.push(event);
      characters += size;
    }
    if (isLast) break;
  }
  await addPart();
  return { eventCount, partCount, lastPosition };
}

const pageAfter = (after: number, { filter }: Scope) => ({
  after,
  limit: READ_EVENTS_MAX,
  ...(filter && { filter }),
});

async function beginOrGoOn(
  log: EventLog,
  archive: EventArchive,
  wanted: ArchiveAbout,
): Promise<void> {
  const is = await archive.about();
  if (is === undefined) {
    const before = await eventAt(log, wanted.after);
    return archive.begin({ ...wanted, ...(before && { before }) });
  }
  const isSame =
    is.after === wanted.after &&
    is.scope.kind === wanted.scope.kind &&
    (is.scope.kind === 'all' ||
      (wanted.scope.kind === 'repository' && is.scope.name === wanted.scope.name));
  if (!isSame) {
    throw new NotOfThisArchive(`it holds ${told(is)}, and what is wanted is ${told(wanted)}`);
  }
}

async function eventAt(log: EventLog, position: number): Promise<ArchiveAbout['before']> {
  if (position === 0) return undefined;
  const [event] = await log.readAll({ after: position - 1, limit: 1 });
  return event?.position === position ? { stream: event.stream, id: event.id } : undefined;
}

const told = ({ scope, after }: ArchiveAbout): string =>
  `${scope.kind === 'all' ? 'all of a log' : `repository '${scope.name}'`} after position ${after}`;
