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
