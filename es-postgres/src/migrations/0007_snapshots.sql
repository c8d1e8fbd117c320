-- Folded state at a version: a shortcut, never the truth. Losing this table loses nothing.
CREATE TABLE {schema}.snapshots (
    category    text        COLLATE "C" NOT NULL,
    id          text        COLLATE "C" NOT NULL,
    schema      text        COLLATE "C" NOT NULL,
    version     bigint      NOT NULL,
    position    bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    payload     bytea       NOT NULL,
    stored_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- positions and recorded times rise with versions: the nearest to any of them is found by walking this index
    CONSTRAINT snapshots_stream_schema_version PRIMARY KEY (category, id, schema, version),
    CONSTRAINT snapshots_names CHECK (octet_length(category) BETWEEN 1 AND 512 AND octet_length(id) BETWEEN 1 AND 512),
    CONSTRAINT snapshots_schema CHECK (octet_length(schema) <= 512),
    CONSTRAINT snapshots_version CHECK (version >= 1),
    CONSTRAINT snapshots_position CHECK (position >= 1)
);

COMMENT ON TABLE {schema}.snapshots IS 'Folded state at a version: a shortcut that may be deleted at any time.';
COMMENT ON COLUMN {schema}.snapshots.category IS 'The kind of aggregate the stream belongs to.';
COMMENT ON COLUMN {schema}.snapshots.id IS 'The id of the aggregate within its category.';
COMMENT ON COLUMN {schema}.snapshots.schema IS 'What the state looked like to the program that wrote it.';
COMMENT ON COLUMN {schema}.snapshots.version IS 'The version of the last event folded into it.';
COMMENT ON COLUMN {schema}.snapshots.position IS 'The position of that event.';
COMMENT ON COLUMN {schema}.snapshots.recorded_at IS 'When that event was recorded.';
COMMENT ON COLUMN {schema}.snapshots.payload IS 'The encoded state.';
COMMENT ON COLUMN {schema}.snapshots.stored_at IS 'When it was written.';
COMMENT ON CONSTRAINT snapshots_stream_schema_version ON {schema}.snapshots IS 'Several are kept for each stream and schema.';

CREATE FUNCTION {schema}.store_snapshot(category text, id text, schema text, version bigint, payload bytea) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $es$
    -- What is ahead of its stream, as after a restore, would become today's when the stream has grown.
    DELETE FROM {schema}.snapshots s
    WHERE s.category = $1 AND s.id = $2 AND s.schema = $3
      AND s.version > coalesce((
          SELECT e.version FROM {schema}.events e WHERE e.category = $1 AND e.id = $2 ORDER BY e.version DESC LIMIT 1), 0);
    -- Position and time are those of the event, whatever the caller believes: without that event nothing is kept.
    INSERT INTO {schema}.snapshots (category, id, schema, version, position, recorded_at, payload)
    SELECT $1, $2, $3, e.version, e.position, e.recorded_at, $5
    FROM {schema}.events e
    WHERE e.category = $1 AND e.id = $2 AND e.version = $4
      AND NOT EXISTS (
          SELECT FROM {schema}.snapshots s WHERE s.category = $1 AND s.id = $2 AND s.schema = $3 AND s.version > $4)
    ON CONFLICT ON CONSTRAINT snapshots_stream_schema_version DO NOTHING;
    -- The newest alone is asked for today.
    DELETE FROM {schema}.snapshots s
    WHERE s.category = $1 AND s.id = $2 AND s.schema = $3 AND s.version < (
        SELECT max(n.version) FROM {schema}.snapshots n WHERE n.category = $1 AND n.id = $2 AND n.schema = $3)
$es$;

COMMENT ON FUNCTION {schema}.store_snapshot(text, text, text, bigint, bytea) IS
    'Keeps a snapshot, unless there is a newer one. Called by es alone.';
