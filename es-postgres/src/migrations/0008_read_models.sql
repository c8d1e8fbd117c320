-- Read models: of each its rows, and the checkpoint that moves with them in one transaction. `es_core::ReadModels` says what
-- each function promises. A projection is changed only under the lock of its row in `projections`, and its rows only by a
-- transaction that holds that lock.
CREATE TABLE {schema}.projections (
    name                text        COLLATE "C" NOT NULL,
    version             bigint      NOT NULL,
    epoch               bigint      NOT NULL DEFAULT 0,
    state               text        COLLATE "C" NOT NULL DEFAULT 'building',
    complete            boolean     NOT NULL DEFAULT false,
    handled             bigint      NOT NULL DEFAULT 0,
    handled_incarnation uuid,
    seen                bigint      NOT NULL DEFAULT 0,
    seen_incarnation    uuid,
    owner               text        COLLATE "C",
    lease               interval,
    lease_until         timestamptz,
    failed_category     text        COLLATE "C",
    failed_id           text        COLLATE "C",
    failed_version      bigint,
    failed_position     bigint,
    attempts            bigint,
    error               text,
    CONSTRAINT projections_name_version PRIMARY KEY (name, version),
    CONSTRAINT projections_name CHECK (octet_length(name) BETWEEN 1 AND 48),
    CONSTRAINT projections_version CHECK (version BETWEEN 0 AND 4294967295),
    CONSTRAINT projections_state CHECK (state IN ('building', 'catching-up', 'live', 'retrying', 'paused', 'stopped')),
    CONSTRAINT projections_positions CHECK (0 <= handled AND handled <= seen),
    CONSTRAINT projections_owner CHECK (octet_length(owner) BETWEEN 1 AND 512),
    CONSTRAINT projections_lease CHECK (num_nonnulls(lease, lease_until) IN (0, 2)),
    CONSTRAINT projections_failure CHECK (
        num_nonnulls(failed_category, failed_id, failed_version, failed_position, attempts, error) IN (0, 6)
        AND octet_length(failed_category) BETWEEN 1 AND 512 AND octet_length(failed_id) BETWEEN 1 AND 512
        AND failed_version >= 0 AND failed_position >= 0 AND attempts BETWEEN 0 AND 4294967295)
-- Each step updates the row in place, in the free half of its page, so that no index has to change.
) WITH (fillfactor = 50);

CREATE TABLE {schema}.rows (
    projection text   COLLATE "C" NOT NULL,
    version    bigint NOT NULL,
    key        text   COLLATE "C" NOT NULL,
    state      json   NOT NULL,
    CONSTRAINT rows_projection_version_key PRIMARY KEY (projection, version, key),
    CONSTRAINT rows_key CHECK (octet_length(key) BETWEEN 1 AND 512),
    CONSTRAINT rows_state CHECK (octet_length(state::text) <= 16777216)
) WITH (fillfactor = 80);

COMMENT ON TABLE {schema}.projections IS
    'How far each read model has come, and which program keeps it up to date. Only the functions change it.';
COMMENT ON COLUMN {schema}.projections.name IS 'The name of the projection.';
COMMENT ON COLUMN {schema}.projections.version IS 'The version of the projection.';
COMMENT ON COLUMN {schema}.projections.epoch IS 'The number of the last claim or request: only the owner that knows it can take a step.';
COMMENT ON COLUMN {schema}.projections.state IS 'What it is doing: building, catching-up, live, retrying, paused or stopped.';
COMMENT ON COLUMN {schema}.projections.complete IS 'True when it has been at the end of the log since it was made or rebuilt.';
COMMENT ON COLUMN {schema}.projections.handled IS 'The position of the last event that it handled.';
COMMENT ON COLUMN {schema}.projections.handled_incarnation IS 'The incarnation of that position; NULL when there is none.';
COMMENT ON COLUMN {schema}.projections.seen IS 'The position up to which it has looked.';
COMMENT ON COLUMN {schema}.projections.seen_incarnation IS 'The incarnation of that position; NULL when there is none.';
COMMENT ON COLUMN {schema}.projections.owner IS 'The program that keeps it up to date; NULL when there is none.';
COMMENT ON COLUMN {schema}.projections.lease IS 'The length of the owner''s lease.';
COMMENT ON COLUMN {schema}.projections.lease_until IS
    'The end of the owner''s lease. One that is further ahead than the lease is long is over: the clock was set back.';
