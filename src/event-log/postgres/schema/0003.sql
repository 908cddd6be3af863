-- Views of a log that stands elsewhere: how far in it they are, and the one function that brings
-- them further.

-- No row: the views are of this database's own log, or of none yet. One row at most.
CREATE TABLE view_checkpoint (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  position bigint NOT NULL
);

-- Writes what the views take of the log's events after `checkpoint_from` until `checkpoint_to`, and
-- where they are then, if they are where the caller believes. The arrays are as in `append_batch`.
--
-- Returns the position that the views are at in the end: the caller's, or whither another node has
-- brought them before; then nothing is written.
CREATE FUNCTION advance_views(
  checkpoint_from bigint, checkpoint_to bigint,
  view_names text[], w_kinds int,
  w_view int[], w_kind smallint[], w_partition text[], w_key bytea[], w_value bytea[],
  w_schema smallint[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  slots int[] := '{}';
  found_position bigint;
  found_slot int;
  wanted text;
  r record;
BEGIN
  -- The lock of appends, which a swap of views holds too.
  PERFORM pg_advisory_xact_lock(6073911);
  SELECT position INTO found_position FROM view_checkpoint;
  IF coalesce(found_position, 0) <> checkpoint_from THEN RETURN coalesce(found_position, 0); END IF;
  INSERT INTO view_checkpoint (position) VALUES (checkpoint_to)
    ON CONFLICT (is_only) DO UPDATE SET position = excluded.position;
  IF w_kinds = 0 THEN RETURN checkpoint_to; END IF;

  FOREACH wanted IN ARRAY view_names LOOP
    SELECT slot INTO found_slot FROM kv_slot WHERE view = wanted AND state = 'active';
    IF NOT FOUND THEN
      INSERT INTO kv_slot (view, version, state) VALUES (wanted, 0, 'active')
        RETURNING slot INTO found_slot;
    END IF;
    slots := slots || found_slot;
  END LOOP;

  IF w_kinds & 4 > 0 THEN
    FOR r IN
      SELECT slots[w.view] AS slot, w.*
        FROM unnest(w_view, w_kind, w_partition, w_key, w_value, w_schema) WITH ORDINALITY
          AS w(view, kind, partition, key, value, schema, ordinal)
        ORDER BY w.ordinal
    LOOP
      IF r.kind = 0 THEN
        INSERT INTO kv_row (slot, partition, key, value, schema, version)
          VALUES (r.slot, r.partition, r.key, r.value, r.schema, nextval('kv_version'))
          ON CONFLICT (slot, partition, key) DO UPDATE
            SET value = excluded.value, schema = excluded.schema, version = excluded.version;
      ELSIF r.kind = 1 THEN
        DELETE FROM kv_row WHERE slot = r.slot AND partition = r.partition AND key = r.key;
      ELSIF r.value IS NULL THEN
        DELETE FROM kv_row
          WHERE slot = r.slot AND partition = r.partition AND key >= coalesce(r.key, '');
      ELSE
        DELETE FROM kv_row WHERE slot = r.slot AND partition = r.partition
          AND key >= coalesce(r.key, '') AND key < r.value;
      END IF;
    END LOOP;
    RETURN checkpoint_to;
  END IF;

  -- The caller has left out all but the last write of each key: an upsert must not meet a row twice.
  INSERT INTO kv_row (slot, partition, key, value, schema, version)
    SELECT slots[w.view], w.partition, w.key, w.value, w.schema, nextval('kv_version')
      FROM unnest(w_view, w_kind, w_partition, w_key, w_value, w_schema)
        AS w(view, kind, partition, key, value, schema)
      WHERE w.kind = 0
    ON CONFLICT (slot, partition, key) DO UPDATE
      SET value = excluded.value, schema = excluded.schema, version = excluded.version;
  IF w_kinds & 2 > 0 THEN
    DELETE FROM kv_row k
      USING unnest(w_view, w_kind, w_partition, w_key) AS w(view, kind, partition, key)
      WHERE w.kind = 1 AND k.slot = slots[w.view] AND k.partition = w.partition AND k.key = w.key;
  END IF;
  RETURN checkpoint_to;
END $$;
