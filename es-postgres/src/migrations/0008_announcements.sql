-- A log that has moved says so before anything is appended to it, whoever appends: a transaction of a caller's is on no
-- connection that the store opened, and a pooler keeps the store's own over a failover.
CREATE OR REPLACE FUNCTION {schema}.fence() RETURNS void
    LANGUAGE plpgsql VOLATILE
AS $es$
DECLARE
    mine CONSTANT text := pg_catalog.pg_current_xact_id()::text;
    -- an assignment costs less than a query
    nothing text;
BEGIN
    -- the guard lives in the database, so that ROLLBACK TO SAVEPOINT undoes it together with the lock
    IF pg_catalog.current_setting({guard}, true) IS DISTINCT FROM mine THEN
        -- once for each process of the server, under which the log does not move; undone with the incarnation, too
        IF pg_catalog.current_setting({guard} || '_here', true) IS DISTINCT FROM 'yes' THEN
            nothing := {schema}.incarnation();
            nothing := pg_catalog.set_config({guard} || '_here', 'yes', false);
        END IF;
        nothing := pg_catalog.pg_advisory_xact_lock_shared(
            ({fence}::bigint << 48) | coalesce(pg_catalog.pg_sequence_last_value({position}::regclass), 0));
        nothing := pg_catalog.set_config({guard}, mine, true);
    END IF;
END
$es$;
