-- The log. Rows are added by the function `append` alone and never change.
-- the frontier's locks have room for 48 bits; whoever would draw more is refused by the server
CREATE SEQUENCE {schema}.position AS bigint MINVALUE 1 MAXVALUE 281474976710655 START 1 CACHE 1 NO CYCLE;

CREATE TABLE {schema}.events (
    position       bigint      NOT NULL,
    version        bigint      NOT NULL,
    recorded_at    timestamptz NOT NULL,
    event_id       uuid        NOT NULL,
    schema_version bigint      NOT NULL,
    slice          smallint    NOT NULL,
    together       smallint    NOT NULL,
    category       text        COLLATE "C" NOT NULL,
    id             text        COLLATE "C" NOT NULL,
    name           text        COLLATE "C" NOT NULL,
    payload           json        NOT NULL,
    metadata           json,
    CONSTRAINT events_position PRIMARY KEY (position),
    CONSTRAINT events_event_id UNIQUE (event_id),
    CONSTRAINT events_stream_version UNIQUE (category, id, version)
);

CREATE INDEX events_category_position ON {schema}.events (category, position);

COMMENT ON SEQUENCE {schema}.position IS
    'The next place in the whole log. Only the function append draws from it; CACHE must stay 1.';
COMMENT ON TABLE {schema}.events IS 'Every event ever appended. Rows are added by the function append and never change.';
COMMENT ON COLUMN {schema}.events.position IS 'Place in the whole log: increasing, may have gaps.';
COMMENT ON COLUMN {schema}.events.version IS 'Place in the stream: 1, 2, 3, without a gap.';
COMMENT ON COLUMN {schema}.events.recorded_at IS
    'When the server recorded it; never before the stream''s previous event.';
COMMENT ON COLUMN {schema}.events.event_id IS 'The event''s own id, a UUIDv7. Appending it again repeats nothing.';
COMMENT ON COLUMN {schema}.events.schema_version IS 'Which shape of the payload was stored: 1, 2, 3.';
COMMENT ON COLUMN {schema}.events.slice IS 'A stable hash of the stream, 0 to 1023, for consumers that share the log.';
COMMENT ON COLUMN {schema}.events.together IS
    'How many events came to the stream in one append, on the first of them; 0 on the others. Tells a repeat from a part.';
COMMENT ON COLUMN {schema}.events.category IS 'The kind of aggregate the stream belongs to.';
COMMENT ON COLUMN {schema}.events.id IS 'The id of the aggregate within its category.';
COMMENT ON COLUMN {schema}.events.name IS 'The stable name of the event.';
COMMENT ON COLUMN {schema}.events.payload IS 'The payload, as it was written.';
COMMENT ON COLUMN {schema}.events.metadata IS 'The metadata, as it was written; NULL when there is none.';
COMMENT ON CONSTRAINT events_stream_version ON {schema}.events IS 'No two events stand at one place of a stream.';
COMMENT ON INDEX {schema}.events_category_position IS 'Reading the log by category.';

-- Events never change, not even by a mistake of their owner.
CREATE FUNCTION {schema}.refuse() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $es$
BEGIN
    RAISE EXCEPTION 'events never change; % is refused', TG_OP USING ERRCODE = 'ES005';
END
$es$;

CREATE TRIGGER events_never_change
    BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.events
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse();

-- also where triggers are off for replication
ALTER TABLE {schema}.events ENABLE ALWAYS TRIGGER events_never_change;

COMMENT ON FUNCTION {schema}.refuse() IS 'Refuses what would change events.';
COMMENT ON TRIGGER events_never_change ON {schema}.events IS
    'Refuses UPDATE, DELETE and TRUNCATE. Its owner can disable it, for what the law asks to be erased.';
