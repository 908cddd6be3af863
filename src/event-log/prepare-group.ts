import {
  isOutsideType,
  KEPT_APPEND_BYTES_MAX,
  KEPT_EVENT_BYTES_MAX,
  OUTSIDE_EVENTS_MAX,
} from '../domain/outside-event.js';
import { APPEND_BYTES_MAX, APPEND_EVENTS_MAX, EVENT_BYTES_MAX } from '../ports/event-log.js';
import type {
  AppendMark,
  EventContext,
  Expected,
  Guard,
  InlineProjection,
  NewEvent,
  StreamAppend,
} from '../ports/event-log.js';
import { KEY_BYTES_MAX, VALUE_BYTES_MAX, viewOf, type KvWrite } from '../ports/kv-store.js';
import { EventRefused } from '../ports/store-errors.js';
import { assert } from '../shared/assert.js';

export interface PreparedEvent {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly json: string;
  readonly closes: boolean;
  readonly key: Uint8Array | undefined;
  readonly context: EventContext;
}

export interface PreparedAppend {
  readonly stream: string;
  readonly expected: Expected;
  readonly guard: Guard | undefined;
  readonly mark: AppendMark | undefined;
  readonly behind: AppendMark | undefined;
  readonly events: readonly PreparedEvent[];
}

/** One call of `append`, checked and encoded: what can be wrong with it alone is not. */
export interface PreparedGroup {
  readonly appends: readonly PreparedAppend[];
  /** What the views take of all its events, in the events' order. */
  readonly writes: readonly KvWrite[];
  readonly eventCount: number;
  readonly sizeBytes: number;
}

/**
 * Checks and encodes one call of `append`, and asks the views what they take of it.
 *
 * Whatever the database would refuse is refused here, before the call stands in a batch with
 * others: a NUL in a text parameter fails the whole statement, with everybody's appends.
 *
 * @throws EventRefused  it is empty, too large, names a stream twice, or holds an invalid text
 */
export function prepareGroup(
  appends: readonly StreamAppend[],
  context: EventContext,
  project: InlineProjection,
): PreparedGroup {
  if (appends.length === 0) throw new EventRefused('an append names at least one stream');
  checkContext(context);
  const streams = new Set<string>();
  const prepared: PreparedAppend[] = [];
  const writes: KvWrite[] = [];
  let eventCount = 0;
  let sizeBytes = 0;
  const limits = limitsOf(appends);
  for (const append of appends) {
    if (streams.has(append.stream)) throw new EventRefused(`${append.stream} is named twice`);
    streams.add(append.stream);
    eventCount += append.events.length;
    if (eventCount > limits.events) {
      throw new EventRefused(`an append holds at most ${limits.events} events`);
    }
    const one = prepareAppend(append, context, limits);
    prepared.push(one);
    for (const event of one.events) sizeBytes += event.json.length;
    if (sizeBytes > limits.appendBytes) {
      throw new EventRefused(`an append holds at most ${limits.appendBytes} bytes of events`);
    }
    for (const { id, type, version, data, recorded = context } of append.events) {
      const event = { ...recorded, stream: append.stream, id, type, version, data };
      for (const write of project(event)) {
        checkWrite(write);
        writes.push(write);
      }
    }
  }
  return { appends: prepared, writes, eventCount, sizeBytes };
}

/** Tells those who stand behind a group that it was accepted. */
export function markAccepted({ appends }: PreparedGroup): void {
  for (const { mark } of appends) if (mark) mark.isAccepted = true;
}

const OWN_LIMITS = {
  events: APPEND_EVENTS_MAX,
  eventBytes: EVENT_BYTES_MAX,
  appendBytes: APPEND_BYTES_MAX,
};
type Limits = typeof OWN_LIMITS;

/** What an outsider may append is another protocol's to say, and is longer as we keep it. */
const OUTSIDE_LIMITS: Limits = {
  events: OUTSIDE_EVENTS_MAX,
  eventBytes: KEPT_EVENT_BYTES_MAX,
  appendBytes: KEPT_APPEND_BYTES_MAX,
};

