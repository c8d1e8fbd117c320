-- Snapshots: folded state at a version. The table can be deleted without losing data.
CREATE TABLE {schema}.snapshots (
    category    text        COLLATE "C" NOT NULL,
    id          text        COLLATE "C" NOT NULL,
    schema      text        COLLATE "C" NOT NULL,
    version     bigint      NOT NULL,
    position    bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    payload     bytea       NOT NULL,
    stored_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Positions and recorded times rise with versions, so this index serves a search by any of the three.
    CONSTRAINT snapshots_stream_schema_version PRIMARY KEY (category, id, schema, version),
    CONSTRAINT snapshots_names CHECK (octet_length(category) BETWEEN 1 AND 512 AND octet_length(id) BETWEEN 1 AND 512),
    CONSTRAINT snapshots_schema CHECK (octet_length(schema) <= 512),
    CONSTRAINT snapshots_version CHECK (version >= 1),
    CONSTRAINT snapshots_position CHECK (position >= 1)
);

COMMENT ON TABLE {schema}.snapshots IS 'Folded state at a version. Rows may be deleted at any time.';
COMMENT ON COLUMN {schema}.snapshots.category IS 'The kind of aggregate the stream belongs to.';
COMMENT ON COLUMN {schema}.snapshots.id IS 'The id of the aggregate within its category.';
COMMENT ON COLUMN {schema}.snapshots.schema IS 'The shape of the state, as named by the program that wrote it.';
COMMENT ON COLUMN {schema}.snapshots.version IS 'The version of the last event folded into it.';
COMMENT ON COLUMN {schema}.snapshots.position IS 'The position of that event.';
COMMENT ON COLUMN {schema}.snapshots.recorded_at IS 'When that event was recorded.';
COMMENT ON COLUMN {schema}.snapshots.payload IS 'The encoded state.';
COMMENT ON COLUMN {schema}.snapshots.stored_at IS 'When it was written.';
COMMENT ON CONSTRAINT snapshots_stream_schema_version ON {schema}.snapshots IS 'Several snapshots are kept for each stream and schema.';

-- Guarantees that every stored snapshot was folded up to an event that is in the log. Returns false and stores nothing when
-- that event is not in the log.
CREATE FUNCTION {schema}.store_snapshot(
    category text, id text, schema text, version bigint, "position" bigint, recorded_at timestamptz, payload bytea
) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $es$
    WITH event AS (
        SELECT e.version, e.position, e.recorded_at
        FROM {schema}.events e
        WHERE e.category = $1 AND e.id = $2 AND e.version = $4 AND e.position = $5 AND e.recorded_at = $6
    ), kept AS (
        INSERT INTO {schema}.snapshots AS s (category, id, schema, version, position, recorded_at, payload)
        SELECT $1, $2, $3, event.version, event.position, event.recorded_at, $7 FROM event
        -- A stored snapshot stays, unless its event is gone, as after a restore: then readers ignore it, so it is replaced.
        ON CONFLICT ON CONSTRAINT snapshots_stream_schema_version DO UPDATE
        SET position = EXCLUDED.position, recorded_at = EXCLUDED.recorded_at, payload = EXCLUDED.payload,
            stored_at = EXCLUDED.stored_at
        WHERE (s.position, s.recorded_at) <> (EXCLUDED.position, EXCLUDED.recorded_at)
    )
    SELECT EXISTS (SELECT FROM event)
$es$;

COMMENT ON FUNCTION {schema}.store_snapshot(text, text, text, bigint, bigint, timestamptz, bytea) IS
    'Stores a snapshot if the event that it was folded up to is in the log. For the library es only.';
