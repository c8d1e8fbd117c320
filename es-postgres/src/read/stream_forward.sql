SELECT position, version, recorded_at, event_id, type, schema_version,
       CASE WHEN pg_column_size(data) <= 1049600 THEN data END,
       CASE WHEN pg_column_size(meta) > 66560 THEN '0' ELSE meta END
FROM {schema}.events
WHERE category = $1 AND id = $2 AND version >= $3
ORDER BY version
LIMIT $4
