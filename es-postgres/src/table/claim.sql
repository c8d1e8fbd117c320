-- Whether the schema of the tables exists, whether a projection made it, and the role that owns such schemas after hardening.
SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.text),
       EXISTS (SELECT FROM pg_catalog.pg_namespace n
               WHERE n.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.text
                 AND pg_catalog.obj_description(n.oid, 'pg_namespace') OPERATOR(pg_catalog.=) $2::pg_catalog.text),
       (SELECT r.rolname::pg_catalog.text
        FROM pg_catalog.pg_roles r
        WHERE r.rolname OPERATOR(pg_catalog.=) ('es_projections_'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.current_database())
          AND pg_catalog.pg_has_role(r.oid, 'MEMBER'))
