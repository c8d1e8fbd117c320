-- A snapshot whose event is not in the log is ignored: the log was restored after it was stored.
SELECT s.version, s.position, s.recorded_at, s.payload
FROM {schema}.snapshots s
WHERE s.category OPERATOR(pg_catalog.=) $1 AND s.id OPERATOR(pg_catalog.=) $2 AND s.schema OPERATOR(pg_catalog.=) $3
  AND s.version OPERATOR(pg_catalog.<=) $4 AND s.position OPERATOR(pg_catalog.<=) $5
  AND ($6::pg_catalog.timestamptz IS NULL OR s.recorded_at OPERATOR(pg_catalog.<=) $6)
  -- A subquery instead of a join: the search ends with the first snapshot whose event is found.
  AND ROW(s.position, s.recorded_at) OPERATOR(pg_catalog.=) (
      SELECT e.position, e.recorded_at
      FROM {schema}.events e
      WHERE e.category OPERATOR(pg_catalog.=) s.category AND e.id OPERATOR(pg_catalog.=) s.id
        AND e.version OPERATOR(pg_catalog.=) s.version)
ORDER BY s.version DESC
LIMIT 1
