-- the highest position is of this statement's snapshot, and what was drawn is looked up after that was taken
SELECT s.seqincrement,
       s.seqcache,
       s.seqcycle,
       coalesce((SELECT pg_catalog.max(e.position) FROM {schema}.events e), 0),
       {schema}.drawn()
FROM pg_catalog.pg_sequence s
WHERE s.seqrelid OPERATOR(pg_catalog.=) {position}::pg_catalog.regclass
