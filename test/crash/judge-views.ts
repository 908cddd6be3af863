import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import type { EventId } from '../../src/domain/model.js';
import { viewOf, type KvWrite } from '../../src/ports/kv-store.js';
import { allProjections, inlineProjection } from '../../src/projections/all-projections.js';
import { compareBytes } from '../../src/shared/bytes.js';

interface Row {
  readonly partition: string;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly schema: number;
}

interface EventRow {
  readonly stream: string;
  readonly id: EventId;
  readonly type: string;
  readonly version: number;
  readonly at_ms: string;
  readonly data: unknown;
  readonly position: string;
  readonly revision: string;
}

/**
 * Says which views are not, byte for byte, what the log's events make of them: each view's rows are
 * read by SQL, and so are the events; neither is read by the program that is judged.
 */
export async function wrongViews(client: Client): Promise<readonly string[]> {
  const { events, rows } = await readAtOneMoment(client);
  const built = rowsOf(events);
  const wrong: string[] = [];
  for (const { name } of allProjections) {
    const stored = rows.filter(({ view }) => view === name);
    const wanted = [...built.values()].filter(({ partition }) => viewOf(partition) === name);
    if (digestOf(stored) === digestOf(wanted)) continue;
    wrong.push(`view ${name}: ${differenceOf(stored, wanted)}`);
  }
  return wrong;
}

async function readAtOneMoment(client: Client) {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const events = await client.query<EventRow>(
      `SELECT stream.name AS stream, event.id, type, version, at_ms, data, position, revision
        FROM event JOIN stream ON stream.id = event.stream ORDER BY position`,
    );
    const rows = await client.query<Row & { view: string }>(
      `SELECT view, partition, key, value, schema FROM kv_row JOIN kv_slot USING (slot)
        WHERE state = 'active'`,
    );
    return { events: events.rows, rows: rows.rows };
  } finally {
    await client.query('COMMIT');
  }
}

function rowsOf(events: readonly EventRow[]): ReadonlyMap<string, Row> {
  const project = inlineProjection();
  const rows = new Map<string, Row>();
  for (const { data, at_ms, position, revision, ...event } of events) {
    const numbers = { position: Number(position), revision: Number(revision) };
    // As the codec has it: a version that is older is brought up by its upcasters.
    for (const write of project({ ...event, ...numbers, atMs: Number(at_ms), data } as never)) {
      take(rows, write);
    }
  }
  return rows;
}

function take(rows: Map<string, Row>, write: KvWrite): void {
  const { partition } = write;
  if (write.kind === 'drop') {
    for (const [name, row] of rows)
      if (row.partition === partition && isIn(row.key, write)) rows.delete(name);
    return;
  }
  const name = `${partition}/${Buffer.from(write.key).toString('hex')}`;
  if (write.kind === 'delete') rows.delete(name);
  else {
    const { key, value, schema } = write;
    rows.set(name, { partition, key: Buffer.from(key), value: Buffer.from(value), schema });
  }
}

const isIn = (key: Buffer, { from, until }: { from?: Uint8Array; until?: Uint8Array }): boolean =>
  (from === undefined || compareBytes(key, from) >= 0) &&
  (until === undefined || compareBytes(key, until) < 0);

function digestOf(rows: readonly Row[]): string {
  const hash = createHash('sha256');
  for (const line of linesOf(rows)) hash.update(`${line}\n`);
  return hash.digest('hex');
}

const linesOf = (rows: readonly Row[]): readonly string[] =>
  rows
    .map(({ partition, key, value, schema }) =>
      [partition, key.toString('hex'), schema, value.toString('hex')].join(' '),
    )
    .toSorted();

/** Names one row of each that the other side does not have. */
function differenceOf(stored: readonly Row[], wanted: readonly Row[]): string {
  const [left, right] = [linesOf(stored), linesOf(wanted)];
  const has = new Set(left);
  const needs = new Set(right);
  const readable = (line: string | undefined): string => {
    if (line === undefined) return 'nothing';
    const [partition, key = ''] = line.split(' ');
    return `${partition} ${Buffer.from(key, 'hex').toString()}`;
  };
  const extra = left.filter((line) => !needs.has(line));
  const missing = right.filter((line) => !has.has(line));
  return (
    `${missing.length} rows missing (${readable(missing[0])}), ` +
    `${extra.length} too many (${readable(extra[0])})`
  );
}
