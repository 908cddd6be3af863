import type { CommandId, EventId } from '../../domain/model.js';
import type { RecordedEvent } from '../../ports/event-log.js';

/** A row of a read, in the order of {@link COLUMNS}. */
export type EventRow = readonly [
  position: number,
  revision: number,
  id: string,
  atMs: number,
  version: number,
  closes: boolean,
  type: string,
  caller: string,
  requestId: string,
  commandId: string,
  data: RecordedEvent['data'],
];

const COLUMNS = `e.position, e.revision, e.id, e.at_ms, e.version, e.closes, e.type, e.caller,
  e.request_id, e.command_id, e.data`;

/** $1 streams, $2 first revisions, $3 limits: the reads of all that wait. */
const readFrom = (order: 'ASC' | 'DESC', bound: '>=' | '<=') => `
  SELECT r.ordinal::int, ${COLUMNS}
    FROM unnest($1::text[], $2::bigint[], $3::int[]) WITH ORDINALITY
      AS r(stream, first, amount, ordinal)
    CROSS JOIN LATERAL (SELECT id FROM stream WHERE name = r.stream LIMIT 1) s
    CROSS JOIN LATERAL (
      SELECT * FROM event WHERE stream = s.id AND revision ${bound} r.first
        ORDER BY revision ${order} LIMIT r.amount
    ) e
    ORDER BY r.ordinal, e.revision ${order}`;

export const READ_FORWARD = readFrom('ASC', '>=');
export const READ_BACKWARD = readFrom('DESC', '<=');

/** $1 streams. */
export const READ_ENDS = `
  SELECT r.ordinal::int, e.revision, e.closes
    FROM unnest($1::text[]) WITH ORDINALITY AS r(stream, ordinal)
    CROSS JOIN LATERAL (SELECT id FROM stream WHERE name = r.stream LIMIT 1) s
    CROSS JOIN LATERAL (
      SELECT revision, closes FROM event WHERE stream = s.id ORDER BY revision DESC LIMIT 1
    ) e`;

/** $1 stream, $2 event id. */
export const FIND = `
  SELECT ${COLUMNS} FROM stream s CROSS JOIN LATERAL (
      SELECT * FROM event WHERE stream = s.id AND event.id = $2::uuid LIMIT 1
    ) e
    WHERE s.name = $1`;

export const LAST_POSITION = 'SELECT max(position) FROM event';

/**
 * $1 position, $2 amount, $3 prefixes or null. The window's end and count come with every row, and
 * in one row without an event when nothing in it matches: a page of a feed that matches little
 * still says how far it has looked.
 */
export const READ_ALL = `
  WITH page AS MATERIALIZED (
    SELECT * FROM event WHERE position > $1::bigint ORDER BY position LIMIT $2::int
  ), reach AS (
    SELECT max(position) AS until, count(*)::int AS amount FROM page
  )
  SELECT reach.until, reach.amount, m.*
    FROM reach LEFT JOIN LATERAL (
      SELECT s.name, ${COLUMNS}
        FROM page e CROSS JOIN LATERAL (SELECT name FROM stream WHERE id = e.stream LIMIT 1) s
        WHERE $3::text[] IS NULL OR s.name ^@ ANY ($3::text[])
    ) m ON true
    ORDER BY m.position`;

export function toRecorded(stream: string, row: EventRow): RecordedEvent {
  const [position, revision, id, atMs, version, closes, type] = row;
  const [, , , , , , , caller, requestId, commandId, data] = row;
  return {
    stream,
    revision,
    position,
    id: id as EventId,
    type,
    version,
    closes,
    data,
    atMs,
    caller,
    requestId,
    commandId: commandId as CommandId,
  };
}
