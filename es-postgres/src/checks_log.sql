-- The highest stored position comes from this statement's snapshot; `drawn()` reads the sequence after that was taken, so
-- that a position drawn in between cannot make the sequence look behind the log.
SELECT s.seqincrement,
       s.seqcache,
       s.seqcycle,
       coalesce((SELECT pg_catalog.max(e.position) FROM {schema}.events e), 0),
       {schema}.drawn()
FROM pg_catalog.pg_sequence s
WHERE s.seqrelid OPERATOR(pg_catalog.=) {position}::pg_catalog.regclass
