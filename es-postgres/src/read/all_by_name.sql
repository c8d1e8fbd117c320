SELECT position, version, recorded_at, event_id, name, schema_version,
       CASE WHEN pg_catalog.pg_column_size(payload) OPERATOR(pg_catalog.<=) 1049600 THEN payload END,
       CASE WHEN pg_catalog.pg_column_size(metadata) OPERATOR(pg_catalog.>) 66560 THEN '0' ELSE metadata END,
       category, id
FROM {schema}.events
-- The incarnation is checked inside the bound, which is evaluated once. A separate condition would be evaluated for each row.
WHERE position {beyond} $1 AND position {within} CASE WHEN {schema}.unmoved($4) THEN $2::bigint END AND name OPERATOR(pg_catalog.=) ANY ($5){slices}
ORDER BY position {order}
LIMIT $3
