-- One text parameter and one text column, so that any driver can run it. Names are qualified, so that the `search_path` of
-- the caller's connection cannot change what they mean. The JSON is parsed once, since it may be long.
SELECT pg_catalog.json_build_object(
    'verdicts', a.verdicts,
    'actual', a.actual,
    'ids_taken', a.ids_taken,
    -- Seconds and microseconds separately: before PostgreSQL 14 `extract` returns a float, which is exact for each of them
    -- but not for their sum.
    'recorded', array(
        SELECT CASE
            WHEN pg_catalog.isfinite(u.r) THEN
                extract(epoch FROM pg_catalog.date_trunc('second', u.r))::bigint OPERATOR(pg_catalog.*) 1000000
                OPERATOR(pg_catalog.+) (extract(microseconds FROM u.r)::bigint OPERATOR(pg_catalog.%) 1000000)
            WHEN u.r OPERATOR(pg_catalog.>) '2000-01-01'::pg_catalog.timestamptz THEN 9223372036854775807
            ELSE -9223372036854775807 END
        FROM pg_catalog.unnest(a.recorded) WITH ORDINALITY u(r, o)
        ORDER BY u.o),
    'positions', a.positions,
    'incarnation', a.incarnation)::pg_catalog.text
FROM pg_catalog.json_to_record($1::pg_catalog.text::pg_catalog.json) AS given(
    calls integer[], categories pg_catalog.text[], ids pg_catalog.text[], expected bigint[],
    items integer[], steps bigint[], together smallint[], event_ids pg_catalog.uuid[], names pg_catalog.text[],
    schema_versions bigint[], slices smallint[], payloads pg_catalog.text[], metadata pg_catalog.text[]),
LATERAL {schema}.append(
    true, true, given.calls, given.categories, given.ids, given.expected,
    given.items, given.steps, given.together, given.event_ids, given.names, given.schema_versions, given.slices,
    -- As texts, which keep the bytes as they are; as nested JSON they would be parsed and printed again.
    given.payloads::pg_catalog.json[], given.metadata::pg_catalog.json[]) a
