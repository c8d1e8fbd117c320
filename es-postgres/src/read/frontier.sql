-- The last event is looked up below the frontier: above it there may be any number of uncommitted rows.
SELECT f.finished,
       coalesce((SELECT e.position FROM {schema}.events e WHERE e.position OPERATOR(pg_catalog.<=) f.finished ORDER BY e.position DESC LIMIT 1), 0),
       $1::bigint OPERATOR(pg_catalog.<>) 0 AND NOT EXISTS (SELECT FROM {schema}.events e WHERE e.position OPERATOR(pg_catalog.=) $1),
       (SELECT i.id FROM {schema}.incarnations i ORDER BY i.number DESC LIMIT 1)
FROM {schema}.frontier() f (finished)
