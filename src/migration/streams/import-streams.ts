import type { ArchiveAbout, ArchivePart, EventArchive } from '../../ports/event-archive.js';
import type { EventLog, RecordedEvent } from '../../ports/event-log.js';
import { ArchiveMissing, NotOfThisArchive } from './archive-errors.js';
import { renamed } from './rename-repository.js';
import { eventWriter, type WriterOptions } from './event-writer.js';

export interface ImportOptions extends WriterOptions {
  /** Of an archive of one repository: the name that it gets. */
  readonly as?: string;
  /** Called after each part. */
  readonly onPart?: (done: ImportProgress) => void;
}

export interface ImportProgress {
  /** Of the archive, those that were there before included. */
  readonly eventCount: number;
  readonly totalCount: number;
}

export interface ImportReport {
  readonly writtenCount: number;
  /** Were there before. */
  readonly knownCount: number;
}

/**
 * Writes an archive's events into a log, each at its revision and in their order; the views follow
 * as they do of every append. Killed at any moment and called again, it goes on where it was.
 *
 * @throws ArchiveMissing
 * @throws NotOfThisArchive  the log has other events where these would stand; those before are in
 */
export async function importStreams(
  log: EventLog,
  archive: EventArchive,
  options: ImportOptions,
): Promise<ImportReport> {
  const about = await archive.about();
  if (about === undefined) throw new ArchiveMissing();
  if (options.as !== undefined && about.scope.kind !== 'repository') {
    throw new NotOfThisArchive('only an archive of one repository can get another name');
  }
  if (about.after > 0) await assertBegins(log, archive, about);
  if (about.scope.kind === 'all' && about.after === 0) await assertNothingElse(log, archive);
  const parts = await archive.parts();
  const totalCount = parts.reduce((sum, { eventCount }) => sum + eventCount, 0);
  const rename = renamed(about.scope, options.as);
  const first = await firstUnknown(log, archive, { parts, rename });
  let eventCount = parts.slice(0, first).reduce((sum, part) => sum + part.eventCount, 0);
  let knownCount = eventCount;
  const writer = eventWriter(log, options, (count) => (knownCount += count));
  for await (const events of readAhead(archive, parts.slice(first))) {
    await writer.write(events.map(rename));
    eventCount += events.length;
    options.onPart?.({ eventCount, totalCount });
  }
  await writer.end();
  return { writtenCount: totalCount - knownCount, knownCount };
}

/** Yields the events of each part; the next one is read while a part is written. */
async function* readAhead(
  archive: EventArchive,
  parts: readonly ArchivePart[],
): AsyncIterable<readonly RecordedEvent[]> {
  let reading: Promise<readonly RecordedEvent[]> | undefined;
  for (const [index, part] of parts.entries()) {
    const events = await (reading ?? archive.read(part));
    const next = parts[index + 1];
    reading = next && archive.read(next);
    // Heard when its turn comes.
    reading?.catch(() => undefined);
    yield events;
  }
}

/**
 * Returns the index of the first part whose last event the log does not have: parts go in one
 * after the other, so those before it are in.
 */
async function firstUnknown(
  log: EventLog,
  archive: EventArchive,
  of: { parts: readonly ArchivePart[]; rename: (event: RecordedEvent) => RecordedEvent },
): Promise<number> {
  let [low, high] = [0, of.parts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const part = of.parts[middle];
    const last = part && (await archive.read(part)).at(-1);
    const wanted = last && of.rename(last);
    const isKnown = wanted && (await log.find(wanted.stream, wanted.id)) !== undefined;
    if (isKnown) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** All of a log goes into one that is empty, or that holds a beginning of it already. */
async function assertNothingElse(log: EventLog, archive: EventArchive): Promise<void> {
  const [is] = await log.readAll({ after: 0, limit: 1 });
  if (is === undefined) return;
  const [part] = await archive.parts();
  const [first] = part === undefined ? [] : await archive.read(part);
  if (first?.id === is.id && first.stream === is.stream) return;
  throw new NotOfThisArchive(`the log is not empty, and begins with ${is.stream}, another event`);
}

/** What comes from a position on needs what stands before it. */
async function assertBegins(
  log: EventLog,
  archive: EventArchive,
  { before }: ArchiveAbout,
): Promise<void> {
  if (before && (await log.find(before.stream, before.id)) === undefined) {
    throw new NotOfThisArchive(`the log lacks what stands before it: the end of ${before.stream}`);
  }
  const [part] = await archive.parts();
  const [first] = part === undefined ? [] : await archive.read(part);
  if (first === undefined || first.revision === 0) return;
  if ((await log.end(first.stream)).revision >= first.revision - 1) return;
  throw new NotOfThisArchive(`the log lacks what stands before it: ${first.stream} ends too early`);
}
