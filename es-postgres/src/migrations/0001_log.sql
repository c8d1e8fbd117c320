-- The log. Only the function `append` adds rows, and rows never change.

-- The maximum is 2^48 - 1: a frontier lock has 48 bits for a position. Beyond it the server refuses to draw.
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
    payload        json        NOT NULL,
    metadata       json,
    CONSTRAINT events_position PRIMARY KEY (position),
    CONSTRAINT events_event_id UNIQUE (event_id),
    CONSTRAINT events_stream_version UNIQUE (category, id, version)
);

CREATE INDEX events_category_position ON {schema}.events (category, position);

COMMENT ON SEQUENCE {schema}.position IS
    'The positions of the log. Only the function append draws from it; CACHE must stay 1.';
COMMENT ON TABLE {schema}.events IS 'Every event ever appended. Only the function append adds rows; rows never change.';
COMMENT ON COLUMN {schema}.events.position IS 'Place in the whole log: increasing, may have gaps.';
COMMENT ON COLUMN {schema}.events.version IS 'Place in the stream: 1, 2, 3, without a gap.';
COMMENT ON COLUMN {schema}.events.recorded_at IS
    'When the server recorded the event; never before the previous event of the stream.';
COMMENT ON COLUMN {schema}.events.event_id IS 'The id of the event, a UUIDv7. An event is stored once, however often it is sent.';
COMMENT ON COLUMN {schema}.events.schema_version IS 'The schema version of the payload: 1, 2, 3.';
COMMENT ON COLUMN {schema}.events.slice IS 'A stable hash of the stream, 0 to 1023, for readers that share the log.';
COMMENT ON COLUMN {schema}.events.together IS
    'On the first event of an append to the stream, the number of its events; 0 on the others. Tells a repeated append from a part of one.';
COMMENT ON COLUMN {schema}.events.category IS 'The kind of aggregate the stream belongs to.';
COMMENT ON COLUMN {schema}.events.id IS 'The id of the aggregate within its category.';
COMMENT ON COLUMN {schema}.events.name IS 'The stable name of the event.';
COMMENT ON COLUMN {schema}.events.payload IS 'The payload, byte for byte as it was sent.';
COMMENT ON COLUMN {schema}.events.metadata IS 'The metadata, byte for byte as it was sent; NULL when there is none.';
COMMENT ON CONSTRAINT events_stream_version ON {schema}.events IS 'No two events of a stream have the same version.';
COMMENT ON INDEX {schema}.events_category_position IS 'Serves reads of the log by category.';

-- Guarantees that stored events stay as they are: refuses every statement that would change or delete them, even from
-- the table's owner.
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

-- ALWAYS: it also fires where `session_replication_role` switches ordinary triggers off.
ALTER TABLE {schema}.events ENABLE ALWAYS TRIGGER events_never_change;

COMMENT ON FUNCTION {schema}.refuse() IS 'Refuses a statement that would change or delete events.';
COMMENT ON TRIGGER events_never_change ON {schema}.events IS
    'Refuses UPDATE, DELETE and TRUNCATE. The table''s owner can disable it to erase what the law demands.';
