-- The log, the rows of the views, and the one function that writes both.

CREATE TABLE stream (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE
);

-- Heap order is position order, so that following the log reads pages in sequence. `data` is json
-- and not jsonb, which refuses \u0000 and so would let one event spoil a batch.
CREATE TABLE event (
  position bigint NOT NULL,
  stream int NOT NULL,
  revision bigint NOT NULL,
  id uuid NOT NULL,
  at_ms bigint NOT NULL,
  version smallint NOT NULL,
  closes boolean NOT NULL,
  type text COLLATE "C" NOT NULL,
  caller text COLLATE "C" NOT NULL,
  request_id text COLLATE "C" NOT NULL,
  command_id text COLLATE "C" NOT NULL,
  key bytea,
  data json NOT NULL,
  PRIMARY KEY (stream, revision)
);
CREATE UNIQUE INDEX event_position ON event (position);
CREATE UNIQUE INDEX event_id ON event (stream, id);
-- Only ever inserted into: without this the visibility map and the freeze wait too long.
ALTER TABLE event SET (autovacuum_vacuum_insert_scale_factor = 0.05);

-- Positions come from here and not from the last event's, which may be archived one day.
CREATE SEQUENCE event_position_last;

-- Where the rows of a view stand; at most one slot of a view is in use.
CREATE TABLE kv_slot (
  slot int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  view text COLLATE "C" NOT NULL,
  version int NOT NULL,
  state text COLLATE "C" NOT NULL CHECK (state IN ('active', 'building', 'retired'))
);
CREATE UNIQUE INDEX kv_slot_active ON kv_slot (view) WHERE state = 'active';
-- What is no view, but written by compare-and-set.
INSERT INTO kv_slot (view, version, state) VALUES ('plain', 1, 'active');

-- No index but the key's: one on a column that changes would end heap-only updates.
CREATE TABLE kv_row (
  slot int NOT NULL,
  partition text COLLATE "C" NOT NULL,
  key bytea NOT NULL,
  value bytea NOT NULL,
  schema smallint NOT NULL,
  version bigint NOT NULL,
  PRIMARY KEY (slot, partition, key)
) WITH (fillfactor = 90);
-- Left to itself the planner believes every partition to be large, and reads the few rows of a new
-- one by a bitmap scan and a sort.
ALTER TABLE kv_row ALTER partition SET (n_distinct = -0.2);
CREATE SEQUENCE kv_version;