const limitsOf = (appends: readonly StreamAppend[]): Limits =>
  isOutsideType(appends[0]?.events[0]?.type ?? '') ? OUTSIDE_LIMITS : OWN_LIMITS;

function prepareAppend(
  { stream, expected, events, guard, mark, behind }: StreamAppend,
  context: EventContext,
  { eventBytes }: Limits,
): PreparedAppend {
  checkStream(stream);
  if (events.length === 0) throw new EventRefused(`no event for ${stream}`);
  if (typeof expected === 'number') checkRevision(expected);
  if (guard) checkRevision(guard.sinceRevision);
  const ids = new Set(events.map(({ id }) => id));
  if (ids.size < events.length) throw new EventRefused(`an event id stands twice for ${stream}`);
  return {
    stream,
    expected,
    guard,
    mark,
    behind,
    events: events.map((event) => prepareEvent(event, context, eventBytes)),
  };
}

/** @throws EventRefused */
export function checkStream(stream: string): void {
  if (isText(stream) && stream.length > 0 && !isOver(stream, STREAM_BYTES_MAX)) return;
  throw new EventRefused(`not a stream's name: ${JSON.stringify(stream)}`);
}

/** Returns how many bytes of JSON an event may have whose type is this. */
export const eventBytesMaxOf = (type: string): number =>
  (isOutsideType(type) ? OUTSIDE_LIMITS : OWN_LIMITS).eventBytes;

/** @throws EventRefused */
export function prepareEvent(event: NewEvent, own: EventContext, bytesMax: number): PreparedEvent {
  const { id, type, version, data, closes, key, recorded } = event;
  if (recorded) checkContext(recorded);
  if (!UUID.test(id)) throw new EventRefused(`not an event id: ${JSON.stringify(id)}`);
  if (!isText(type) || type.length === 0) throw new EventRefused(`not an event type: ${type}`);
  if (!Number.isInteger(version) || version < 1 || version > SMALLINT_MAX) {
    throw new EventRefused(`not a schema version: ${version}`);
  }
  if (key && key.length > KEY_BYTES_MAX) {
    throw new EventRefused(`an event's key is at most ${KEY_BYTES_MAX} bytes`);
  }
  const json = JSON.stringify(data);
  if (isOver(json, bytesMax)) {
    throw new EventRefused(`an event is at most ${bytesMax} bytes`);
  }
  return { id, type, version, json, closes: closes === true, key, context: recorded ?? own };
}

function checkRevision(revision: number): void {
  if (!Number.isSafeInteger(revision) || revision < -1) {
    throw new EventRefused(`not a revision: ${revision}`);
  }
}

function checkContext({ atMs, caller, requestId, commandId }: EventContext): void {
  if (!Number.isSafeInteger(atMs)) throw new EventRefused(`not a time: ${atMs}`);
  for (const text of [caller, requestId, commandId]) {
    if (!isText(text)) throw new EventRefused('a text holds NUL or half of a surrogate pair');
  }
}

/** What a projection returns is ours: a wrong one is a bug, and it must not reach a batch. */
export function checkWrite(write: KvWrite): void {
  assert(isText(write.partition), 'a partition holds NUL or half of a surrogate pair');
  viewOf(write.partition);
  if (write.kind === 'drop') return;
  assert(write.key.length <= KEY_BYTES_MAX, `a key is at most ${KEY_BYTES_MAX} bytes`);
  if (write.kind === 'delete') return;
  assert(write.value.length <= VALUE_BYTES_MAX, `a value is at most ${VALUE_BYTES_MAX} bytes`);
  assert(
    Number.isInteger(write.schema) && write.schema >= 1 && write.schema <= SMALLINT_MAX,
    `not a schema version: ${write.schema}`,
  );
}

/** No character takes more than three bytes for each UTF-16 unit, so most need not be counted. */
const isOver = (text: string, bytesMax: number) =>
  text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax;

/** Half of a surrogate pair would be stored as U+FFFD without a word: another text. */
const isText = (text: string) => text.isWellFormed() && !text.includes('\0');

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const SMALLINT_MAX = 32_767;
/** A name is an index entry, and those have at most about 2,700 bytes. */
const STREAM_BYTES_MAX = 2048;
