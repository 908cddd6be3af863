/** The append's lock: as in the log's `append_batch`. Who holds it keeps every append waiting. */
export const LOCK_APPENDS = 'SELECT pg_advisory_xact_lock(6073911)';

export const LIST = 'SELECT slot, view, version, state FROM kv_slot ORDER BY slot';

/** $1 view, $2 version. Under the append's lock, since an append makes a slot by itself too. */
export const DECLARE = `
  INSERT INTO kv_slot (view, version, state) VALUES ($1, $2, 'active')
    ON CONFLICT (view) WHERE state = 'active'
    DO UPDATE SET version = excluded.version WHERE kv_slot.version = 0`;

/** $1 view, $2 version. */
export const BEGIN_SLOT = `
  INSERT INTO kv_slot (view, version, state) VALUES ($1, $2, 'building') RETURNING slot`;

/** $1 slot. Locked, so that nobody swaps or drops it meanwhile. */
export const BUILDING = `
  SELECT view FROM kv_slot WHERE slot = $1 AND state = 'building' FOR UPDATE`;

/** $1 view. */
export const ACTIVE = `SELECT slot FROM kv_slot WHERE view = $1 AND state = 'active'`;

/** $1 slot, $2 state. */
export const SET_STATE = 'UPDATE kv_slot SET state = $2 WHERE slot = $1';

/** $1 slot, $2 partitions, $3 keys, $4 values, $5 schema versions; no key twice. */
export const PUT_ROWS = `
  INSERT INTO kv_row (slot, partition, key, value, schema, version)
    SELECT $1::int, w.partition, w.key, w.value, w.schema, nextval('kv_version')
      FROM unnest($2::text[], $3::bytea[], $4::bytea[], $5::smallint[])
        AS w(partition, key, value, schema)
    ON CONFLICT (slot, partition, key) DO UPDATE
      SET value = excluded.value, schema = excluded.schema, version = excluded.version`;

/** $1 slot, $2 partitions, $3 keys. */
export const DELETE_ROWS = `
  DELETE FROM kv_row k USING unnest($2::text[], $3::bytea[]) AS w(partition, key)
    WHERE k.slot = $1 AND k.partition = w.partition AND k.key = w.key`;

/** $1 slot, $2 partition, $3 lower bound, $4 upper bound or null. */
export const DROP_ROWS = `
  DELETE FROM kv_row
    WHERE slot = $1 AND partition = $2 AND key >= $3 AND ($4::bytea IS NULL OR key < $4)`;

/**
 * $1 left slot, $2 right slot, $3 limit. Both sides come in the order of the key's index, so
 * they are read once, side by side.
 */
export const COMPARE = `
  SELECT partition, key, l.value, l.schema, r.value, r.schema, count(*) OVER ()
    FROM (SELECT * FROM kv_row WHERE slot = $1) l
    FULL JOIN (SELECT * FROM kv_row WHERE slot = $2) r USING (partition, key)
    WHERE l.value IS DISTINCT FROM r.value OR l.schema IS DISTINCT FROM r.schema
    ORDER BY partition, key LIMIT $3`;
export const ALLOW_MERGE_JOIN = 'SET LOCAL enable_mergejoin = on';

/** $1 slot, $2 partition and $3 key of the last row read, $4 limit. */
export const PAGE = `
  SELECT partition, key, value, schema FROM kv_row
    WHERE slot = $1 AND (partition, key) > ($2, $3) ORDER BY partition, key LIMIT $4`;

/** $1 slot. No row: it is not there, or it is in use. */
export const RETIRE = `
  UPDATE kv_slot SET state = 'retired' WHERE slot = $1 AND state <> 'active' RETURNING slot`;

/** $1 slot, $2 partition and $3 key of the last row deleted, $4 limit. */
export const DROP_SLICE = `
  WITH slice AS (
    SELECT partition, key FROM kv_row
      WHERE slot = $1 AND (partition, key) > ($2, $3) ORDER BY partition, key LIMIT $4
  ), gone AS (
    DELETE FROM kv_row k USING slice s
      WHERE k.slot = $1 AND k.partition = s.partition AND k.key = s.key
  )
  SELECT partition, key FROM slice ORDER BY partition DESC, key DESC LIMIT 1`;

/** $1 slot. */
export const FORGET = 'DELETE FROM kv_slot WHERE slot = $1';
