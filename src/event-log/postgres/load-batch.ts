import { LOAD_EVENTS_MAX, PreparedLoad } from '../../ports/event-loader.js';
import type { InlineProjection, StreamAppend } from '../../ports/event-log.js';
import type { KvWrite } from '../../ports/kv-store.js';
import { assert } from '../../shared/assert.js';
import { lastWritesOf } from '../../shared/last-writes.js';
import { checkStream, checkWrite, eventBytesMaxOf, prepareEvent } from '../prepare-group.js';
import { BinaryArrays, OIDS } from '../../shared/binary-arrays.js';
import { type PlacedEvent, ViewNumbers, writeEvents, writePlaces, writeRows } from './columns.js';

/** Recorded events as the arrays of `load_events`; schema/0004.sql says what each holds. */
export class LoadBatch extends PreparedLoad {
  private constructor(readonly parameters: readonly unknown[]) {
    super();
  }

  /**
   * @returns undefined: of one of the streams they are no unbroken run
   * @throws EventRefused  an event is too large, or holds an invalid text
   */
  static of(appends: readonly StreamAppend[], project: InlineProjection): LoadBatch | undefined {
    const streams = new Streams();
    const placed: PlacedEvent[] = [];
    const writes: KvWrite[] = [];
    for (const { stream, expected, events } of appends) {
      assert(typeof expected === 'number', 'recorded events have their places');
      const number = streams.add(stream, expected + 1, events.length);
      if (number === undefined) return undefined;
      for (const [index, event] of events.entries()) {
        const { id, type, version, data, recorded } = event;
        assert(recorded, 'they were recorded before');
        const prepared = prepareEvent(event, recorded, eventBytesMaxOf(type));
        placed.push({ event: prepared, stream: number, place: expected + 1 + index });
        for (const write of project({ ...recorded, stream, id, type, version, data })) {
          checkWrite(write);
          writes.push(write);
        }
      }
    }
    assert(placed.length <= LOAD_EVENTS_MAX, `at most ${LOAD_EVENTS_MAX} events at once`);
    const arrays = new BinaryArrays(LOAD_BYTES);
    streams.write(arrays);
    writeEvents(arrays, placed);
    writeViews(arrays, writes);
    return new LoadBatch(arrays.done());
  }
}

function writeViews(to: BinaryArrays, writes: readonly KvWrite[]): void {
  const { puts, deletes, drops } = lastWritesOf(writes);
  const views = new ViewNumbers([...puts, ...deletes, ...drops]);
  views.write(to);
  writeRows(to, views, { puts, deletes });
  const dropped = drops.map(({ partition, from }) => ({ partition, key: from }));
  writePlaces(to, views, dropped);
  to.begin(OIDS.bytea);
  for (const { until } of drops) to.bytes(until ?? null);
}

/** Streams by number, with the revision of the first event of each. */
class Streams {
  readonly #known = new Map<string, { number: number; first: number; next: number }>();

  /** Returns the stream's number; undefined: they do not follow those that it was given. */
  add(name: string, revision: number, eventCount: number): number | undefined {
    const known = this.#known.get(name);
    if (known) {
      if (known.next !== revision) return undefined;
      known.next += eventCount;
      return known.number;
    }
    checkStream(name);
    const number = this.#known.size + 1;
    this.#known.set(name, { number, first: revision, next: revision + eventCount });
    return number;
  }

  write(to: BinaryArrays): void {
    to.begin(OIDS.text);
    for (const name of this.#known.keys()) to.text(name);
    to.begin(OIDS.int8);
    for (const { first } of this.#known.values()) to.int8(first);
  }
}

/** Of some thousands of events. */
const LOAD_BYTES = 2 * 1024 * 1024;
