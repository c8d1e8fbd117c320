-- The frontier: the highest position below which nothing can still appear. The order of the steps is the proof.

CREATE FUNCTION {schema}.fence() RETURNS void
    LANGUAGE plpgsql VOLATILE
AS $es$
DECLARE
    mine CONSTANT text := pg_catalog.pg_current_xact_id()::text;
    -- an assignment costs less than a query
    nothing text;
BEGIN
    -- the guard lives in the database, so that ROLLBACK TO SAVEPOINT undoes it together with the lock
    IF pg_catalog.current_setting({guard}, true) IS DISTINCT FROM mine THEN
        nothing := pg_catalog.pg_advisory_xact_lock_shared(
            ({fence}::bigint << 48) | coalesce(pg_catalog.pg_sequence_last_value({position}::regclass), 0));
        nothing := pg_catalog.set_config({guard}, mine, true);
    END IF;
END
$es$;

CREATE FUNCTION {schema}.frontier() RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $es$
DECLARE
    high bigint;
    low  bigint;
BEGIN
    IF pg_is_in_recovery() THEN
        RAISE EXCEPTION 'the frontier is known on the primary alone' USING ERRCODE = 'ES003';
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the frontier needs READ COMMITTED' USING ERRCODE = 'ES002';
    END IF;
    -- some versions of the server answer NULL instead of an error, and a reader would stand still for ever
    IF NOT has_sequence_privilege({position}::regclass, 'USAGE, SELECT') THEN
        RAISE EXCEPTION 'the owner of the function may not read the sequence' USING ERRCODE = 'ES004';
    END IF;
    -- first the sequence, then the locks: a writer that draws in between has its lock seen here
    high := coalesce(pg_sequence_last_value({position}::regclass), 0);
    low := (
        SELECT min(((l.classid::bigint & 65535) << 32) | l.objid::bigint)
        FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND (l.classid::bigint >> 16) = {fence}
          AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()));
    RETURN least(high, low);
END
$es$;

CREATE FUNCTION {schema}.drawn() RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $es$
BEGIN
    RETURN coalesce(pg_sequence_last_value({position}::regclass), 0);
END
$es$;

CREATE VIEW {schema}.es_in_flight AS
    SELECT l.pid,
           a.usename AS role,
           a.application_name AS application,
           a.client_addr AS client,
           a.state,
           clock_timestamp() - a.xact_start AS age,
           ((l.classid::bigint & 65535) << 32) | l.objid::bigint AS low
    FROM pg_locks l
    LEFT JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND (l.classid::bigint >> 16) = {fence}
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());

COMMENT ON FUNCTION {schema}.fence() IS
    'Announces, once a transaction and before positions are drawn, that this transaction may draw above the present one.';
COMMENT ON FUNCTION {schema}.frontier() IS
    'The highest position below which nothing can still appear. Read events in a later statement than this one.';
COMMENT ON FUNCTION {schema}.drawn() IS 'The highest position that was drawn, whether or not its event became visible.';
COMMENT ON VIEW {schema}.es_in_flight IS
    'Transactions that hold the frontier back: readers see nothing above low until they end. No pid: a prepared one.';
COMMENT ON COLUMN {schema}.es_in_flight.pid IS 'The server process; NULL for a prepared transaction.';
COMMENT ON COLUMN {schema}.es_in_flight.role IS 'Who is connected.';
COMMENT ON COLUMN {schema}.es_in_flight.application IS 'The application''s name.';
COMMENT ON COLUMN {schema}.es_in_flight.client IS 'The client''s address.';
COMMENT ON COLUMN {schema}.es_in_flight.state IS 'What the session is doing.';
COMMENT ON COLUMN {schema}.es_in_flight.age IS 'How long the transaction is open.';
COMMENT ON COLUMN {schema}.es_in_flight.low IS 'The position it holds the frontier at.';
