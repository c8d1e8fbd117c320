-- Folded state at a version: a shortcut, never the truth. Losing this table loses nothing.
CREATE TABLE {schema}.snapshots (
    category   text        COLLATE "C" NOT NULL,
    id         text        COLLATE "C" NOT NULL,
    schema     text        COLLATE "C" NOT NULL,
    version    bigint      NOT NULL,
    payload    bytea       NOT NULL,
    stored_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT snapshots_stream_schema PRIMARY KEY (category, id, schema)
);

COMMENT ON TABLE {schema}.snapshots IS 'Folded state at a version: a shortcut that may be deleted at any time.';
COMMENT ON COLUMN {schema}.snapshots.category IS 'The kind of aggregate the stream belongs to.';
COMMENT ON COLUMN {schema}.snapshots.id IS 'The id of the aggregate within its category.';
COMMENT ON COLUMN {schema}.snapshots.schema IS 'What the state looked like to the program that wrote it.';
COMMENT ON COLUMN {schema}.snapshots.version IS 'The version it was folded up to.';
COMMENT ON COLUMN {schema}.snapshots.payload IS 'The encoded state.';
COMMENT ON COLUMN {schema}.snapshots.stored_at IS 'When it was written.';
