SELECT position, version, recorded_at, event_id, name, schema_version,
       CASE WHEN pg_catalog.pg_column_size(payload) OPERATOR(pg_catalog.<=) 1049600 THEN payload END,
       CASE WHEN pg_catalog.pg_column_size(metadata) OPERATOR(pg_catalog.>) 66560 THEN '0' ELSE metadata END
FROM {schema}.events
WHERE category OPERATOR(pg_catalog.=) $1 AND id OPERATOR(pg_catalog.=) $2 AND version OPERATOR(pg_catalog.>=) $3
ORDER BY version
LIMIT $4
