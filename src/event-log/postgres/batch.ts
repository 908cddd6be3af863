import type { AppendMark, AppendResult, Expected } from '../../ports/event-log.js';
import { viewOf, type KvWrite } from '../../ports/kv-store.js';
import { EventRefused, WrongExpectedRevision } from '../../ports/store-errors.js';
import { addRow, type ArrayItem, arrayLiteral } from '../../shared/array-literal.js';
import { assert } from '../../shared/assert.js';
import { type PreparedAppend, type PreparedEvent, type PreparedGroup } from '../prepare-group.js';

interface StreamInBatch {
  readonly number: number;
  readonly ids: Set<string>;
  /** Numbers of the keys that somebody in this batch guards. */
  readonly guards: Map<string, number>;
}

/**
 * Groups that go to the database in one call, as the arrays of `append_batch`
 * (schema/0005.sql says what each holds).
 */
export class Batch {
  readonly #streams = new Map<string, StreamInBatch>();
  readonly #guardKeys: Uint8Array[] = [];
  #appendCount = 0;
  #eventCount = 0;
  #sizeBytes = 0;

  /** Takes a group's place in the batch, if there is one left for it. */
  takes(group: PreparedGroup): boolean {
    if (this.#appendCount > 0 && (this.#isFull(group) || this.#knowsAnIdOf(group))) return false;
    this.#appendCount += group.appends.length;
    this.#eventCount += group.eventCount;
    this.#sizeBytes += group.sizeBytes;
    for (const { stream: name, events, guard } of group.appends) {
      const stream = this.#streamOf(name);
      for (const { id } of events) stream.ids.add(id);
      if (guard) this.#guardNumber(stream, guard.key);
    }
    return true;
  }

  /** Returns the parameters of the call; the groups are those taken, in their order. */
  parameters(groups: readonly PreparedGroup[]): (string | number)[] {
    const ops = columns(7);
    const behind: number[] = [];
    const marks = new Map<AppendMark, number>();
    const events = columns(13);
    const writes = columns(7);
    const views = new Map<string, number>();
    let opCount = 0;
    let kinds = 0;
    for (const { appends, writes: groupWrites } of groups) {
      const lastOp = opCount + appends.length;
      for (const append of appends) {
        opCount++;
        const stream = this.#streamOf(append.stream);
        addRow(ops, opRow(append, { stream, lastOp }));
        behind.push(append.behind ? numberBehind(append.behind, marks) : 0);
        if (append.mark) marks.set(append.mark, opCount);
        append.events.forEach((event, index) => {
          const { key } = event;
          const isGuarded = key !== undefined && stream.guards.size > 0;
          const guard = isGuarded ? (stream.guards.get(hex(key)) ?? 0) : 0;
          addRow(events, eventRow(event, { op: opCount, nth: index + 1, guard }));
        });
      }
      for (const write of groupWrites) {
        const kind = KINDS[write.kind];
        kinds |= 1 << kind;
        addRow(writes, [lastOp, numberOf(views, viewOf(write.partition)), kind, ...rowOf(write)]);
      }
    }
    const before = [
      [...this.#streams.keys()],
      ...ops,
      this.#guardKeys,
      ...events,
      [...views.keys()],
    ];
    return [...before.map(arrayLiteral), kinds, ...[...writes, behind].map(arrayLiteral)];
  }

  #isFull(group: PreparedGroup): boolean {
    return (
      this.#appendCount + group.appends.length > BATCH_APPENDS_MAX ||
      this.#eventCount + group.eventCount > BATCH_EVENTS_MAX ||
      this.#sizeBytes + group.sizeBytes > BATCH_BYTES_MAX
    );
  }

  /** The database sees only the ids of earlier batches: a repeat waits for the next one. */
  #knowsAnIdOf(group: PreparedGroup): boolean {
    return group.appends.some(({ stream, events }) => {
      const ids = this.#streams.get(stream)?.ids;
      return ids !== undefined && events.some(({ id }) => ids.has(id));
    });
  }

  #streamOf(name: string): StreamInBatch {
    const known = this.#streams.get(name);
    if (known) return known;
    const stream = { number: this.#streams.size + 1, ids: new Set<string>(), guards: new Map() };
    this.#streams.set(name, stream);
    return stream;
  }

