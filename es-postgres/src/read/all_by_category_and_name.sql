-- each category by its own walk over the index, then merged; whole rows are compared, so that no other index will do
SELECT e.position, e.version, e.recorded_at, e.event_id, e.type, e.schema_version,
       CASE WHEN pg_column_size(e.data) <= 1049600 THEN e.data END,
       CASE WHEN pg_column_size(e.meta) > 66560 THEN '0' ELSE e.meta END,
       e.category, e.id
FROM unnest($5::text[]) c (category)
CROSS JOIN LATERAL (
    SELECT *
    FROM {schema}.events v
    WHERE (v.category, v.position) > (c.category, $1)
      AND (v.category, v.position) <= (c.category, CASE WHEN {schema}.unmoved($4) THEN $2::bigint END)
      AND v.type = ANY ($6)
    ORDER BY v.category, v.position
    LIMIT $3) e
ORDER BY e.position
LIMIT $3
