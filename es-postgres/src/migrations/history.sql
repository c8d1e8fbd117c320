-- The history of migrations. Runs inside the transaction of the first migration.
DO $es$
BEGIN
    -- Without this test, a role without CREATE on the database could not use a schema that an administrator created.
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = {name}) THEN
        CREATE SCHEMA {schema};
        COMMENT ON SCHEMA {schema} IS 'A log of events, kept by es.';
    END IF;
END
$es$;

-- IF NOT EXISTS: this script may have been run by hand without the migrations after it.
CREATE TABLE IF NOT EXISTS {schema}.migrations (
    number     integer     NOT NULL PRIMARY KEY,
    name       text        NOT NULL,
    library    text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE {schema}.migrations IS 'The migrations of es that have run here.';
COMMENT ON COLUMN {schema}.migrations.number IS 'Its number: 1, 2, 3.';
COMMENT ON COLUMN {schema}.migrations.name IS 'Its name.';
COMMENT ON COLUMN {schema}.migrations.library IS 'The version of es-postgres that ran it.';
COMMENT ON COLUMN {schema}.migrations.applied_at IS 'When it ran.';
