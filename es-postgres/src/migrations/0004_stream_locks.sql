-- The locks of streams keep two appends to one stream apart. Any role may take an advisory lock: a stranger that holds the
-- lock of a stream delays appends to it, for a bounded time.

-- Guarantees, when true, that every holder of the lock `key` is a stranger: its transaction appends nothing. It looks
-- twice, since an append takes the stream's lock a moment before it locks the table.
CREATE FUNCTION {schema}.strangers_hold(key integer) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $es$
DECLARE
    earlier_holders text[];
    all_strangers   boolean;
BEGIN
    FOR look IN 1..2 LOOP
        SELECT bool_and(NOT l.counts AND (look = 1 OR l.transaction = ANY (earlier_holders))), array_agg(l.transaction)
          INTO all_strangers, earlier_holders
          FROM {schema}.es_locks l WHERE l.stream = key::bigint & 4294967295 AND l.granted;
        IF all_strangers IS NOT TRUE THEN
            RETURN false;
        END IF;
        IF look = 1 THEN
            PERFORM pg_sleep(0.01);
        END IF;
    END LOOP;
    RETURN true;
END
$es$;

-- Guarantees that no other append to the stream runs until the transaction ends, or raises `lock_not_available` after
-- `lock_timeout`. Waits for the lock `key`; where strangers hold it, locks `appending` exclusively instead. Returns true
-- in that case: then no other append runs, to any stream.
--
-- This is safe because each append holds `appending` in ROW SHARE before it takes the snapshot in which it looks up
-- versions, and EXCLUSIVE conflicts with ROW SHARE.
CREATE FUNCTION {schema}.lock_stream(key integer) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $es$
DECLARE
    setting  CONSTANT text := current_setting('lock_timeout');
    -- Zero means no limit.
    max_wait CONSTANT interval := setting::interval;
    began_at CONSTANT timestamptz := clock_timestamp();
    -- The first wait suffices for appends that overlap. Later waits are long enough for the server to detect deadlocks.
    wait     interval := interval '50 milliseconds';
    tries    integer := 0;
    give_up  boolean;
BEGIN
    LOOP
        give_up := max_wait > interval '0' AND clock_timestamp() - began_at >= max_wait;
        IF {schema}.strangers_hold(key) THEN
            tries := tries + 1;
            BEGIN
                -- A short time-out, since all other appends queue behind this lock request.
                PERFORM set_config('lock_timeout', '100ms', true);
                LOCK TABLE {schema}.appending IN EXCLUSIVE MODE;
                PERFORM set_config('lock_timeout', setting, true);
                RETURN true;
            EXCEPTION WHEN lock_not_available THEN
                give_up := give_up OR tries = 200;
            END;
            PERFORM pg_sleep(CASE WHEN give_up THEN 0 ELSE 0.2 END);
        ELSIF NOT give_up THEN
            IF max_wait > interval '0' THEN
                wait := greatest(least(wait, began_at + max_wait - clock_timestamp()), interval '1 millisecond');
            END IF;
            BEGIN
                PERFORM set_config('lock_timeout', ceil(extract(epoch FROM wait) * 1000)::text, true);
                -- Before the stream's lock: `strangers_hold` must see that this transaction appends, also while it holds
                -- other streams and waits for this one.
                LOCK TABLE {schema}.appending IN ROW SHARE MODE;
                PERFORM pg_advisory_xact_lock({streams}, key);
                PERFORM set_config('lock_timeout', setting, true);
                RETURN false;
            EXCEPTION WHEN lock_not_available THEN
                wait := current_setting('deadlock_timeout')::interval + interval '1 second';
            END;
        END IF;
        IF give_up THEN
            RAISE EXCEPTION 'the stream is held by %', coalesce((
                    SELECT string_agg(coalesce('process ' || l.pid || ' of the role ' || quote_ident(a.usename), 'process ' || l.pid,
                                               'a prepared transaction'), ', ')
                    FROM {schema}.es_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
                    WHERE l.stream = key::bigint & 4294967295 AND l.granted), 'no transaction any more')
                USING ERRCODE = 'lock_not_available';
        END IF;
    END LOOP;
END
$es$;

-- Guarantees that no other append to any of these streams runs until the transaction ends. It waits for locks in ascending
-- order of keys, so that two appends which wait cannot deadlock on them.
CREATE FUNCTION {schema}.lock_streams(keys integer[]) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $es$
DECLARE
    key integer;
BEGIN
    FOR key IN SELECT DISTINCT k FROM unnest(keys) k ORDER BY k LOOP
        IF NOT pg_try_advisory_xact_lock({streams}, key) AND {schema}.lock_stream(key) THEN
            RETURN;
        END IF;
    END LOOP;
END
$es$;

COMMENT ON FUNCTION {schema}.strangers_hold(integer) IS 'True when every transaction that holds a stream''s lock appends nothing.';
COMMENT ON FUNCTION {schema}.lock_stream(integer) IS
    'Waits for a stream''s lock; where strangers hold it, keeps all other appends out instead.';
COMMENT ON FUNCTION {schema}.lock_streams(integer[]) IS 'Keeps other appends from these streams until the transaction ends.';
