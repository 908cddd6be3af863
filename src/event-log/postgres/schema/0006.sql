-- Appends a batch of which nothing needs a judgement of its own: all of it is in, or the answer is
-- null and nothing is. What one statement does for all of it, `append_batch` (0005) does operation by
-- operation, and asks for each event's id before; whoever hears null asks that one, which knows why.
--
-- It fails by a unique violation when an event is known, which is said by null as well: what an
-- append has meant that was done before, `append_batch` says too.
--
-- `stream_expected` is what a stream's end must be before its first event here: a revision, -1 (no
-- event), -2 (whatever), -3 (open). `ev_stream` is a place in `stream_names`, `ev_nth` an event's
-- place among those of its stream here; both begin at 1. The views' writes are what is left of them
-- when all are done: no key stands twice, and nothing is dropped.
--
-- The answer is the last position before, and for each stream its last revision before, -1 for none.
CREATE FUNCTION append_whole(
  stream_names text[], stream_expected bigint[],
  ev_stream int[], ev_nth bigint[], ev_id uuid[], ev_type text[], ev_version smallint[],
  ev_closes boolean[], ev_key bytea[], ev_data json[],
  ev_at bigint[], ev_caller text[], ev_request text[], ev_command text[],
  view_names text[],
  put_view int[], put_partition text[], put_key bytea[], put_value bytea[], put_schema smallint[],
  gone_view int[], gone_partition text[], gone_key bytea[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  ids int[];
  heads bigint[];
  slots int[];
  is_expected boolean;
  last_position bigint;
  new_id int;
  -- An assignment costs less than a statement whose answer nobody reads.
  done text;
  r record;
BEGIN
  -- The lock of appends: heads, numbers and rows are nobody else's until the commit.
  done := pg_advisory_xact_lock(6073911);

  SELECT array_agg(coalesce(w.id, 0)), array_agg(coalesce(w.revision, -1)),
      bool_and(CASE w.expected
        WHEN -2 THEN true
        WHEN -3 THEN NOT coalesce(w.closes, true)
        ELSE w.expected = coalesce(w.revision, -1) END)
    INTO ids, heads, is_expected
    FROM (
      SELECT n.expected, stream.id, last.revision, last.closes
        FROM unnest(stream_names, stream_expected) WITH ORDINALITY AS n(name, expected, ordinal)
        LEFT JOIN stream ON stream.name = n.name
        LEFT JOIN LATERAL (
          SELECT revision, closes FROM event
            WHERE event.stream = stream.id ORDER BY revision DESC LIMIT 1
        ) last ON true
        ORDER BY n.ordinal
    ) w;
  IF NOT is_expected THEN RETURN NULL; END IF;

  IF 0 = ANY (ids) THEN
    FOR r IN SELECT w.name, w.ordinal FROM unnest(stream_names) WITH ORDINALITY AS w(name, ordinal)
    LOOP
      CONTINUE WHEN ids[r.ordinal] > 0;
      INSERT INTO stream (name) VALUES (r.name) RETURNING id INTO new_id;
      ids[r.ordinal] := new_id;
    END LOOP;
  END IF;

  last_position := coalesce(pg_sequence_last_value('event_position_last'), 0);
  INSERT INTO event (position, stream, revision, id, at_ms, version, closes, type, caller,
      request_id, command_id, key, data)
    SELECT last_position + e.position, ids[e.stream], heads[e.stream] + e.nth, e.id, e.at, e.version,
        e.closes, e.type, e.caller, e.request, e.command, e.key, e.data
      FROM unnest(ev_stream, ev_nth, ev_id, ev_type, ev_version, ev_closes, ev_key, ev_data, ev_at,
          ev_caller, ev_request, ev_command) WITH ORDINALITY
        AS e(stream, nth, id, type, version, closes, key, data, at, caller, request, command,
          position);
  done := setval('event_position_last', last_position + cardinality(ev_stream));
  done := pg_notify('moraine_log', (last_position + cardinality(ev_stream))::text);
  IF cardinality(view_names) = 0 THEN RETURN last_position || heads; END IF;

  SELECT array_agg(w.slot) INTO slots
    FROM (
      SELECT kv_slot.slot
        FROM unnest(view_names) WITH ORDINALITY AS n(name, ordinal)
        LEFT JOIN kv_slot ON kv_slot.view = n.name AND kv_slot.state = 'active'
        ORDER BY n.ordinal
    ) w;
  IF array_position(slots, NULL) IS NOT NULL THEN
    FOR r IN SELECT w.name, w.ordinal FROM unnest(view_names) WITH ORDINALITY AS w(name, ordinal)
    LOOP
      CONTINUE WHEN slots[r.ordinal] IS NOT NULL;
      INSERT INTO kv_slot (view, version, state) VALUES (r.name, 0, 'active')
        RETURNING slot INTO new_id;
      slots[r.ordinal] := new_id;
    END LOOP;
  END IF;

  IF cardinality(put_view) > 0 THEN
    INSERT INTO kv_row (slot, partition, key, value, schema, version)
      SELECT slots[w.view], w.partition, w.key, w.value, w.schema, nextval('kv_version')
        FROM unnest(put_view, put_partition, put_key, put_value, put_schema)
          AS w(view, partition, key, value, schema)
      ON CONFLICT (slot, partition, key) DO UPDATE
        SET value = excluded.value, schema = excluded.schema, version = excluded.version;
  END IF;
  IF cardinality(gone_view) > 0 THEN
    DELETE FROM kv_row k
      USING unnest(gone_view, gone_partition, gone_key) AS w(view, partition, key)
      WHERE k.slot = slots[w.view] AND k.partition = w.partition AND k.key = w.key;
  END IF;
  RETURN last_position || heads;
END $$;
