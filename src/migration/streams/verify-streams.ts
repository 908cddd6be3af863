import { isDeepStrictEqual } from 'node:util';
import type { EventArchive } from '../../ports/event-archive.js';
import { READ_EVENTS_MAX, type EventLog, type RecordedEvent } from '../../ports/event-log.js';
import { viewOf } from '../../ports/kv-store.js';
import type { ViewSlots } from '../../ports/view-slots.js';
import { inlineProjection } from '../../projections/all-projections.js';
import type { Projection } from '../../projections/projection.js';
import { ArchiveMissing } from './archive-errors.js';
import { renamed } from './rename-repository.js';

export interface EventDifference {
  /** From 1, of the archive. */
  readonly number: number;
  readonly stream: string;
  readonly revision: number;
  /** What differs: a field, `missing` in the log, or `extra` there. */
  readonly what: string;
}

export interface EventsVerified {
  readonly eventCount: number;
  /** The first one; undefined: they are the same. */
  readonly difference: EventDifference | undefined;
}

export interface VerifyOptions {
  readonly as?: string;
  readonly onPart?: (done: { readonly eventCount: number; readonly totalCount: number }) => void;
}

/**
 * Compares an archive's events with a log's, one by one at their revisions; positions are a log's
 * own. Of an archive of all of a log, the log may have no others.
 *
 * @throws ArchiveMissing
 * @throws CorruptData  a part of the archive is not what was written
 */
export async function verifyEvents(
  log: EventLog,
  archive: EventArchive,
  { as, onPart }: VerifyOptions,
): Promise<EventsVerified> {
  const about = await archive.about();
  if (about === undefined) throw new ArchiveMissing();
  const rename = renamed(about.scope, as);
  const eventAt = byStream(log);
  const ends = new Map<string, number>();
  const parts = await archive.parts();
  const totalCount = parts.reduce((sum, part) => sum + part.eventCount, 0);
  let number = 0;
  for (const part of parts) {
    for (const wanted of (await archive.read(part)).map(rename)) {
      number += 1;
      const what = differenceOf(wanted, await eventAt(wanted));
      const { stream, revision } = wanted;
      if (what) return { eventCount: number, difference: { number, stream, revision, what } };
      ends.set(stream, revision);
    }
    onPart?.({ eventCount: number, totalCount });
  }
  const isWhole = about.scope.kind === 'all' && about.after === 0;
  const extra = isWhole ? await firstBehind(log, ends) : undefined;
  if (extra === undefined) return { eventCount: number, difference: undefined };
  const { stream, revision } = extra;
  return {
    eventCount: number,
    difference: { number: number + 1, stream, revision, what: 'extra' },
  };
}

/** Returns the first event of a log that lies behind its stream's end. */
async function firstBehind(
  log: EventLog,
  ends: ReadonlyMap<string, number>,
): Promise<RecordedEvent | undefined> {
  for (let after = 0; ;) {
    const page = await log.readAll({ after, limit: READ_EVENTS_MAX });
    const extra = page.find(({ stream, revision }) => revision > (ends.get(stream) ?? -1));
    if (extra || page.length === 0) return extra;
    after = page.at(-1)?.position ?? after;
  }
}

/** Streams of which a page is kept. */
const STREAMS_KEPT_MAX = 200;

/** Returns the event of a stream at a revision. */
function byStream(log: EventLog): (of: RecordedEvent) => Promise<RecordedEvent | undefined> {
  const kept = new Map<string, readonly RecordedEvent[]>();
  const found = (page: readonly RecordedEvent[] | undefined, revision: number) =>
    page?.[revision - (page[0]?.revision ?? 0)];
  return async ({ stream, revision }) => {
    const known = found(kept.get(stream), revision);
    if (known) return known;
    const options = { from: revision, direction: 'forward', limit: READ_EVENTS_MAX } as const;
    const page = await log.read(stream, options);
    kept.delete(stream);
    kept.set(stream, page);
    for (const [oldest] of kept) {
      if (kept.size <= STREAMS_KEPT_MAX) break;
      kept.delete(oldest);
    }
    return found(page, revision);
  };
}

const FIELDS = [
  'stream',
  'revision',
  'id',
  'type',
  'version',
  'closes',
  'atMs',
  'caller',
  'requestId',
  'commandId',
] as const;

function differenceOf(wanted: RecordedEvent, is: RecordedEvent | undefined): string | undefined {
  if (is === undefined) return 'missing';
  const field = FIELDS.find((name) => wanted[name] !== is[name]);
  if (field !== undefined) return field;
  return isDeepStrictEqual(wanted.data, is.data) ? undefined : 'data';
}

export interface ViewVerified {
  readonly view: string;
  readonly rowCount: number;
  /** Of partition, key, schema version and value of every row, as the log's views have them. */
  readonly sha256: string;
  readonly differingCount: number;
  /** The first row that differs, as partition and key. */
  readonly first: { readonly partition: string; readonly key: Uint8Array } | undefined;
}

/**
 * Builds views anew from an archive of all of a log, beside the ones in use, and compares each with
 * its other row by row. The views in use stay as they are.
 */
export async function verifyViews(
  slots: ViewSlots,
  archive: EventArchive,
  projections: readonly Projection[],
): Promise<readonly ViewVerified[]> {
  const project = inlineProjection(projections);
  const built = new Map<string, number>();
  try {
    for (const { name, version } of projections) built.set(name, await slots.begin(name, version));
    // A part is a few thousand events, and read once for all views.
    for (const part of await archive.parts()) {
      const writes = (await archive.read(part)).flatMap((event) => project(event));
      for (const [view, of] of Map.groupBy(writes, ({ partition }) => viewOf(partition))) {
        await slots.write(built.get(view) as number, of);
      }
    }
    const verified: ViewVerified[] = [];
    for (const [view, slot] of built) verified.push(await verifyView(slots, view, slot));
    return verified;
  } finally {
    for (const slot of built.values()) await slots.drop(slot);
  }
}

async function verifyView(slots: ViewSlots, name: string, slot: number): Promise<ViewVerified> {
  const active = (await slots.list()).find(
    ({ view, state }) => view === name && state === 'active',
  );
  if (active === undefined) {
    const built = await slots.digest(slot);
    return { ...told(name, built), differingCount: built.rowCount, first: undefined };
  }
  const { differingCount, rows } = await slots.compare(active.slot, slot);
  return { ...told(name, await slots.digest(active.slot)), differingCount, first: rows[0] };
}

const told = (view: string, of: { readonly sha256: string; readonly rowCount: number }) => ({
  view,
  rowCount: of.rowCount,
  sha256: of.sha256,
});
