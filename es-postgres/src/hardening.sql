-- Run in the log's database by a superuser, or by its owner with CREATEROLE, after each migration.
-- Afterwards the application may call the functions of es and read the tables, and make the tables of projections, and nothing
-- else.
BEGIN;
SELECT pg_catalog.set_config('es.application', {application}, true);
DO $es$
DECLARE
    application CONSTANT text := pg_catalog.current_setting('es.application');
    -- The owner of the log, a role without login. Roles are shared by the databases of a server, so each has its own.
    keeper      CONSTANT text := 'es_owner_' || pg_catalog.current_database();
    -- The owner of the tables of projections, a role without login of which all applications are members.
    projector   CONSTANT text := 'es_projections_' || pg_catalog.current_database();
    home        CONSTANT oid := (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = {name});
    superuser   CONSTANT boolean := (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user);
    statement   text;
BEGIN
    IF home IS NULL THEN
        RAISE EXCEPTION 'there is no log in this database yet; run the migrations first';
    END IF;
    IF octet_length(projector) > 63 OR octet_length(application) NOT BETWEEN 1 AND 63 THEN
        RAISE EXCEPTION 'a role''s name has 1 to 63 bytes: `%` or `%` does not fit', projector, application;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = application) THEN
        EXECUTE format('CREATE ROLE %I LOGIN', application);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = keeper) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', keeper);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = projector) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', projector);
    END IF;
    IF pg_catalog.pg_has_role(application, keeper, 'MEMBER') THEN
        RAISE EXCEPTION 'the role `%` is a superuser or a member of `%`: the protections would not apply to it', application, keeper;
    END IF;
    IF pg_catalog.pg_has_role(projector, keeper, 'MEMBER') THEN
        RAISE EXCEPTION 'the role `%` is a superuser or a member of `%`: the protections would not apply to it', projector, keeper;
    END IF;
    IF NOT (SELECT r.rolinherit FROM pg_catalog.pg_roles r WHERE r.rolname = application) THEN
        RAISE EXCEPTION 'the role `%` does not inherit the rights of `%`; run ALTER ROLE % INHERIT', application, projector, application;
    END IF;
    EXECUTE format('GRANT %I TO %I', projector, application);
    -- Each projection has a schema of its own.
    EXECUTE format('GRANT CREATE ON DATABASE %I TO %I', pg_catalog.current_database(), projector);
    IF NOT superuser THEN
        -- To change an owner, one must be a member of the new owner, and the new owner needs CREATE.
        EXECUTE format('GRANT %I TO CURRENT_USER', keeper);
        EXECUTE format('GRANT CREATE ON DATABASE %I TO %I', pg_catalog.current_database(), keeper);
        EXECUTE format('GRANT %I TO CURRENT_USER', projector);
    END IF;
    EXECUTE format('ALTER SCHEMA %I OWNER TO %I', {name}, keeper);
    FOR statement IN
        SELECT format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, keeper)
        FROM pg_catalog.pg_class c
        WHERE c.relnamespace = home AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
        UNION ALL
        SELECT format('ALTER FUNCTION %s OWNER TO %I', p.oid::regprocedure, keeper)
        FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = home
    LOOP
        EXECUTE statement;
    END LOOP;
    FOR statement IN
        -- The tables that projections made before.
        WITH made AS (
            SELECT n.oid, n.nspname
            FROM pg_catalog.pg_namespace n
            WHERE pg_catalog.obj_description(n.oid, 'pg_namespace') = 'Tables of a projection of es. They can be built again from the log.'
        )
        SELECT format('ALTER SCHEMA %I OWNER TO %I', m.nspname, projector) FROM made m
        UNION ALL
        SELECT format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, projector)
        FROM made m JOIN pg_catalog.pg_class c ON c.relnamespace = m.oid
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
          -- The sequence of a column follows its table.
          AND NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_catalog.pg_depend d
                                               WHERE d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0))
        UNION ALL
        SELECT format('ALTER ROUTINE %s OWNER TO %I', p.oid::regprocedure, projector)
        FROM made m JOIN pg_catalog.pg_proc p ON p.pronamespace = m.oid
        UNION ALL
        SELECT format('ALTER TYPE %s OWNER TO %I', t.oid::regtype, projector)
        FROM made m JOIN pg_catalog.pg_type t ON t.typnamespace = m.oid
        WHERE t.typtype IN ('d', 'e')
    LOOP
        EXECUTE statement;
    END LOOP;
    IF NOT superuser THEN
        EXECUTE format('REVOKE CREATE ON DATABASE %I FROM %I', pg_catalog.current_database(), keeper);
    END IF;
    FOR statement IN
        SELECT format('REVOKE ALL ON %s %I FROM PUBLIC, %I', kind, {name}, application)
        FROM unnest(ARRAY['SCHEMA', 'ALL TABLES IN SCHEMA', 'ALL SEQUENCES IN SCHEMA', 'ALL FUNCTIONS IN SCHEMA']) kind
    LOOP
        EXECUTE statement;
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', {name}, application);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', {name}, application);
    -- The functions recognise appends by a lock on this table, so the application must not be able to take one.
    EXECUTE format('REVOKE ALL ON %I.appending FROM %I', {name}, application);
    FOR statement IN
        -- The functions that applications call are SECURITY DEFINER; all others are for the owner alone.
        SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', p.oid::regprocedure, application)
        FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = home AND p.prosecdef
    LOOP
        EXECUTE statement;
    END LOOP;
END
$es$;
COMMIT;
