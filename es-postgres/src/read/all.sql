SELECT position, version, recorded_at, event_id, type, schema_version,
       CASE WHEN pg_column_size(data) <= 1049600 THEN data END,
       CASE WHEN pg_column_size(meta) > 66560 THEN '0' ELSE meta END,
       category, id
FROM {schema}.events
WHERE {schema}.unmoved($4) AND position > $1 AND position <= $2
ORDER BY position
LIMIT $3
