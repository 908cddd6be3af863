-- Writes events that were recorded before, each at the revision that it had, and what the views take
-- of all of them. Returns false, and writes nothing, when one of the streams does not end where its
-- first event here belongs: `append_batch` says then what is known, and what is refused.
--
-- `ev_stream` is a place in `stream_names`; of a stream its events stand in their order and without
-- gaps, the first at `stream_first`. The views' writes are what is left of them when all are done:
-- the drops go first, and no key stands twice in the rest.
CREATE FUNCTION load_events(
  stream_names text[], stream_first bigint[],
  ev_stream int[], ev_revision bigint[], ev_id uuid[], ev_type text[], ev_version smallint[],
  ev_closes boolean[], ev_key bytea[], ev_data json[],
  ev_at bigint[], ev_caller text[], ev_request text[], ev_command text[],
  view_names text[],
  put_view int[], put_partition text[], put_key bytea[], put_value bytea[], put_schema smallint[],
  gone_view int[], gone_partition text[], gone_key bytea[],
  drop_view int[], drop_partition text[], drop_from bytea[], drop_until bytea[]
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  ids int[] := '{}';
  slots int[] := '{}';
  last_position bigint;
  found_id int;
  found_revision bigint;
  wanted text;
  r record;
BEGIN
  -- The lock of appends: heads, numbers and rows are nobody else's until the commit.
  PERFORM pg_advisory_xact_lock(6073911);

  FOREACH wanted IN ARRAY stream_names LOOP
    found_revision := NULL;
    SELECT id INTO found_id FROM stream WHERE name = wanted;
    IF FOUND THEN
      SELECT revision INTO found_revision
        FROM event WHERE stream = found_id ORDER BY revision DESC LIMIT 1;
    END IF;
    ids := ids || coalesce(found_id, 0);
    IF coalesce(found_revision, -1) <> stream_first[cardinality(ids)] - 1 THEN
      RETURN false;
    END IF;
  END LOOP;

  FOR r IN SELECT w.name, w.ordinal FROM unnest(stream_names) WITH ORDINALITY AS w(name, ordinal)
  LOOP
    IF ids[r.ordinal] = 0 THEN
      INSERT INTO stream (name) VALUES (r.name) RETURNING id INTO found_id;
      ids[r.ordinal] := found_id;
    END IF;
  END LOOP;

  SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO last_position FROM event_position_last;
  INSERT INTO event (position, stream, revision, id, at_ms, version, closes, type, caller,
      request_id, command_id, key, data)
    SELECT last_position + e.nth, ids[e.stream], e.revision, e.id, e.at, e.version, e.closes,
        e.type, e.caller, e.request, e.command, e.key, e.data
      FROM unnest(ev_stream, ev_revision, ev_id, ev_type, ev_version, ev_closes, ev_key, ev_data,
          ev_at, ev_caller, ev_request, ev_command) WITH ORDINALITY
        AS e(stream, revision, id, type, version, closes, key, data, at, caller, request, command,
          nth);
  last_position := last_position + cardinality(ev_stream);
  PERFORM setval('event_position_last', last_position);
  PERFORM pg_notify('moraine_log', last_position::text);

  FOREACH wanted IN ARRAY view_names LOOP
    SELECT slot INTO found_id FROM kv_slot WHERE view = wanted AND state = 'active';
    IF NOT FOUND THEN
      INSERT INTO kv_slot (view, version, state) VALUES (wanted, 0, 'active')
        RETURNING slot INTO found_id;
    END IF;
    slots := slots || found_id;
  END LOOP;

  FOR r IN
    SELECT slots[w.view] AS slot, w.*
      FROM unnest(drop_view, drop_partition, drop_from, drop_until)
        AS w(view, partition, key_from, key_until)
  LOOP
    IF r.key_until IS NULL THEN
      DELETE FROM kv_row
        WHERE slot = r.slot AND partition = r.partition AND key >= coalesce(r.key_from, '');
    ELSE
      DELETE FROM kv_row WHERE slot = r.slot AND partition = r.partition
        AND key >= coalesce(r.key_from, '') AND key < r.key_until;
    END IF;
  END LOOP;
  DELETE FROM kv_row k
    USING unnest(gone_view, gone_partition, gone_key) AS w(view, partition, key)
    WHERE k.slot = slots[w.view] AND k.partition = w.partition AND k.key = w.key;
  INSERT INTO kv_row (slot, partition, key, value, schema, version)
    SELECT slots[w.view], w.partition, w.key, w.value, w.schema, nextval('kv_version')
      FROM unnest(put_view, put_partition, put_key, put_value, put_schema)
        AS w(view, partition, key, value, schema)
    ON CONFLICT (slot, partition, key) DO UPDATE
      SET value = excluded.value, schema = excluded.schema, version = excluded.version;
  RETURN true;
END $$;
