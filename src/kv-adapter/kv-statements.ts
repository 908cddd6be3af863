/**
 * Each statement finds the slot in use by itself, so that a swap by another process is safe at any
 * moment. A partition's view is what stands before its first slash.
 */
const SLOT = `CROSS JOIN LATERAL (
      SELECT slot FROM kv_slot
        WHERE view = split_part(r.partition, '/', 1) AND state = 'active' LIMIT 1
    ) s`;

/** Above every key: those have at most 1,024 bytes. A constant, so that the bound is an index's. */
const ABOVE_ALL = `decode(repeat('ff', 1025), 'hex')`;

const GETS = `
  SELECT r.ordinal, k.key, k.value, k.schema, k.version
    FROM unnest($1::int[], $2::text[], $3::bytea[]) AS r(ordinal, partition, key)
    ${SLOT}
    CROSS JOIN LATERAL (
      SELECT * FROM kv_row WHERE slot = s.slot AND partition = r.partition AND key = r.key LIMIT 1
    ) k`;

const bounds = (first: number) => `
    FROM unnest($${first}::int[], $${first + 1}::text[], $${first + 2}::bytea[],
        $${first + 3}::bytea[], $${first + 4}::int[]) AS r(ordinal, partition, low, high, amount)
    ${SLOT}`;

const ROWS_BETWEEN = `
      SELECT * FROM kv_row
        WHERE slot = s.slot AND partition = r.partition
          AND key >= coalesce(r.low, '') AND key < coalesce(r.high, ${ABOVE_ALL})
        ORDER BY slot, partition, key LIMIT r.amount`;

const scans = (first: number) => `
  SELECT r.ordinal, k.key, k.value, k.schema, k.version ${bounds(first)}
    CROSS JOIN LATERAL (${ROWS_BETWEEN}) k`;

/** The form of shared/packed-rows.ts: a number of both lengths, key, value. */
const packs = (first: number) => `
  SELECT r.ordinal, ''::bytea, ''::bytea, k.schema, 0::bigint, k.packed ${bounds(first)}
    CROSS JOIN LATERAL (
      SELECT CASE WHEN min(q.schema) = max(q.schema) THEN min(q.schema) END AS schema,
          string_agg(
            int4send((length(q.key) << 21) | length(q.value)) || q.key || q.value, ''
          ) AS packed
        FROM (${ROWS_BETWEEN}) q HAVING count(*) > 0
    ) k`;

/** $1 ordinals, $2 partitions, $3 keys. */
export const READ_GETS = GETS;
/** $1 ordinals, $2 partitions, $3 lower bounds, $4 upper bounds, $5 limits. Rows come in order. */
export const READ_SCANS = scans(1);
/** The parameters of the one, then of the other: one statement, so one state for all of them. */
export const READ_BOTH = `${GETS} UNION ALL ${scans(4)}`;
/** The same and, from $9 on, packs as scans: their rows are one piece, in a column of its own. */
export const READ_PACKS = `
  SELECT *, NULL::bytea AS packed FROM (${READ_BOTH}) b UNION ALL ${packs(9)}`;

/** $1 partition, $2 key, $3 value, $4 schema. */
export const SET_NEW = `
  INSERT INTO kv_row (slot, partition, key, value, schema, version)
    SELECT slot, $1::text, $2::bytea, $3::bytea, $4::smallint, nextval('kv_version')
      FROM kv_slot WHERE view = 'plain' AND state = 'active'
    ON CONFLICT DO NOTHING RETURNING version`;

/** And $5 the version that it must have. */
export const SET_KNOWN = `
  UPDATE kv_row SET value = $3, schema = $4, version = nextval('kv_version')
    WHERE slot = (SELECT slot FROM kv_slot WHERE view = 'plain' AND state = 'active')
      AND partition = $1 AND key = $2 AND version = $5 RETURNING version`;

/** $1 partition, $2 key, $3 the version that it must have. */
export const DELETE_KNOWN = `
  DELETE FROM kv_row
    WHERE slot = (SELECT slot FROM kv_slot WHERE view = 'plain' AND state = 'active')
      AND partition = $1 AND key = $2 AND version = $3 RETURNING version`;
