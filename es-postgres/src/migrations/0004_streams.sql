-- Any role may take a stream's advisory lock. A stranger that holds one delays appends to the stream, for a bounded time.

-- Whether those that hold the lock `key` are strangers all: their transactions do not append. Who has only just taken it
-- is seen a second time, holding the table by then.
CREATE FUNCTION {schema}.strangers_hold(key integer) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $es$
DECLARE
    before  text[];
    strange boolean;
BEGIN
    FOR look IN 1..2 LOOP
        SELECT bool_and(NOT l.counts AND (look = 1 OR l.transaction = ANY (before))), array_agg(l.transaction)
          INTO strange, before
          FROM {schema}.es_locks l WHERE l.stream = key::bigint & 4294967295 AND l.granted;
        IF strange IS NOT TRUE THEN
            RETURN false;
        END IF;
        IF look = 1 THEN
            PERFORM pg_sleep(0.01);
        END IF;
    END LOOP;
    RETURN true;
END
$es$;

-- Waits for the lock `key`, or until nobody else appends. Answers whether nobody else does, to any stream.
--
-- What keeps two appends to one stream apart is not the advisory lock alone: each holds `appending` in ROW SHARE before the
-- snapshot that it looks versions up with, and whoever goes without a stranger's lock holds it in EXCLUSIVE.
CREATE FUNCTION {schema}.wait_for(key integer) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $es$
DECLARE
    limited  CONSTANT text := current_setting('lock_timeout');
    patience CONSTANT interval := limited::interval;
    began    CONSTANT timestamptz := clock_timestamp();
    -- the first wait is enough for appends that overlap; later ones are long enough for the server to find deadlocks
    turn     interval := interval '50 milliseconds';
    tries    integer := 0;
    over     boolean;
BEGIN
    LOOP
        over := patience > interval '0' AND clock_timestamp() - began >= patience;
        IF {schema}.strangers_hold(key) THEN
            tries := tries + 1;
            BEGIN
                -- short, since all other appends wait behind it
                PERFORM set_config('lock_timeout', '100ms', true);
                LOCK TABLE {schema}.appending IN EXCLUSIVE MODE;
                PERFORM set_config('lock_timeout', limited, true);
                RETURN true;
            EXCEPTION WHEN lock_not_available THEN
                over := over OR tries = 200;
            END;
            PERFORM pg_sleep(CASE WHEN over THEN 0 ELSE 0.2 END);
        ELSIF NOT over THEN
            IF patience > interval '0' THEN
                turn := greatest(least(turn, began + patience - clock_timestamp()), interval '1 millisecond');
            END IF;
            BEGIN
                PERFORM set_config('lock_timeout', ceil(extract(epoch FROM turn) * 1000)::text, true);
                LOCK TABLE {schema}.appending IN ROW SHARE MODE;
                PERFORM pg_advisory_xact_lock({streams}, key);
                PERFORM set_config('lock_timeout', limited, true);
                RETURN false;
            EXCEPTION WHEN lock_not_available THEN
                turn := current_setting('deadlock_timeout')::interval + interval '1 second';
            END;
        END IF;
        IF over THEN
            RAISE EXCEPTION 'the stream is held by %', coalesce((
                    SELECT string_agg(coalesce('process ' || l.pid || ' of the role ' || quote_ident(a.usename), 'process ' || l.pid,
                                               'a prepared transaction'), ', ')
                    FROM {schema}.es_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
                    WHERE l.stream = key::bigint & 4294967295 AND l.granted), 'nobody any more')
                USING ERRCODE = 'lock_not_available';
        END IF;
    END LOOP;
END
$es$;

-- Holds the streams of these locks, whoever else does; in one order everywhere, so that no two wait for each other.
CREATE FUNCTION {schema}.hold(keys integer[]) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $es$
DECLARE
    key integer;
BEGIN
    FOR key IN SELECT DISTINCT k FROM unnest(keys) k ORDER BY k LOOP
        IF NOT pg_try_advisory_xact_lock({streams}, key) AND {schema}.wait_for(key) THEN
            RETURN;
        END IF;
    END LOOP;
END
$es$;

COMMENT ON FUNCTION {schema}.strangers_hold(integer) IS 'Whether only transactions hold a stream''s lock that do not append.';
COMMENT ON FUNCTION {schema}.wait_for(integer) IS 'Waits for a stream''s lock, or goes without where strangers hold it.';
COMMENT ON FUNCTION {schema}.hold(integer[]) IS 'Keeps other appends from these streams until the transaction ends.';
