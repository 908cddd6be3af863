import { LOAD_EVENTS_MAX, PreparedLoad } from '../../ports/event-loader.js';
import type { InlineProjection, StreamAppend } from '../../ports/event-log.js';
import { viewOf, type KvWrite } from '../../ports/kv-store.js';
import { assert } from '../../shared/assert.js';
import { lastWritesOf } from '../../shared/last-writes.js';
import { checkStream, checkWrite, eventBytesMaxOf, prepareEvent } from '../prepare-group.js';
import type { PreparedEvent } from '../prepare-group.js';
import { BinaryArray, OIDS } from './binary-array.js';

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
    const streams = new StreamColumns();
    const columns = new EventColumns();
    const writes: KvWrite[] = [];
    for (const { stream, expected, events } of appends) {
      assert(typeof expected === 'number', 'recorded events have their places');
      const number = streams.add(stream, expected + 1, events.length);
      if (number === undefined) return undefined;
      for (const [index, event] of events.entries()) {
        const { id, type, version, data, recorded } = event;
        assert(recorded, 'they were recorded before');
        const prepared = prepareEvent(event, recorded, eventBytesMaxOf(type));
        columns.add(prepared, number, expected + 1 + index);
        for (const write of project({ ...recorded, stream, id, type, version, data })) {
          checkWrite(write);
          writes.push(write);
        }
      }
    }
    assert(columns.count <= LOAD_EVENTS_MAX, `at most ${LOAD_EVENTS_MAX} events at once`);
    return new LoadBatch([...streams.done(), ...columns.done(), ...rowsOf(writes)]);
  }
}

/** The views' names, and their rows behind the numbers of these. */
function rowsOf(writes: readonly KvWrite[]): readonly unknown[] {
  const views = new Map<string, number>();
  const numberOf = (partition: string) => {
    const view = viewOf(partition);
    const number = views.get(view) ?? views.size + 1;
    views.set(view, number);
    return number;
  };
  const { puts, deletes, drops } = lastWritesOf(writes);
  const [put, gone, drop] = [new RowColumns(), new RowColumns(), new RowColumns()];
  const values = new BinaryArray(OIDS.bytea);
  const schemas = new BinaryArray(OIDS.int2);
  const untils = new BinaryArray(OIDS.bytea);
  for (const { partition, key, value, schema } of puts) {
    put.add(numberOf(partition), partition, key);
    values.bytes(value);
    schemas.int2(schema);
  }
  for (const { partition, key } of deletes) gone.add(numberOf(partition), partition, key);
  for (const { partition, from, until } of drops) {
    drop.add(numberOf(partition), partition, from ?? null);
    untils.bytes(until ?? null);
  }
  const putColumns = [...put.done(), values.done(), schemas.done()];
  const dropColumns = [...drop.done(), untils.done()];
  return [[...views.keys()], ...putColumns, ...gone.done(), ...dropColumns];
}

/** Streams by number, with the revision of the first event of each. */
class StreamColumns {
  readonly #name = new BinaryArray(OIDS.text);
  readonly #first = new BinaryArray(OIDS.int8);
  readonly #known = new Map<string, { readonly number: number; next: number }>();

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
    this.#known.set(name, { number, next: revision + eventCount });
    this.#name.text(name);
    this.#first.int8(revision);
    return number;
  }

  done(): readonly Buffer[] {
    return [this.#name.done(), this.#first.done()];
  }
}

class EventColumns {
  readonly #stream = new BinaryArray(OIDS.int4);
  readonly #revision = new BinaryArray(OIDS.int8);
  readonly #id = new BinaryArray(OIDS.uuid);
  readonly #type = new BinaryArray(OIDS.text);
  readonly #version = new BinaryArray(OIDS.int2);
  readonly #closes = new BinaryArray(OIDS.bool);
  readonly #key = new BinaryArray(OIDS.bytea);
  readonly #data = new BinaryArray(OIDS.json, 1024 * 1024);
  readonly #at = new BinaryArray(OIDS.int8);
  readonly #caller = new BinaryArray(OIDS.text);
  readonly #request = new BinaryArray(OIDS.text);
  readonly #command = new BinaryArray(OIDS.text);

  count = 0;

  add(event: PreparedEvent, stream: number, revision: number): void {
    this.count += 1;
    const { atMs, caller, requestId, commandId } = event.context;
    this.#stream.int4(stream);
    this.#revision.int8(revision);
    this.#id.uuid(event.id);
    this.#type.text(event.type);
    this.#version.int2(event.version);
    this.#closes.bool(event.closes);
    this.#key.bytes(event.key ?? null);
    this.#data.text(event.json);
    this.#at.int8(atMs);
    this.#caller.text(caller);
    this.#request.text(requestId);
    this.#command.text(commandId);
  }

  done(): readonly Buffer[] {
    return [
      this.#stream,
      this.#revision,
      this.#id,
      this.#type,
      this.#version,
      this.#closes,
      this.#key,
      this.#data,
      this.#at,
      this.#caller,
      this.#request,
      this.#command,
    ].map((column) => column.done());
  }
}

class RowColumns {
  readonly #view = new BinaryArray(OIDS.int4);
  readonly #partition = new BinaryArray(OIDS.text);
  readonly #key = new BinaryArray(OIDS.bytea);

  add(view: number, partition: string, key: Uint8Array | null): void {
    this.#view.int4(view);
    this.#partition.text(partition);
    this.#key.bytes(key);
  }

  done(): readonly Buffer[] {
    return [this.#view, this.#partition, this.#key].map((column) => column.done());
  }
}
