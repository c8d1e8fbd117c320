-- The incarnations of the log: a new one begins when the server, the database or its timeline is another one than before,
-- as after a restore or a failover; then events that were read before may be lost, and their positions given to other
-- events.
CREATE TABLE {schema}.incarnations (
    number   bigint      NOT NULL PRIMARY KEY,
    id       uuid        NOT NULL UNIQUE,
    place    text        COLLATE "C" NOT NULL,
    after    bigint      NOT NULL,
    began_at timestamptz NOT NULL
);

-- Guarantees a text that changes with a failover, a restore to a point in time, and a restore of a dump into another
-- database. A copy of the disk goes unnoticed: see `new_incarnation`.
CREATE FUNCTION {schema}.place() RETURNS text
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $es$
    -- The cluster, the database and the timeline. A promoted replica and a restore to a point in time begin a new timeline.
    SELECT concat_ws('/', c.system_identifier, d.oid, left(pg_walfile_name(pg_current_wal_lsn()), 8))
    FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()
$es$;

-- Guarantees a new incarnation that is durable before a reader sees it, and that shares with the ones before no position
-- that may hold another event there.
CREATE FUNCTION {schema}.new_incarnation() RETURNS uuid
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $es$
    -- Checkpoints name the incarnation, so its commit waits for the disk whatever the connection is set to.
    SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') IN ('off', 'local');
    INSERT INTO {schema}.incarnations (number, id, place, after, began_at)
    SELECT (SELECT coalesce(max(i.number), 0) + 1 FROM {schema}.incarnations i), gen_random_uuid(), {schema}.place(),
           -- At most the frontier: a transaction that is prepared here may have been rolled back where the log was before.
           least((SELECT coalesce(max(e.position), 0) FROM {schema}.events e), {schema}.frontier()), clock_timestamp()
    RETURNING id
$es$;

-- Guarantees the id of the incarnation in which the log is now; begins one, once, where the log has moved.
CREATE FUNCTION {schema}.incarnation() RETURNS uuid
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $es$
DECLARE
    here   text;
    newest {schema}.incarnations;
BEGIN
    IF pg_is_in_recovery() THEN
        RAISE EXCEPTION 'the incarnation is known on the primary alone' USING ERRCODE = 'ES003';
    END IF;
    here := {schema}.place();
    SELECT * INTO newest FROM {schema}.incarnations i ORDER BY i.number DESC LIMIT 1;
    IF newest.place IS NOT DISTINCT FROM here THEN
        RETURN newest.id;
    END IF;
    -- Several backends may notice the move at once, so each looks again under the lock.
    LOCK TABLE {schema}.incarnations IN SHARE ROW EXCLUSIVE MODE;
    SELECT * INTO newest FROM {schema}.incarnations i ORDER BY i.number DESC LIMIT 1;
    IF newest.place IS NOT DISTINCT FROM here THEN
        RETURN newest.id;
    END IF;
    RETURN {schema}.new_incarnation();
END
$es$;

-- Guarantees that up to the returned position the log of incarnation `mine` and today's are the same; a reader must not
-- resume above it. NULL when this log has no such incarnation.
CREATE FUNCTION {schema}.common_with(mine uuid) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $es$
    SELECT coalesce((SELECT min(later.after) FROM {schema}.incarnations later WHERE later.number > i.number), 9223372036854775807)
    FROM {schema}.incarnations i WHERE i.id = mine
$es$;

COMMENT ON TABLE {schema}.incarnations IS
    'The servers, databases and timelines that have held this log. A checkpoint of an older one is valid up to where the next began.';
COMMENT ON COLUMN {schema}.incarnations.number IS '1, 2, 3; the last is today''s.';
COMMENT ON COLUMN {schema}.incarnations.id IS 'The id that checkpoints hold.';
COMMENT ON COLUMN {schema}.incarnations.place IS 'The cluster''s system identifier, the database''s oid, the timeline.';
COMMENT ON COLUMN {schema}.incarnations.after IS 'The last position that it shares with the incarnation before it.';
COMMENT ON COLUMN {schema}.incarnations.began_at IS 'When the move was noticed.';
COMMENT ON FUNCTION {schema}.place() IS 'Where this database is: cluster, database and timeline.';
COMMENT ON FUNCTION {schema}.new_incarnation() IS
    'Begins a new incarnation. Call it after restoring a copy of the disk, which is not noticed otherwise.';
COMMENT ON FUNCTION {schema}.incarnation() IS 'Today''s incarnation; begins a new one when the log has moved.';
COMMENT ON FUNCTION {schema}.common_with(uuid) IS
    'The last position in common with an incarnation; NULL when this log has no such incarnation.';

-- Guarantees that a statement which calls it reads events of incarnation `seen` only, or fails. A frontier found in another
-- incarnation says nothing about this log.
CREATE FUNCTION {schema}.unmoved(seen uuid) RETURNS boolean
    -- STABLE, so that it runs once for a statement, with the statement's snapshot.
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $es$
BEGIN
    IF seen IS DISTINCT FROM (SELECT i.id FROM {schema}.incarnations i ORDER BY i.number DESC LIMIT 1) THEN
        RAISE EXCEPTION 'the log has moved' USING ERRCODE = 'ES006';
    END IF;
    RETURN true;
END
$es$;

COMMENT ON FUNCTION {schema}.unmoved(uuid) IS
    'True when this incarnation is today''s, an error when it is not. A new one begins before anything is appended to it.';
