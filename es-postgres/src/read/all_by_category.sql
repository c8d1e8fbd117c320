-- One scan of the index on (category, position), which needs no sort. Row comparisons keep the planner from choosing another
-- index.
SELECT position, version, recorded_at, event_id, name, schema_version,
       CASE WHEN pg_catalog.pg_column_size(payload) OPERATOR(pg_catalog.<=) 1049600 THEN payload END,
       CASE WHEN pg_catalog.pg_column_size(metadata) OPERATOR(pg_catalog.>) 66560 THEN '0' ELSE metadata END,
       category, id
FROM {schema}.events
WHERE (category, position) {beyond} ($5::pg_catalog.text, $1)
  AND (category, position) {within} ($5::pg_catalog.text, CASE WHEN {schema}.unmoved($4) THEN $2::bigint END){names}{slices}
ORDER BY category {order}, position {order}
LIMIT $3
