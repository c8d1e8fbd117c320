-- one that is ahead of its stream is of no use: somebody restored the log
SELECT s.version, s.payload
FROM {schema}.snapshots s
WHERE s.category OPERATOR(pg_catalog.=) $1 AND s.id OPERATOR(pg_catalog.=) $2 AND s.schema OPERATOR(pg_catalog.=) $3
  AND s.version OPERATOR(pg_catalog.<=) coalesce(
      (SELECT e.version FROM {schema}.events e WHERE e.category OPERATOR(pg_catalog.=) $1 AND e.id OPERATOR(pg_catalog.=) $2 ORDER BY e.version DESC LIMIT 1), 0)
ORDER BY s.version DESC
LIMIT 1
