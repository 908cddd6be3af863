-- As 0002 had it, and more: an operation may stand behind another one of the batch, so that it can be
-- sent before that one is answered. A node of the program before this step calls it without.
DROP FUNCTION append_batch;

-- Appends a batch: groups of operations, one stream each, and what the views take of them.
--
-- Arrays in, one array out. What is subscripted has a fixed width and holds no null; text and bytes
-- are walked by unnest, since a subscript into them costs all that stands before it. Subscripts
-- begin at 1. `op_group_last` of a group's first operation is its last operation. `ev_nth` is an
-- event's place in its operation. A guard's number stands for one key of one stream: in `op_guard`
-- for who asks, in `ev_guard` for the events that have that key; 0 is none.
-- `op_behind` is the operation of an earlier group that must be accepted in this batch, and not as a
-- repeat, before this one can be; 0: none, -1: it was not accepted in an earlier batch.
--
-- The lock comes before everything: heads, numbers and rows are nobody else's until the commit, so
-- positions become visible in their order, and no two batches can deadlock.
--
-- The answer holds three numbers an operation: verdict, revision, position.
--   0 accepted, 1 repeated: the place of its last event
--   2 another revision, 3 no such stream, 4 closed, 5 guard: the actual revision, 1 when closed
--   6 partly known; 7 refused with its group, for another operation's reason
CREATE FUNCTION append_batch(
  stream_names text[],
  op_stream int[], op_group_last int[], op_expected bigint[], op_events int[], op_closes boolean[],
  op_guard int[], op_guard_since bigint[], guard_keys bytea[],
  ev_op int[], ev_nth int[], ev_guard int[], ev_id uuid[], ev_type text[], ev_version smallint[],
  ev_closes boolean[], ev_key bytea[], ev_data json[],
  ev_at bigint[], ev_caller text[], ev_request text[], ev_command text[],
  view_names text[], w_kinds int,
  w_op int[], w_view int[], w_kind smallint[], w_partition text[], w_key bytea[], w_value bytea[],
  w_schema smallint[],
  op_behind int[] DEFAULT NULL
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  op_count int := cardinality(op_stream);
  answer bigint[] := array_fill(0::bigint, ARRAY[3 * op_count]);
  -- By stream: its id (0: it is new), its last revision, whether that event closes it.
  ids int[] := '{}';
  heads bigint[] := '{}';
  closed boolean[] := '{}';
  -- By operation.
  known_count int[] := array_fill(0, ARRAY[op_count]);
  is_in boolean[] := array_fill(false, ARRAY[op_count]);
  base_revision bigint[] := array_fill(0::bigint, ARRAY[op_count]);
  base_position bigint[] := array_fill(0::bigint, ARRAY[op_count]);
  -- By guard: the last revision that this batch gave to its key.
  guard_revision bigint[] := array_fill(-1::bigint, ARRAY[cardinality(guard_keys)]);
  slots int[] := '{}';
  last_position bigint;
  appended int := 0;
  event_index int := 0;
  first_op int := 1;
  last_op int;
  known int;
  total int;
  s int;
  refusal int;
  refused_op int;
  found_id int;
  found_revision bigint;
  found_closes boolean;
  wanted text;
  r record;
BEGIN
  PERFORM pg_advisory_xact_lock(6073911);

  FOREACH wanted IN ARRAY stream_names LOOP
    SELECT id INTO found_id FROM stream WHERE name = wanted;
    IF FOUND THEN
      SELECT revision, closes INTO found_revision, found_closes
        FROM event WHERE stream = found_id ORDER BY revision DESC LIMIT 1;
    END IF;
    ids := ids || coalesce(found_id, 0);
    heads := heads || CASE WHEN found_id IS NULL THEN -1 ELSE coalesce(found_revision, -1) END;
    closed := closed || (found_id IS NOT NULL AND coalesce(found_closes, false));
  END LOOP;

  FOR r IN
    SELECT e.op, x.revision, x.position
      FROM unnest(ev_op, ev_id) WITH ORDINALITY AS e(op, id, ordinal)
      CROSS JOIN LATERAL (
        SELECT revision, position FROM event
          WHERE stream = ids[op_stream[e.op]] AND event.id = e.id LIMIT 1
      ) x
      ORDER BY e.ordinal
  LOOP
    known_count[r.op] := known_count[r.op] + 1;
    answer[3 * r.op - 1] := r.revision;
    answer[3 * r.op] := r.position;
  END LOOP;

  SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO last_position FROM event_position_last;

  WHILE first_op <= op_count LOOP
    last_op := op_group_last[first_op];
    known := 0;
    total := 0;
    FOR o IN first_op..last_op LOOP
      known := known + known_count[o];
      total := total + op_events[o];
    END LOOP;

    IF known > 0 THEN
      FOR o IN first_op..last_op LOOP
        answer[3 * o - 2] := CASE WHEN known = total THEN 1 ELSE 6 END;
      END LOOP;
      event_index := event_index + total;
      first_op := last_op + 1;
      CONTINUE;
    END IF;

    refusal := 0;
    FOR o IN first_op..last_op LOOP
      s := op_stream[o];
      -- -1 none, -2 any, -3 open, else exactly this revision.
      refusal := CASE
        WHEN op_behind[o] < 0 OR answer[3 * op_behind[o] - 2] <> 0 THEN 2
        WHEN op_expected[o] = -2 THEN 0
        WHEN op_expected[o] = -3 AND heads[s] < 0 THEN 3
        WHEN op_expected[o] = -3 THEN CASE WHEN closed[s] THEN 4 ELSE 0 END
        WHEN op_expected[o] = heads[s] THEN 0
        WHEN heads[s] < 0 THEN 3
        ELSE 2 END;
      IF refusal = 0 AND op_guard[o] > 0 THEN
        IF guard_revision[op_guard[o]] > op_guard_since[o] OR EXISTS (
          SELECT FROM event WHERE stream = ids[s] AND revision > op_guard_since[o]
            AND key = guard_keys[op_guard[o]]
        ) THEN
          refusal := 5;
        END IF;
      END IF;
      refused_op := o;
      EXIT WHEN refusal > 0;
    END LOOP;

    IF refusal > 0 THEN
      FOR o IN first_op..last_op LOOP
        answer[3 * o - 2] := CASE WHEN o = refused_op THEN refusal ELSE 7 END;
        answer[3 * o - 1] := heads[op_stream[o]];
        answer[3 * o] := closed[op_stream[o]]::int;
      END LOOP;
      event_index := event_index + total;
      first_op := last_op + 1;
      CONTINUE;
    END IF;

    FOR o IN first_op..last_op LOOP
      s := op_stream[o];
      IF ids[s] = 0 THEN
        INSERT INTO stream (name) VALUES (stream_names[s]) RETURNING id INTO found_id;
        ids[s] := found_id;
      END IF;
      is_in[o] := true;
      base_revision[o] := heads[s];
      base_position[o] := last_position + appended;
      heads[s] := heads[s] + op_events[o];
      closed[s] := op_closes[o];
      appended := appended + op_events[o];
      answer[3 * o - 1] := heads[s];
      answer[3 * o] := last_position + appended;
      IF cardinality(guard_keys) > 0 THEN
        FOR e IN event_index + 1 .. event_index + op_events[o] LOOP
          IF ev_guard[e] > 0 THEN
            guard_revision[ev_guard[e]] := base_revision[o] + ev_nth[e];
          END IF;
        END LOOP;
      END IF;
      event_index := event_index + op_events[o];
    END LOOP;
    first_op := last_op + 1;
  END LOOP;

  IF appended = 0 THEN RETURN answer; END IF;

  INSERT INTO event (position, stream, revision, id, at_ms, version, closes, type, caller,
      request_id, command_id, key, data)
    SELECT base_position[e.op] + e.nth, ids[op_stream[e.op]], base_revision[e.op] + e.nth, e.id,
        e.at, e.version, e.closes, e.type, e.caller, e.request, e.command, e.key, e.data
      FROM unnest(ev_op, ev_nth, ev_id, ev_type, ev_version, ev_closes, ev_key, ev_data, ev_at,
          ev_caller, ev_request, ev_command)
        AS e(op, nth, id, type, version, closes, key, data, at, caller, request, command)
      WHERE is_in[e.op];
  PERFORM setval('event_position_last', last_position + appended);
  PERFORM pg_notify('moraine_log', (last_position + appended)::text);
  IF w_kinds = 0 THEN RETURN answer; END IF;

  FOREACH wanted IN ARRAY view_names LOOP
    SELECT slot INTO found_id FROM kv_slot WHERE view = wanted AND state = 'active';
    IF NOT FOUND THEN
      INSERT INTO kv_slot (view, version, state) VALUES (wanted, 0, 'active')
        RETURNING slot INTO found_id;
    END IF;
    slots := slots || found_id;
  END LOOP;

  -- 4: a drop is among them, so their order counts, and one follows the other.
  IF w_kinds & 4 > 0 THEN
    FOR r IN
      SELECT slots[w.view] AS slot, w.*
        FROM unnest(w_op, w_view, w_kind, w_partition, w_key, w_value, w_schema) WITH ORDINALITY
          AS w(op, view, kind, partition, key, value, schema, ordinal)
        WHERE is_in[w.op] ORDER BY w.ordinal
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
    RETURN answer;
  END IF;

  -- The last write of a key wins; an upsert must not meet a row twice.
  INSERT INTO kv_row (slot, partition, key, value, schema, version)
    SELECT slots[d.view], d.partition, d.key, d.value, d.schema, nextval('kv_version')
      FROM (
        SELECT DISTINCT ON (w.partition COLLATE "C", w.key) w.*
          FROM unnest(w_op, w_view, w_kind, w_partition, w_key, w_value, w_schema)
            WITH ORDINALITY AS w(op, view, kind, partition, key, value, schema, ordinal)
          WHERE is_in[w.op]
          ORDER BY w.partition COLLATE "C", w.key, w.ordinal DESC
      ) d
      WHERE d.kind = 0
    ON CONFLICT (slot, partition, key) DO UPDATE
      SET value = excluded.value, schema = excluded.schema, version = excluded.version;
  IF w_kinds & 2 > 0 THEN
    DELETE FROM kv_row k
      USING (
        SELECT DISTINCT ON (w.partition COLLATE "C", w.key) w.*
          FROM unnest(w_op, w_view, w_kind, w_partition, w_key) WITH ORDINALITY
            AS w(op, view, kind, partition, key, ordinal)
          WHERE is_in[w.op]
          ORDER BY w.partition COLLATE "C", w.key, w.ordinal DESC
      ) d
      WHERE d.kind = 1 AND k.slot = slots[d.view] AND k.partition = d.partition AND k.key = d.key;
  END IF;
  RETURN answer;
END $$;