COMMENT ON COLUMN {schema}.projections.failed_category IS 'The category of the event that failed.';
COMMENT ON COLUMN {schema}.projections.failed_id IS 'The id of that event''s stream within its category.';
COMMENT ON COLUMN {schema}.projections.failed_version IS 'The version of that event in its stream.';
COMMENT ON COLUMN {schema}.projections.failed_position IS 'The position of that event.';
COMMENT ON COLUMN {schema}.projections.attempts IS 'How often that event was tried.';
COMMENT ON COLUMN {schema}.projections.error IS 'The error of the last attempt.';
COMMENT ON TABLE {schema}.rows IS 'The rows of read models. They can be built again from the log.';
COMMENT ON COLUMN {schema}.rows.projection IS 'The name of the projection.';
COMMENT ON COLUMN {schema}.rows.version IS 'The version of the projection.';
COMMENT ON COLUMN {schema}.rows.key IS 'What the row is found by.';
COMMENT ON COLUMN {schema}.rows.state IS 'The encoded state, byte for byte as it was sent.';

-- Where each read model stands now.
CREATE VIEW {schema}.es_projections AS
    SELECT p.name, p.version, p.state, p.complete, p.handled, p.handled_incarnation, p.seen, p.seen_incarnation, p.epoch, p.owner,
           CASE WHEN l.rest BETWEEN interval '1 microsecond' AND p.lease THEN (extract(epoch FROM l.rest) * 1000000)::bigint END
               AS lease_left,
           p.failed_category, p.failed_id, p.failed_version, p.failed_position, p.attempts, p.error
    FROM {schema}.projections p
    CROSS JOIN LATERAL (SELECT p.lease_until - clock_timestamp() AS rest) l;

COMMENT ON VIEW {schema}.es_projections IS 'How far each read model has come, and which program keeps it up to date.';
COMMENT ON COLUMN {schema}.es_projections.name IS 'The name of the projection.';
COMMENT ON COLUMN {schema}.es_projections.version IS 'The version of the projection.';
COMMENT ON COLUMN {schema}.es_projections.state IS 'What it is doing: building, catching-up, live, retrying, paused or stopped.';
COMMENT ON COLUMN {schema}.es_projections.complete IS 'True when it has been at the end of the log since it was made or rebuilt.';
COMMENT ON COLUMN {schema}.es_projections.handled IS 'The position of the last event that it handled.';
COMMENT ON COLUMN {schema}.es_projections.handled_incarnation IS 'The incarnation of that position; NULL when there is none.';
COMMENT ON COLUMN {schema}.es_projections.seen IS 'The position up to which it has looked.';
COMMENT ON COLUMN {schema}.es_projections.seen_incarnation IS 'The incarnation of that position; NULL when there is none.';
COMMENT ON COLUMN {schema}.es_projections.epoch IS 'The number of the last claim or request.';
COMMENT ON COLUMN {schema}.es_projections.owner IS 'The program that keeps it up to date, also when its lease is over; NULL when it gave the lease back.';
COMMENT ON COLUMN {schema}.es_projections.lease_left IS 'How long the owner''s lease still lasts, in microseconds; NULL when it is over.';
COMMENT ON COLUMN {schema}.es_projections.failed_category IS 'The category of the event that failed.';
COMMENT ON COLUMN {schema}.es_projections.failed_id IS 'The id of that event''s stream within its category.';
COMMENT ON COLUMN {schema}.es_projections.failed_version IS 'The version of that event in its stream.';
COMMENT ON COLUMN {schema}.es_projections.failed_position IS 'The position of that event.';
COMMENT ON COLUMN {schema}.es_projections.attempts IS 'How often that event was tried.';
COMMENT ON COLUMN {schema}.es_projections.error IS 'The error of the last attempt.';

-- Guarantees that a claim or a request is durable before it is answered, whatever the connection is set to: its epoch ends
-- older claims.
CREATE FUNCTION {schema}.commit_durably() RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $es$
BEGIN
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
END
$es$;

