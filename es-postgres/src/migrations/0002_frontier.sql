-- The frontier: the highest position below which nothing can still appear. The order of the steps is the proof.

CREATE FUNCTION {schema}.fence() RETURNS void
    LANGUAGE plpgsql VOLATILE
AS $es$
DECLARE
    first   CONSTANT text := pg_catalog.current_setting({guard}, true);
    low     bigint;
    -- an assignment costs less than a query
    nothing text;
BEGIN
    -- A log that has moved says so before anything is appended to it, whoever appends: once for each process of the
    -- server, under which the log does not move. Anybody may set a variable, so it only tells where to look: `currval`
    -- is an error in a process whose own `nextval` did not follow the look.
    IF pg_catalog.current_setting({guard} || '_here', true) IS DISTINCT FROM 'yes' THEN
        nothing := {schema}.incarnation();
        -- an incarnation that began in this transaction may still be rolled back
        IF NOT EXISTS (
            SELECT FROM pg_catalog.pg_locks l
            WHERE l.pid = pg_catalog.pg_backend_pid() AND l.relation = {incarnations}::regclass AND l.mode = 'RowExclusiveLock')
        THEN
            nothing := pg_catalog.nextval({announced}::regclass);
            nothing := pg_catalog.set_config({guard} || '_here', 'yes', false);
        END IF;
    ELSE
        nothing := pg_catalog.currval({announced}::regclass);
    END IF;

    -- The condition is always true and costs nothing. The server locks each table that a statement names before it runs
    -- the statement: this transaction holds `appending` in ROW SHARE before it reads the sequence, and until its end.
    SELECT coalesce(pg_catalog.pg_sequence_last_value({position}::regclass), 0) INTO low
    WHERE true OR EXISTS (SELECT FROM {schema}.appending FOR KEY SHARE);
    -- The lock is taken at each call: it is what the caller cannot forge. The variable only remembers the value of the
    -- transaction's first call, whose lock costs no memory when it is taken again. Any value that is not above the
    -- sequence is safe. ROLLBACK TO SAVEPOINT undoes the variable together with the lock.
    IF first <> '' THEN
        low := least(low, CASE WHEN first ~ '^[0-9]{1,15}$' THEN first::bigint END);
    END IF;
    IF NOT pg_catalog.pg_try_advisory_xact_lock_shared(({fence}::bigint << 48) | low) THEN
        nothing := {schema}.announce_lower(low);
    ELSIF coalesce(first, '') = '' THEN
        nothing := pg_catalog.set_config({guard}, low::text, true);
    END IF;
END
$es$;

CREATE FUNCTION {schema}.announce_lower(high bigint) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $es$
DECLARE
    low bigint;
BEGIN
    -- somebody else holds this very lock alone: any lower one does, and nobody can hold them all
    FOR attempt IN 1..8 LOOP
        low := greatest(high - floor(random() * 4 ^ attempt)::bigint, 0);
        IF pg_try_advisory_xact_lock_shared(({fence}::bigint << 48) | low) THEN
            RETURN;
        END IF;
    END LOOP;
    -- in a log that is so short, one can: then readers wait for this transaction as if it had announced 0
    LOCK TABLE {schema}.appending IN ROW EXCLUSIVE MODE;
END
$es$;

-- Always empty. Nobody but the owner has a right on it, so nobody else can hold it in ROW SHARE or above: whoever appends
-- does, and by that its advisory locks are told from those of strangers, which any role may take.
CREATE TABLE {schema}.appending ();
REVOKE ALL ON {schema}.appending FROM PUBLIC;

-- Which processes have looked whether the log has moved: those where its current value is known.
CREATE SEQUENCE {schema}.announced AS bigint CYCLE;

-- The locks of this log, seen in one look: `low` of a fence, `stream` of a stream's.
CREATE VIEW {schema}.es_locks AS
    WITH held AS MATERIALIZED (
        SELECT l.locktype, l.classid, l.objid, l.objsubid, l.mode, l.granted, l.pid, l.virtualtransaction
        FROM pg_catalog.pg_locks l
        WHERE l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
          AND (l.locktype = 'relation' AND l.relation = {appending}::regclass AND l.mode <> 'AccessShareLock'
              OR l.locktype = 'advisory' AND (l.objsubid = 1 AND (l.classid::bigint >> 16) = {fence}
                                              OR l.objsubid = 2 AND l.classid::bigint = {streams})))
    SELECT h.pid,
           h.virtualtransaction AS transaction,
           h.granted,
           CASE WHEN h.locktype = 'relation' THEN 0
                WHEN h.objsubid = 1 THEN ((h.classid::bigint & 65535) << 32) | h.objid::bigint END AS low,
           CASE WHEN h.objsubid = 2 THEN h.objid::bigint END AS stream,
           -- what cannot be told counts
           coalesce(h.virtualtransaction IN (SELECT t.virtualtransaction FROM held t WHERE t.locktype = 'relation'), true)
               AS counts
    FROM held h
    -- who holds the table in this mode found no lock to announce with
    WHERE h.locktype = 'advisory' OR h.mode = 'RowExclusiveLock';

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
    -- first the sequence, then the locks: a writer that draws in between has its lock seen here, or took the table after
    -- the sequence was read and so draws above it
    high := coalesce(pg_sequence_last_value({position}::regclass), 0);
    low := (SELECT min(l.low) FROM {schema}.es_locks l WHERE l.counts);
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
           l.low
    FROM {schema}.es_locks l
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE l.low IS NOT NULL AND l.counts;

