-- a newer one replaces an older one, and any one replaces one that is ahead of its stream
INSERT INTO {schema}.snapshots AS s (category, id, schema, version, payload)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (category, id, schema) DO UPDATE
SET version = excluded.version, payload = excluded.payload, stored_at = clock_timestamp()
WHERE s.version < excluded.version
   OR s.version > coalesce(
      (SELECT e.version FROM {schema}.events e WHERE e.category = $1 AND e.id = $2 ORDER BY e.version DESC LIMIT 1), 0)
