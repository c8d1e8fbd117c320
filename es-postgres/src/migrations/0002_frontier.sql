-- The frontier: the last position at or below which no event can still appear. Its correctness rests on the order of the
-- steps in `fence` and `frontier`; do not reorder them.

-- Guarantees that from here until the transaction ends, no reader goes past a position that the transaction may still
-- draw: it announces a lower bound of them by an advisory lock, before any position is drawn. Also guarantees that a log
-- that has moved has a new incarnation before anything is appended to it.
CREATE FUNCTION {schema}.fence() RETURNS void
    LANGUAGE plpgsql VOLATILE
AS $es$
DECLARE
    announced_before CONSTANT text := pg_catalog.current_setting({guard}, true);
    low              bigint;
    -- Takes results that are not needed: an assignment costs less than PERFORM, which runs a query.
    ignored          text;
BEGIN
    -- A log that has moved begins a new incarnation before anything is appended to it. Each backend checks once, since
    -- the log cannot move under a running backend. Any role may set the variable, so it is only a
    -- hint: `currval` fails in a backend that did not call `nextval` after its check.
    IF coalesce(pg_catalog.current_setting({guard} || '_here', true), '') = '' THEN
        ignored := {schema}.incarnation();
        -- Skipped where this transaction began the incarnation, since it may still be rolled back.
        IF NOT EXISTS (
            SELECT FROM pg_catalog.pg_locks l
            WHERE l.pid = pg_catalog.pg_backend_pid() AND l.relation = {incarnations}::regclass AND l.mode = 'RowExclusiveLock')
        THEN
            ignored := pg_catalog.nextval({announced}::regclass);
            ignored := pg_catalog.set_config({guard} || '_here', 'yes', false);
        END IF;
    ELSE
        ignored := pg_catalog.currval({announced}::regclass);
    END IF;

    -- The condition is always true and costs nothing. It makes the server lock `appending` in ROW SHARE, since the server
    -- locks each table that a statement names before it runs the statement. So the transaction holds the table from
    -- before it reads the sequence until it ends.
    SELECT coalesce(pg_catalog.pg_sequence_last_value({position}::regclass), 0) INTO low
    WHERE true OR EXISTS (SELECT FROM {schema}.appending FOR KEY SHARE);
    -- Each call takes the lock, because the caller could forge the variable but not the lock. The variable remembers the
    -- value of the transaction's first call: taking the same lock again costs no lock memory. Any value that is not above
    -- the sequence is safe. ROLLBACK TO SAVEPOINT undoes the variable together with the lock.
    IF announced_before <> '' THEN
        low := least(low, CASE WHEN announced_before ~ '^[0-9]{1,15}$' THEN announced_before::bigint END);
    END IF;
    IF NOT pg_catalog.pg_try_advisory_xact_lock_shared(({fence}::bigint << 48) | low) THEN
        ignored := {schema}.announce_lower(low);
    ELSIF coalesce(announced_before, '') = '' THEN
        ignored := pg_catalog.set_config({guard}, low::text, true);
    END IF;
END
$es$;

-- Guarantees an announcement at or below `high`, also where another role holds the lock of `high` exclusively. A lower
-- announcement is safe; readers only wait longer.
CREATE FUNCTION {schema}.announce_lower(high bigint) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $es$
DECLARE
    low bigint;
BEGIN
    -- Random lower locks, farther down each time: no role can hold them all.
    FOR attempt IN 1..8 LOOP
        low := greatest(high - floor(random() * 4 ^ attempt)::bigint, 0);
        IF pg_try_advisory_xact_lock_shared(({fence}::bigint << 48) | low) THEN
            RETURN;
        END IF;
    END LOOP;
    -- In a short log a role can hold them all. The stronger table lock makes readers wait as if this transaction had
    -- announced 0.
    LOCK TABLE {schema}.appending IN ROW EXCLUSIVE MODE;
END
$es$;

-- Always empty. Only its owner has rights on it, so no other role can lock it in ROW SHARE or above, and every append
-- does, through the functions. This tells an append's advisory locks from those of strangers: any role may take an
-- advisory lock.
CREATE TABLE {schema}.appending ();
REVOKE ALL ON {schema}.appending FROM PUBLIC;

-- Marks the backends that have checked whether the log has moved: `currval` is defined only in those.
CREATE SEQUENCE {schema}.announced AS bigint CYCLE;

-- The locks of this log, read in one pass: `low` is set for a fence, `stream` for the lock of a stream.
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
           -- A lock whose owner is unknown counts: waiting is safe, skipping is not.
           coalesce(h.virtualtransaction IN (SELECT t.virtualtransaction FROM held t WHERE t.locktype = 'relation'), true)
               AS counts
    FROM held h
    -- A transaction that holds the table in ROW EXCLUSIVE found no free lock to announce with: see `announce_lower`.
    WHERE h.locktype = 'advisory' OR h.mode = 'RowExclusiveLock';

