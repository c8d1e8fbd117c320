-- Events never change, not even by a mistake of their owner.
CREATE FUNCTION {schema}.refuse() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $es$
BEGIN
    RAISE EXCEPTION 'events never change; % is refused', TG_OP USING ERRCODE = 'ES005';
END
$es$;

CREATE TRIGGER events_never_change
    BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.events
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse();

-- also where triggers are off for replication
ALTER TABLE {schema}.events ENABLE ALWAYS TRIGGER events_never_change;

COMMENT ON FUNCTION {schema}.refuse() IS 'Refuses what would change events.';
COMMENT ON TRIGGER events_never_change ON {schema}.events IS
    'Refuses UPDATE, DELETE and TRUNCATE. Its owner can disable it, for what the law asks to be erased.';
