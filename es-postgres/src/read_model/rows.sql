-- A subquery instead of a join: each key is one look-up in the index, whatever the plan was made for.
SELECT k.place, r.state
FROM pg_catalog.unnest($3::pg_catalog.text[]) WITH ORDINALITY k (key, place)
CROSS JOIN LATERAL (
    SELECT v.state
    FROM {schema}.rows v
    WHERE v.projection OPERATOR(pg_catalog.=) $1 AND v.version OPERATOR(pg_catalog.=) $2
      AND v.key OPERATOR(pg_catalog.=) k.key
    LIMIT 1) r
