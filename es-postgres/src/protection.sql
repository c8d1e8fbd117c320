-- One column for each protection, true where it is off. For a superuser the first implies the three after it,
-- which are then not reported.
SELECT r.rolsuper,
       r.rolcreaterole AND NOT r.rolsuper,
       pg_has_role(e.relowner, 'MEMBER') AND NOT r.rolsuper,
       (has_table_privilege(e.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
           OR has_any_column_privilege(e.oid, 'INSERT, UPDATE')
           OR has_sequence_privilege({position}::regclass, 'USAGE, UPDATE'))
           AND NOT pg_has_role(e.relowner, 'MEMBER'),
       NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t
                   WHERE t.tgrelid = e.oid AND t.tgname = 'events_never_change' AND t.tgenabled IN ('A', 'O')),
       EXISTS (SELECT FROM pg_catalog.pg_class c
               WHERE c.relname IN ('projections', 'rows') AND c.relnamespace = e.relnamespace
                 AND (has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
                     OR has_any_column_privilege(c.oid, 'INSERT, UPDATE'))
                 AND NOT pg_has_role(c.relowner, 'MEMBER'))
FROM pg_catalog.pg_roles r, pg_catalog.pg_class e
WHERE r.rolname = current_user
  AND e.relname = 'events' AND e.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = {name})