  #guardNumber(stream: StreamInBatch, key: Uint8Array): void {
    if (stream.guards.has(hex(key))) return;
    this.#guardKeys.push(key);
    stream.guards.set(hex(key), this.#guardKeys.length);
  }
}

/** What one group is told: its results, or why it was refused. */
export type Verdict = readonly AppendResult[] | EventRefused | WrongExpectedRevision;

/** Reads the answer of `append_batch`, a verdict a group. */
export function verdictsOf(groups: readonly PreparedGroup[], answer: readonly number[]): Verdict[] {
  let at = 0;
  const verdicts = groups.map((group): Verdict => {
    const results: AppendResult[] = [];
    let refusal: EventRefused | WrongExpectedRevision | undefined;
    for (const append of group.appends) {
      const [verdict, revision, position] = answer.slice(at, at + 3);
      assert(verdict !== undefined && revision !== undefined && position !== undefined, SHORT);
      at += 3;
      if (verdict <= 1) results.push({ revision, position, isRepeated: verdict === 1 });
      else refusal ??= refusalOf(append, { verdict, revision, isClosed: position === 1 });
    }
    return refusal ?? results;
  });
  assert(at === answer.length, SHORT);
  return verdicts;
}

function refusalOf(
  { stream, expected }: PreparedAppend,
  of: { verdict: number; revision: number; isClosed: boolean },
): EventRefused | WrongExpectedRevision | undefined {
  if (of.verdict === 7) return undefined;
  if (of.verdict === 6) {
    return new EventRefused('some of the events are known, and some are not');
  }
  const reason = REASONS[of.verdict];
  assert(reason, `not a verdict: ${of.verdict}`);
  const actual = { revision: of.revision, isClosed: of.isClosed };
  return new WrongExpectedRevision(stream, expected, actual, reason);
}

function eventRow(event: PreparedEvent, at: { op: number; nth: number; guard: number }) {
  const { id, type, version, closes, key = null, json, context } = event;
  const { atMs, caller, requestId, commandId } = context;
  const who = [atMs, caller, requestId, commandId];
  return [at.op, at.nth, at.guard, id, type, version, closes, key, json, ...who];
}

function opRow(append: PreparedAppend, at: { stream: StreamInBatch; lastOp: number }): ArrayItem[] {
  const { expected, events, guard } = append;
  const guardNumber = guard ? (at.stream.guards.get(hex(guard.key)) ?? 0) : 0;
  const closes = events.at(-1)?.closes ?? false;
  return [
    at.stream.number,
    at.lastOp,
    expectedNumber(expected),
    events.length,
    closes,
    guardNumber,
    guard?.sinceRevision ?? -1,
  ];
}

function rowOf(write: KvWrite): ArrayItem[] {
  const { partition } = write;
  if (write.kind === 'put') return [partition, write.key, write.value, write.schema];
  if (write.kind === 'delete') return [partition, write.key, null, 0];
  return [partition, write.from ?? null, write.until ?? null, 0];
}

function expectedNumber(expected: Expected): number {
  if (typeof expected === 'number') return expected;
  return { none: -1, any: -2, open: -3 }[expected];
}

/** Returns the operation that must be accepted with a batch; 0: it was before; -1: it is not. */
const numberBehind = (mark: AppendMark, marks: ReadonlyMap<AppendMark, number>): number =>
  mark.isAccepted ? 0 : (marks.get(mark) ?? -1);

function numberOf(numbers: Map<string, number>, name: string): number {
  const known = numbers.get(name);
  if (known !== undefined) return known;
  numbers.set(name, numbers.size + 1);
  return numbers.size;
}

const columns = (count: number): ArrayItem[][] => Array.from({ length: count }, () => []);

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const KINDS = { put: 0, delete: 1, drop: 2 } as const;
const REASONS: { readonly [verdict: number]: WrongExpectedRevision['reason'] } = {
  2: 'revision',
  3: 'missing',
  4: 'closed',
  5: 'guard',
};
const SHORT = 'append_batch answers three numbers an operation';
const BATCH_APPENDS_MAX = 512;
const BATCH_EVENTS_MAX = 2_000;
const BATCH_BYTES_MAX = 1024 * 1024;
