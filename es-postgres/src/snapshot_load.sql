-- one that is ahead of its stream is of no use: somebody restored the log
SELECT s.version, s.payload
FROM {schema}.snapshots s
WHERE s.category = $1 AND s.id = $2 AND s.schema = $3
  AND s.version <= coalesce(
      (SELECT e.version FROM {schema}.events e WHERE e.category = $1 AND e.id = $2 ORDER BY e.version DESC LIMIT 1), 0)
