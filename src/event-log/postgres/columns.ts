import { viewOf, type KvWrite } from '../../ports/kv-store.js';
import type { LastWrites } from '../../shared/last-writes.js';
import type { PreparedEvent } from '../prepare-group.js';
import { type BinaryArrays, OIDS } from '../../shared/binary-arrays.js';

/** An event, and where it stands: the number of its stream, and its place in it. */
export interface PlacedEvent {
  readonly event: PreparedEvent;
  readonly stream: number;
  readonly place: number;
}

/** Writes events, a column an array: place first, then what is in them, then who caused them. */
export function writeEvents(to: BinaryArrays, events: readonly PlacedEvent[]): void {
  to.begin(OIDS.int4);
  for (const { stream } of events) to.int4(stream);
  to.begin(OIDS.int8);
  for (const { place } of events) to.int8(place);
  to.begin(OIDS.uuid);
  for (const { event } of events) to.uuid(event.id);
  to.begin(OIDS.text);
  for (const { event } of events) to.text(event.type);
  to.begin(OIDS.int2);
  for (const { event } of events) to.int2(event.version);
  to.begin(OIDS.bool);
  for (const { event } of events) to.bool(event.closes);
  to.begin(OIDS.bytea);
  for (const { event } of events) to.bytes(event.key ?? null);
  to.begin(OIDS.json);
  for (const { event } of events) to.text(event.json);
  to.begin(OIDS.int8);
  for (const { event } of events) to.int8(event.context.atMs);
  to.begin(OIDS.text);
  for (const { event } of events) to.text(event.context.caller);
  to.begin(OIDS.text);
  for (const { event } of events) to.text(event.context.requestId);
  to.begin(OIDS.text);
  for (const { event } of events) to.text(event.context.commandId);
}

/** Views that rows are written to, by the names that their partitions begin with. */
export class ViewNumbers {
  readonly #numbers = new Map<string, number>();

  constructor(writes: Iterable<{ readonly partition: string }>) {
    for (const { partition } of writes) {
      const view = viewOf(partition);
      if (!this.#numbers.has(view)) this.#numbers.set(view, this.#numbers.size + 1);
    }
  }

  /** Writes their names, in the order of their numbers. */
  write(to: BinaryArrays): void {
    to.begin(OIDS.text);
    for (const view of this.#numbers.keys()) to.text(view);
  }

  numberOf(partition: string): number {
    return this.#numbers.get(viewOf(partition)) ?? 0;
  }
}

interface RowPlace {
  readonly partition: string;
  readonly key?: Uint8Array | undefined;
}

/** Writes where rows stand: view, partition and key, an array each. */
export function writePlaces(to: BinaryArrays, views: ViewNumbers, rows: readonly RowPlace[]): void {
  to.begin(OIDS.int4);
  for (const { partition } of rows) to.int4(views.numberOf(partition));
  to.begin(OIDS.text);
  for (const { partition } of rows) to.text(partition);
  to.begin(OIDS.bytea);
  for (const { key } of rows) to.bytes(key ?? null);
}

/** Writes rows that are put, and where others are taken away. */
export function writeRows(
  to: BinaryArrays,
  views: ViewNumbers,
  { puts, deletes }: Pick<LastWrites<KvWrite>, 'puts' | 'deletes'>,
): void {
  writePlaces(to, views, puts);
  to.begin(OIDS.bytea);
  for (const { value } of puts) to.bytes(value);
  to.begin(OIDS.int2);
  for (const { schema } of puts) to.int2(schema);
  writePlaces(to, views, deletes);
}
