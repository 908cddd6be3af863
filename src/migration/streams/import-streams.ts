import type { ArchiveAbout, ArchivePart, EventArchive } from '../../ports/event-archive.js';
import type { EventContext, EventLog, RecordedEvent, StreamAppend } from '../../ports/event-log.js';
import { EventRefused, UnknownOutcome, WrongExpectedRevision } from '../../ports/store-errors.js';
import { ArchiveMissing, NotOfThisArchive } from './archive-errors.js';
import { renamed } from './rename-repository.js';
import { toAppends, toWaves } from './to-append.js';

export interface ImportOptions {
  /** Of an archive of one repository: the name that it gets. */
  readonly as?: string;
  /** Appends under way at once. */
  readonly appendsAtOnce: number;
  /**
   * The log takes calls in the order in which they are made, and so the events keep theirs. Else
   * objects that were staged at about the same time may come in another order.
   */
  readonly keepsOrder: boolean;
  /** Events of one append, at most. */
  readonly eventsPerAppend: number;
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

/** Sent again after no answer: it is written once, and the first answer comes. */
const UNKNOWN_TRIES_MAX = 20;

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
  const knownCount = { of: eventCount };
  for (const part of parts.slice(first)) {
    const events = (await archive.read(part)).map(rename);
    const onKnown = (count: number) => (knownCount.of += count);
    if (options.keepsOrder) {
      const appends = toAppends(events, options.eventsPerAppend);
      await writeAll(log, appends, { atOnce: options.appendsAtOnce, onKnown });
    } else {
      for (const chains of toWaves(events, options.eventsPerAppend)) {
        await allOf(chains.map((chain) => writeAll(log, chain, { atOnce: 1, onKnown })));
      }
    }
    eventCount += events.length;
    options.onPart?.({ eventCount, totalCount });
  }
  return { writtenCount: totalCount - knownCount.of, knownCount: knownCount.of };
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

/** Keeps so many appends under way, in their order. */
async function writeAll(
  log: EventLog,
  appends: readonly StreamAppend[],
  { atOnce, onKnown }: { atOnce: number; onKnown: (eventCount: number) => void },
): Promise<void> {
  const running: Promise<void>[] = [];
  const write = async (one: StreamAppend): Promise<void> => {
    const isKnown = await writeOne(log, one);
    if (isKnown) onKnown(one.events.length);
  };
  try {
    for (const one of appends) {
      if (running.length >= atOnce) await running.shift();
      const writing = write(one);
      // Heard when its turn comes; until then a refusal is nobody's yet.
      writing.catch(() => undefined);
      running.push(writing);
    }
  } finally {
    await Promise.allSettled(running);
  }
  await Promise.all(running);
}

/** Waits for all, also when one of them fails: nothing is under way behind an error. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}

/** @returns whether the log knew it */
async function writeOne(log: EventLog, append: StreamAppend): Promise<boolean> {
  const [first] = append.events;
  const context = first?.recorded as EventContext;
  for (let tries = 1; ; tries++) {
    try {
      const [result] = await log.append([append], context);
      return result?.isRepeated === true;
    } catch (error) {
      if (error instanceof UnknownOutcome && tries < UNKNOWN_TRIES_MAX) continue;
      if (error instanceof WrongExpectedRevision) throw notOfThis(append.stream, error);
      // Some of a run may be in: a run ends elsewhere when it is cut by another size.
      if (!(error instanceof EventRefused) || append.events.length === 1) throw error;
      return writeEach(log, append);
    }
  }
}

async function writeEach(log: EventLog, append: StreamAppend): Promise<boolean> {
  const first = append.expected as number;
  let isKnown = true;
  for (const [index, event] of append.events.entries()) {
    const alone = { ...append, expected: first + index, events: [event] };
    isKnown = (await writeOne(log, alone)) && isKnown;
  }
  return isKnown;
}

const notOfThis = (stream: string, cause: WrongExpectedRevision): NotOfThisArchive =>
  new NotOfThisArchive(
    `stream ${stream} has other events in this log: it ends at revision ${cause.actual.revision}`,
    { cause },
  );

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
