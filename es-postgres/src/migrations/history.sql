-- Run by the store's owner inside the transaction of the first migration.
DO $es$
BEGIN
    -- a schema that an administrator made beforehand needs no right to make one
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = {name}) THEN
        CREATE SCHEMA {schema};
        COMMENT ON SCHEMA {schema} IS 'A log of events, kept by es.';
    END IF;
END
$es$;

-- it may have been run by hand, and nothing after it
CREATE TABLE IF NOT EXISTS {schema}.migrations (
    number     integer     NOT NULL PRIMARY KEY,
    name       text        NOT NULL,
    library    text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE {schema}.migrations IS 'Which migrations of es have run here.';
COMMENT ON COLUMN {schema}.migrations.number IS 'Its number: 1, 2, 3.';
COMMENT ON COLUMN {schema}.migrations.name IS 'What it is about.';
COMMENT ON COLUMN {schema}.migrations.library IS 'The version of es-postgres that ran it.';
COMMENT ON COLUMN {schema}.migrations.applied_at IS 'When it ran.';
