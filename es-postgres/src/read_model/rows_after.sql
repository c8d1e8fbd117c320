-- A page ends after 4 MiB as they are stored, so that the server does not send what the store leaves out.
SELECT r.key, r.state
FROM (
    SELECT v.key, v.state,
           pg_catalog.sum(pg_catalog.pg_column_size(v.state)) OVER (ORDER BY v.key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM {schema}.rows v
    WHERE v.projection OPERATOR(pg_catalog.=) $1 AND v.version OPERATOR(pg_catalog.=) $2 AND v.key OPERATOR(pg_catalog.>) $3
    ORDER BY v.key
    LIMIT $4) r
WHERE r.before IS NULL OR r.before OPERATOR(pg_catalog.<) 4194304
ORDER BY r.key
