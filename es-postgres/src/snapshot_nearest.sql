-- one whose event is not in the log is of no use: somebody restored the log
SELECT s.version, s.position, s.recorded_at, s.payload
FROM {schema}.snapshots s
WHERE s.category OPERATOR(pg_catalog.=) $1 AND s.id OPERATOR(pg_catalog.=) $2 AND s.schema OPERATOR(pg_catalog.=) $3
  AND s.version OPERATOR(pg_catalog.<=) $4 AND s.position OPERATOR(pg_catalog.<=) $5
  AND ($6::pg_catalog.timestamptz IS NULL OR s.recorded_at OPERATOR(pg_catalog.<=) $6)
  -- a look-up for each, and no join: the first one found is the last one looked at
  AND ROW(s.position, s.recorded_at) OPERATOR(pg_catalog.=) (
      SELECT e.position, e.recorded_at
      FROM {schema}.events e
      WHERE e.category OPERATOR(pg_catalog.=) s.category AND e.id OPERATOR(pg_catalog.=) s.id
        AND e.version OPERATOR(pg_catalog.=) s.version)
ORDER BY s.version DESC
LIMIT 1
