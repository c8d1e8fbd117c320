-- Where the log lives. In another place, as after a restore or a failover, events that somebody has read may be lost,
-- and their positions given to others.
CREATE TABLE {schema}.incarnations (
    number   bigint      NOT NULL PRIMARY KEY,
    id       uuid        NOT NULL UNIQUE,
    place    text        COLLATE "C" NOT NULL,
    after    bigint      NOT NULL,
    began_at timestamptz NOT NULL
);

CREATE FUNCTION {schema}.place() RETURNS text
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $es$
    -- the cluster, the database, and the timeline: a promoted replica has a new one, as a restore to a point in time has
    SELECT concat_ws('/', c.system_identifier, d.oid, left(pg_walfile_name(pg_current_wal_lsn()), 8))
    FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()
$es$;

CREATE FUNCTION {schema}.new_incarnation() RETURNS uuid
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $es$
    -- checkpoints name it: whatever the connection is set to, it is on disk before anybody is told
    SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') IN ('off', 'local');
    INSERT INTO {schema}.incarnations (number, id, place, after, began_at)
    SELECT (SELECT coalesce(max(i.number), 0) + 1 FROM {schema}.incarnations i), gen_random_uuid(), {schema}.place(),
           -- not above what is still prepared here: it may have been rolled back where the log was before
           least((SELECT coalesce(max(e.position), 0) FROM {schema}.events e), {schema}.frontier()), clock_timestamp()
    RETURNING id
$es$;

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
    -- several processes may find out at once; who waited here looks again
    LOCK TABLE {schema}.incarnations IN SHARE ROW EXCLUSIVE MODE;
    SELECT * INTO newest FROM {schema}.incarnations i ORDER BY i.number DESC LIMIT 1;
    IF newest.place IS NOT DISTINCT FROM here THEN
        RETURN newest.id;
    END IF;
    RETURN {schema}.new_incarnation();
END
$es$;

-- The last position that the log of incarnation `mine` has in common with today's: none above it may be resumed from.
CREATE FUNCTION {schema}.common_with(mine uuid) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $es$
    SELECT coalesce((SELECT min(later.after) FROM {schema}.incarnations later WHERE later.number > i.number), 9223372036854775807)
    FROM {schema}.incarnations i WHERE i.id = mine
$es$;

COMMENT ON TABLE {schema}.incarnations IS
    'The places where this log has lived. A checkpoint of an older one is good up to where the next one began.';
COMMENT ON COLUMN {schema}.incarnations.number IS '1, 2, 3; the last is today''s.';
COMMENT ON COLUMN {schema}.incarnations.id IS 'What checkpoints name it by.';
COMMENT ON COLUMN {schema}.incarnations.place IS 'The cluster''s system identifier, the database''s oid, the timeline.';
COMMENT ON COLUMN {schema}.incarnations.after IS 'Up to here it is the same log as the one before.';
COMMENT ON COLUMN {schema}.incarnations.began_at IS 'When it was first noticed.';
COMMENT ON FUNCTION {schema}.place() IS 'Where this database is.';
COMMENT ON FUNCTION {schema}.new_incarnation() IS
    'Begins a new incarnation. Call it after a restore that is not noticed by itself: of a copy of the disk.';
COMMENT ON FUNCTION {schema}.incarnation() IS 'Today''s incarnation; begins a new one when the log has moved.';
COMMENT ON FUNCTION {schema}.common_with(uuid) IS
    'The last position in common with an incarnation; NULL when it is not known here.';

-- A log that moves, by a failover or a restore, while somebody reads it: what was settled before need not be settled now.
CREATE FUNCTION {schema}.unmoved(seen uuid) RETURNS boolean
    -- stable, so that it runs once for a statement, with the snapshot that the statement reads events with
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
    'Whether this incarnation is today''s; an error when it is not. A new one begins before anything is appended to it.';
