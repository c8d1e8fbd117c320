SELECT pg_catalog.count(*)
FROM {schema}.events e
WHERE e.position OPERATOR(pg_catalog.>) $1 AND e.position OPERATOR(pg_catalog.<=) $2