-- Guarantees that no event can still appear at or below the returned position, for a statement that begins after this one
-- and reads in READ COMMITTED on the primary. Rust calls this value `finished`; its frontier is the last event at or below
-- it.
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
    -- Without the right, PostgreSQL 18 returns NULL instead of an error, and readers would never advance.
    IF NOT has_sequence_privilege({position}::regclass, 'USAGE, SELECT') THEN
        RAISE EXCEPTION 'the owner of the function may not read the sequence' USING ERRCODE = 'ES004';
    END IF;
    -- The sequence first, then the locks. A writer that draws in between either holds a lock that is seen here, or locked
    -- the table after the sequence was read and so draws above what was read.
    high := coalesce(pg_sequence_last_value({position}::regclass), 0);
    low := (SELECT min(l.low) FROM {schema}.es_locks l WHERE l.counts);
    RETURN least(high, low);
END
$es$;

-- Guarantees that no event that is committed by now has a position above the returned one.
CREATE FUNCTION {schema}.drawn() RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $es$
BEGIN
    RETURN coalesce(pg_sequence_last_value({position}::regclass), 0);
END
$es$;

-- The transactions that hold the frontier back.
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

-- The locks of this log that transactions hold which append nothing.
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
    'Announces, before positions are drawn, the position above which this transaction may draw.';
COMMENT ON FUNCTION {schema}.announce_lower(bigint) IS
    'Announces a lower position, where another role holds the lock of the right one exclusively.';
COMMENT ON TABLE {schema}.appending IS 'Always empty: transactions that append lock it, as no other role can.';
COMMENT ON SEQUENCE {schema}.announced IS 'Counts the checks of backends whether the log has moved.';
COMMENT ON FUNCTION {schema}.frontier() IS
    'The last position at or below which no event can still appear. Read events in a later statement than this one.';
COMMENT ON FUNCTION {schema}.drawn() IS 'The highest position that was drawn, whether or not its event became visible.';
COMMENT ON VIEW {schema}.es_locks IS 'The locks of this log, and whether their transaction appends.';
COMMENT ON COLUMN {schema}.es_locks.pid IS 'The backend; NULL for a prepared transaction.';
COMMENT ON COLUMN {schema}.es_locks.transaction IS 'The virtual transaction id.';
COMMENT ON COLUMN {schema}.es_locks.granted IS 'True when the lock is held, false when it is waited for.';
COMMENT ON COLUMN {schema}.es_locks.low IS 'The position at which it holds the frontier, if it counts; NULL for the lock of a stream.';
COMMENT ON COLUMN {schema}.es_locks.stream IS 'The key of a stream''s lock; NULL for a lock of the frontier.';
COMMENT ON COLUMN {schema}.es_locks.counts IS 'True when its transaction appends; false when a stranger took it.';
COMMENT ON VIEW {schema}.es_in_flight IS
    'Transactions that hold the frontier back: readers see no event above low until they end. A prepared one has no pid.';
COMMENT ON COLUMN {schema}.es_in_flight.pid IS 'The backend; NULL for a prepared transaction.';
COMMENT ON COLUMN {schema}.es_in_flight.role IS 'The role that is connected.';
COMMENT ON COLUMN {schema}.es_in_flight.application IS 'The application''s name.';
COMMENT ON COLUMN {schema}.es_in_flight.client IS 'The client''s address.';
COMMENT ON COLUMN {schema}.es_in_flight.state IS 'The state of the session.';
COMMENT ON COLUMN {schema}.es_in_flight.age IS 'How long the transaction has been open.';
COMMENT ON COLUMN {schema}.es_in_flight.low IS 'The position at which it holds the frontier.';
COMMENT ON VIEW {schema}.es_strangers IS
    'Locks of this log held by transactions that append nothing. They delay no reader; the lock of a stream delays its appends.';
COMMENT ON COLUMN {schema}.es_strangers.pid IS 'The backend; NULL for a prepared transaction.';
COMMENT ON COLUMN {schema}.es_strangers.role IS 'The role that is connected.';
COMMENT ON COLUMN {schema}.es_strangers.application IS 'The application''s name.';
COMMENT ON COLUMN {schema}.es_strangers.client IS 'The client''s address.';
COMMENT ON COLUMN {schema}.es_strangers.state IS 'The state of the session.';
COMMENT ON COLUMN {schema}.es_strangers.age IS 'How long the transaction has been open.';
COMMENT ON COLUMN {schema}.es_strangers.low IS 'The position at which it would hold the frontier.';
COMMENT ON COLUMN {schema}.es_strangers.stream IS 'The key of the stream''s lock.';
