import type { AppendResult, Expected } from '../../ports/event-log.js';
import type { KvWrite } from '../../ports/kv-store.js';
import { assert } from '../../shared/assert.js';
import { lastWritesOf } from '../../shared/last-writes.js';
import type { PreparedAppend, PreparedGroup } from '../prepare-group.js';
import { BinaryArrays, OIDS } from '../../shared/binary-arrays.js';
import { type PlacedEvent, ViewNumbers, writeEvents, writeRows } from './columns.js';

/** A stream's part in the batch. */
interface Part {
  readonly number: number;
  /** What its end must be before: a revision, or one of those below. */
  expected: number;
  eventCount: number;
  isClosed: boolean;
}

const NONE = -1;
const ANY = -2;
const OPEN = -3;

/**
 * Groups that are in as a whole or not at all, as the arrays of `append_whole` (schema/0006.sql
 * says what each holds): such of which none needs a judgement of its own.
 */
export class WholeBatch {
  readonly #parts = new Map<string, Part>();
  readonly #groups: readonly PreparedGroup[];

  private constructor(groups: readonly PreparedGroup[]) {
    this.#groups = groups;
  }

  /** Returns undefined when one of the groups would be refused, or one has to be judged alone. */
  static of(groups: readonly PreparedGroup[]): WholeBatch | undefined {
    const batch = new WholeBatch(groups);
    const marks = new Set<unknown>();
    for (const { appends, writes } of groups) {
      for (const { behind } of appends) {
        if (behind && !behind.isAccepted && !marks.has(behind)) return undefined;
      }
      for (const append of appends) {
        if (append.guard || !batch.#takes(append)) return undefined;
        if (append.mark) marks.add(append.mark);
      }
      if (writes.some(({ kind }) => kind === 'drop')) return undefined;
    }
    return batch;
  }

  /** Returns the parameters of the call. */
  parameters(): readonly Buffer[] {
    const placed: PlacedEvent[] = [];
    const counts = new Map<Part, number>();
    let sizeBytes = 0;
    for (const { appends, sizeBytes: ownBytes } of this.#groups) {
      sizeBytes += ownBytes;
      for (const { stream, events } of appends) {
        const part = this.#partOf(stream);
        let place = counts.get(part) ?? 0;
        for (const event of events) placed.push({ event, stream: part.number, place: ++place });
        counts.set(part, place);
      }
    }
    const rows = lastWritesOf(this.#writes());
    const views = new ViewNumbers([...rows.puts, ...rows.deletes]);
    const arrays = new BinaryArrays(ARRAYS_BYTES + 2 * sizeBytes + EVENT_BYTES * placed.length);
    this.#writeStreams(arrays);
    writeEvents(arrays, placed);
    views.write(arrays);
    writeRows(arrays, views, rows);
    return arrays.done();
  }

  #writeStreams(to: BinaryArrays): void {
    to.begin(OIDS.text);
    for (const name of this.#parts.keys()) to.text(name);
    to.begin(OIDS.int8);
    for (const { expected } of this.#parts.values()) to.int8(expected);
  }

  /** Reads the answer of `append_whole` into what each group is told. */
  verdicts([lastPosition, ...heads]: readonly number[]): readonly (readonly AppendResult[])[] {
    assert(lastPosition !== undefined && heads.length === this.#parts.size, SHORT);
    let position = lastPosition;
    return this.#groups.map(({ appends }) =>
      appends.map(({ stream, events }) => {
        const at = this.#partOf(stream).number - 1;
        const revision = (heads[at] ?? NONE) + events.length;
        heads[at] = revision;
        position += events.length;
        return { revision, position, isRepeated: false };
      }),
    );
  }

  #takes({ stream, expected, events }: PreparedAppend): boolean {
    const wanted = numberOf(expected);
    const isClosed = events.at(-1)?.closes ?? false;
    const part = this.#parts.get(stream);
    if (!part) {
      const number = this.#parts.size + 1;
      this.#parts.set(stream, { number, expected: wanted, eventCount: events.length, isClosed });
      return true;
    }
    if (wanted === OPEN && part.isClosed) return false;
    if (wanted >= NONE) {
      const before = wanted - part.eventCount;
      if (before < NONE || (part.expected !== ANY && part.expected !== before)) return false;
      part.expected = before;
    }
    part.eventCount += events.length;
    part.isClosed = isClosed;
    return true;
  }

  #partOf(stream: string): Part {
    const part = this.#parts.get(stream);
    assert(part, 'a stream of the batch');
    return part;
  }

  *#writes(): Generator<KvWrite> {
    for (const { writes } of this.#groups) yield* writes;
  }
}

function numberOf(expected: Expected): number {
  if (typeof expected === 'number') return expected;
  return { none: NONE, any: ANY, open: OPEN }[expected];
}

/** Of the arrays themselves, and about what an event has beside its data and its rows. */
const ARRAYS_BYTES = 2048;
const EVENT_BYTES = 512;
const SHORT = 'append_whole answers a position, and a revision a stream';
