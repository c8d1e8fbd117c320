SELECT pg_catalog.current_setting('server_version_num')::integer,
       pg_catalog.current_setting('server_version'),
       pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_setting('server_encoding'),
       pg_catalog.current_setting('fsync'),
       pg_catalog.current_setting('full_page_writes'),
       pg_catalog.current_setting('synchronous_commit')