CREATE VIEW {schema}.es_strangers AS
    SELECT l.pid,
           a.usename AS role,
           a.application_name AS application,
           a.client_addr AS client,
           a.state,
           clock_timestamp() - a.xact_start AS age,
           l.low,
           l.stream
    FROM {schema}.es_locks l
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE NOT l.counts;

COMMENT ON FUNCTION {schema}.fence() IS
    'Announces, before positions are drawn, that this transaction may draw above the present one.';
COMMENT ON FUNCTION {schema}.announce_lower(bigint) IS
    'Announces below a position whose lock somebody else holds alone.';
COMMENT ON TABLE {schema}.appending IS 'Always empty: transactions that append hold a lock on it, which nobody else can.';
COMMENT ON SEQUENCE {schema}.announced IS 'How often a process of the server has looked whether the log has moved.';
COMMENT ON FUNCTION {schema}.frontier() IS
    'The highest position below which nothing can still appear. Read events in a later statement than this one.';
COMMENT ON FUNCTION {schema}.drawn() IS 'The highest position that was drawn, whether or not its event became visible.';
COMMENT ON VIEW {schema}.es_locks IS 'The locks of this log, and whether their transaction appends.';
COMMENT ON COLUMN {schema}.es_locks.pid IS 'The server process; NULL for a prepared transaction.';
COMMENT ON COLUMN {schema}.es_locks.transaction IS 'The virtual transaction.';
COMMENT ON COLUMN {schema}.es_locks.granted IS 'Whether it is held, or waited for.';
COMMENT ON COLUMN {schema}.es_locks.low IS 'The position it holds the frontier at, where it counts; NULL for a stream''s.';
COMMENT ON COLUMN {schema}.es_locks.stream IS 'The number of a stream''s lock; NULL for one of the frontier.';
COMMENT ON COLUMN {schema}.es_locks.counts IS 'Whether its transaction appends; false: a stranger took it.';
COMMENT ON VIEW {schema}.es_in_flight IS
    'Transactions that hold the frontier back: readers see nothing above low until they end. No pid: a prepared one.';
COMMENT ON COLUMN {schema}.es_in_flight.pid IS 'The server process; NULL for a prepared transaction.';
COMMENT ON COLUMN {schema}.es_in_flight.role IS 'Who is connected.';
COMMENT ON COLUMN {schema}.es_in_flight.application IS 'The application''s name.';
COMMENT ON COLUMN {schema}.es_in_flight.client IS 'The client''s address.';
COMMENT ON COLUMN {schema}.es_in_flight.state IS 'What the session is doing.';
COMMENT ON COLUMN {schema}.es_in_flight.age IS 'How long the transaction is open.';
COMMENT ON COLUMN {schema}.es_in_flight.low IS 'The position it holds the frontier at.';
COMMENT ON VIEW {schema}.es_strangers IS
    'Locks of this log that transactions hold which do not append. They hold no reader back; a stream they delay.';
COMMENT ON COLUMN {schema}.es_strangers.pid IS 'The server process; NULL for a prepared transaction.';
COMMENT ON COLUMN {schema}.es_strangers.role IS 'Who is connected.';
COMMENT ON COLUMN {schema}.es_strangers.application IS 'The application''s name.';
COMMENT ON COLUMN {schema}.es_strangers.client IS 'The client''s address.';
COMMENT ON COLUMN {schema}.es_strangers.state IS 'What the session is doing.';
COMMENT ON COLUMN {schema}.es_strangers.age IS 'How long the transaction is open.';
COMMENT ON COLUMN {schema}.es_strangers.low IS 'The position it would hold the frontier at.';
COMMENT ON COLUMN {schema}.es_strangers.stream IS 'The number of the stream''s lock.';