-- Guarantees that at most one program owns a projection, and that each claim has a higher epoch than the one before. Makes
-- the projection if there is none. Never waits for a transaction that holds the projection: then it is not claimed, and
-- `status` is what was committed last.
CREATE FUNCTION {schema}.claim_projection(
    projection text, projection_version bigint, claimant text,
    -- The length of the lease in microseconds.
    lease_micros bigint,
    OUT claimed boolean,
    -- NULL when another transaction is about to make the projection.
    OUT status {schema}.es_projections)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    -- Only the first claim can wait: for another first claim that is not committed.
    SET lock_timeout = '1s'
AS $es$
BEGIN
    IF pg_is_in_recovery() THEN
        RAISE EXCEPTION 'read models are changed on the primary alone' USING ERRCODE = 'ES003';
    END IF;
    -- At most 285 years, so that the end of the lease is a valid time.
    IF (lease_micros BETWEEN 0 AND 9007199254740992) IS NOT TRUE OR claimant IS NULL THEN
        RAISE EXCEPTION 'the claim is refused: its owner or its lease is missing or out of range' USING ERRCODE = 'ES011';
    END IF;
    claimed := false;
    PERFORM {schema}.commit_durably();
    IF NOT EXISTS (SELECT FROM {schema}.projections p WHERE p.name = projection AND p.version = projection_version) THEN
        BEGIN
            INSERT INTO {schema}.projections (name, version) VALUES (projection, projection_version)
            ON CONFLICT ON CONSTRAINT projections_name_version DO NOTHING;
        EXCEPTION WHEN lock_not_available THEN
            RETURN;
        END;
    END IF;
    PERFORM FROM {schema}.projections p
    WHERE p.name = projection AND p.version = projection_version AND p.state NOT IN ('paused', 'stopped')
      AND (p.owner = claimant
           OR (p.lease_until - clock_timestamp() BETWEEN interval '1 microsecond' AND p.lease) IS NOT TRUE)
    FOR UPDATE SKIP LOCKED;
    claimed := FOUND;
    IF claimed THEN
        UPDATE {schema}.projections p
        SET epoch = p.epoch + 1, owner = claimant, lease = lease_micros * interval '1 microsecond',
            lease_until = clock_timestamp() + lease_micros * interval '1 microsecond'
        WHERE p.name = projection AND p.version = projection_version;
    END IF;
    SELECT * INTO status FROM {schema}.es_projections s WHERE s.name = projection AND s.version = projection_version;
END
$es$;

-- Guarantees that a projection and its rows move together, and only from the epoch and the position that the owner knows.
-- Returns false and writes nothing otherwise.
CREATE FUNCTION {schema}.advance_projection(
    projection text, projection_version bigint, claimed_epoch bigint, handled_before bigint,
    now_handled bigint, now_handled_incarnation uuid, now_seen bigint, now_seen_incarnation uuid, now_state text,
    -- The event that failed, and its error; all NULL when there is none.
    now_failed_category text, now_failed_id text, now_failed_version bigint, now_failed_position bigint, now_attempts bigint,
    now_error text,
    -- The length of the lease in microseconds; NULL gives it back.
    lease_micros bigint,
    keys text[], states json[]) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    -- Statements over arrays would otherwise get a custom plan at each call.
    SET plan_cache_mode = force_generic_plan
    -- A generic plan made while the table was empty would otherwise stay a sequential scan.
    SET enable_seqscan = off
AS $es$
DECLARE
    -- Takes a result that is not needed: an assignment costs less than PERFORM, which runs a query.
    ignored text;
