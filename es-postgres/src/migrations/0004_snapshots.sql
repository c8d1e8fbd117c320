-- Folded state at a version: a shortcut, never the truth. Losing this table loses nothing.
CREATE TABLE {schema}.snapshots (
    category   text        COLLATE "C" NOT NULL,
    id         text        COLLATE "C" NOT NULL,
    schema     text        COLLATE "C" NOT NULL,
    version    bigint      NOT NULL,
    payload    bytea       NOT NULL,
    stored_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT snapshots_stream_schema PRIMARY KEY (category, id, schema),
    CONSTRAINT snapshots_names CHECK (octet_length(category) BETWEEN 1 AND 512 AND octet_length(id) BETWEEN 1 AND 512),
    CONSTRAINT snapshots_version CHECK (version >= 0)
);

COMMENT ON TABLE {schema}.snapshots IS 'Folded state at a version: a shortcut that may be deleted at any time.';
COMMENT ON COLUMN {schema}.snapshots.category IS 'The kind of aggregate the stream belongs to.';
COMMENT ON COLUMN {schema}.snapshots.id IS 'The id of the aggregate within its category.';
COMMENT ON COLUMN {schema}.snapshots.schema IS 'What the state looked like to the program that wrote it.';
COMMENT ON COLUMN {schema}.snapshots.version IS 'The version it was folded up to.';
COMMENT ON COLUMN {schema}.snapshots.payload IS 'The encoded state.';
COMMENT ON COLUMN {schema}.snapshots.stored_at IS 'When it was written.';

CREATE FUNCTION {schema}.store_snapshot(category text, id text, schema text, version bigint, payload bytea) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $es$
    -- One that is ahead of its stream would become today's when the stream has grown: it is not kept. A newer one replaces
    -- an older one, and any one replaces one that is ahead, as after a restore.
    INSERT INTO {schema}.snapshots AS s (category, id, schema, version, payload)
    SELECT $1, $2, $3, $4, $5
    WHERE ($4 <= coalesce((
        SELECT e.version FROM {schema}.events e WHERE e.category = $1 AND e.id = $2 ORDER BY e.version DESC LIMIT 1), 0)) IS NOT FALSE
    ON CONFLICT ON CONSTRAINT snapshots_stream_schema DO UPDATE
    SET version = excluded.version, payload = excluded.payload, stored_at = clock_timestamp()
    WHERE s.version < excluded.version
       OR s.version > coalesce((
           SELECT e.version FROM {schema}.events e WHERE e.category = $1 AND e.id = $2 ORDER BY e.version DESC LIMIT 1), 0)
$es$;

COMMENT ON FUNCTION {schema}.store_snapshot(text, text, text, bigint, bytea) IS
    'Keeps a snapshot, unless there is a newer one. Called by es alone.';
