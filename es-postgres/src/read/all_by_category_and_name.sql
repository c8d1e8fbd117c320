-- Each category is one scan of the index on (category, position); the results are merged. Row comparisons keep the planner
-- from choosing another index.
SELECT e.position, e.version, e.recorded_at, e.event_id, e.name, e.schema_version,
       CASE WHEN pg_catalog.pg_column_size(e.payload) OPERATOR(pg_catalog.<=) 1049600 THEN e.payload END,
       CASE WHEN pg_catalog.pg_column_size(e.metadata) OPERATOR(pg_catalog.>) 66560 THEN '0' ELSE e.metadata END,
       e.category, e.id
FROM pg_catalog.unnest($5::pg_catalog.text[]) c (category)
CROSS JOIN LATERAL (
    SELECT *
    FROM {schema}.events v
    WHERE (v.category, v.position) {beyond} (c.category, $1)
      AND (v.category, v.position) {within} (c.category, CASE WHEN {schema}.unmoved($4) THEN $2::bigint END)
      AND v.name OPERATOR(pg_catalog.=) ANY ($6){slices}
    ORDER BY v.category {order}, v.position {order}
    LIMIT $3) e
ORDER BY e.position {order}
LIMIT $3