BEGIN
    IF pg_is_in_recovery() THEN
        RAISE EXCEPTION 'read models are changed on the primary alone' USING ERRCODE = 'ES003';
    END IF;
    IF keys IS NULL OR states IS NULL OR cardinality(keys) <> cardinality(states) THEN
        RAISE EXCEPTION 'the step is refused: its keys and its states differ in number' USING ERRCODE = 'ES011';
    END IF;
    IF now_handled < handled_before THEN
        RAISE EXCEPTION 'the step is refused: it moves back' USING ERRCODE = 'ES011';
    END IF;
    IF NOT lease_micros BETWEEN 0 AND 9007199254740992 THEN
        RAISE EXCEPTION 'the step is refused: its lease is out of range' USING ERRCODE = 'ES011';
    END IF;
    -- The commit does not wait for the disk. After a crash the step may be lost, whole and with all later ones; then the
    -- owner handles the same events again. The WAL of these events is on disk before they can be read, so a step that is
    -- not lost never has events that are. Only in a transaction that has written nothing: it may have appended.
    IF pg_current_xact_id_if_assigned() IS NULL THEN
        ignored := set_config('synchronous_commit', 'off', true);
    END IF;
    UPDATE {schema}.projections p
    SET state = now_state, complete = p.complete OR now_state = 'live',
        handled = now_handled, handled_incarnation = now_handled_incarnation,
        seen = now_seen, seen_incarnation = now_seen_incarnation,
        owner = CASE WHEN lease_micros IS NOT NULL THEN p.owner END,
        lease = lease_micros * interval '1 microsecond',
        lease_until = clock_timestamp() + lease_micros * interval '1 microsecond',
        failed_category = now_failed_category, failed_id = now_failed_id, failed_version = now_failed_version,
        failed_position = now_failed_position, attempts = now_attempts, error = now_error
    WHERE p.name = projection AND p.version = projection_version AND p.epoch = claimed_epoch AND p.handled = handled_before;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF cardinality(keys) > 0 THEN
        INSERT INTO {schema}.rows (projection, version, key, state)
        SELECT projection, projection_version, u.key, u.state FROM unnest(keys, states) u(key, state)
        ON CONFLICT ON CONSTRAINT rows_projection_version_key DO UPDATE SET state = EXCLUDED.state;
    END IF;
    RETURN true;
END
$es$;

-- Guarantees that a request ends the claim of the projection's owner. Returns false and writes nothing when the projection
-- is no longer as the caller saw it. `rebuild` removes the rows, and begins at the start of the log.
CREATE FUNCTION {schema}.ask_projection(
    projection text, projection_version bigint, epoch_before bigint, state_before text, complete_before boolean,
    now_state text, rebuild boolean) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $es$
BEGIN
    IF pg_is_in_recovery() THEN
        RAISE EXCEPTION 'read models are changed on the primary alone' USING ERRCODE = 'ES003';
    END IF;
    IF rebuild IS NULL THEN
        RAISE EXCEPTION 'the request is refused: an argument is NULL' USING ERRCODE = 'ES011';
    END IF;
    PERFORM {schema}.commit_durably();
    UPDATE {schema}.projections p
    SET epoch = p.epoch + 1, state = now_state, complete = p.complete AND NOT rebuild,
        handled = CASE WHEN rebuild THEN 0 ELSE p.handled END,
        handled_incarnation = CASE WHEN NOT rebuild THEN p.handled_incarnation END,
        seen = CASE WHEN rebuild THEN 0 ELSE p.seen END,
        seen_incarnation = CASE WHEN NOT rebuild THEN p.seen_incarnation END,
        owner = NULL, lease = NULL, lease_until = NULL,
        failed_category = NULL, failed_id = NULL, failed_version = NULL, failed_position = NULL, attempts = NULL, error = NULL
    WHERE p.name = projection AND p.version = projection_version
      AND p.epoch = epoch_before AND p.state = state_before AND p.complete = complete_before;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF rebuild THEN
        DELETE FROM {schema}.rows r WHERE r.projection = ask_projection.projection AND r.version = projection_version;
    END IF;
    RETURN true;
END
$es$;

COMMENT ON FUNCTION {schema}.commit_durably() IS 'Makes the commit of the transaction wait for the disk.';
COMMENT ON FUNCTION {schema}.claim_projection(text, bigint, text, bigint) IS
    'Makes a program the owner of a projection, if nobody else is. For the library es only.';
COMMENT ON FUNCTION {schema}.advance_projection(text, bigint, bigint, bigint, bigint, uuid, bigint, uuid, text, text, text, bigint,
    bigint, bigint, text, bigint, text[], json[]) IS
    'Moves a projection on and writes its rows, if it was not claimed or moved since. For the library es only.';
COMMENT ON FUNCTION {schema}.ask_projection(text, bigint, bigint, text, boolean, text, boolean) IS
    'Pauses, resumes, retries or rebuilds a projection. For the library es only.';
