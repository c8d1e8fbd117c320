SELECT r.key, r.state
FROM {schema}.rows r
WHERE r.projection OPERATOR(pg_catalog.=) $1 AND r.version OPERATOR(pg_catalog.=) $2 AND r.key OPERATOR(pg_catalog.>) $3
ORDER BY r.key
LIMIT $4
