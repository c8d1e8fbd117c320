-- everything in one text parameter and one text column, so that any driver can run it; read once, as it may be long
SELECT json_build_object(
    'verdicts', a.verdicts,
    'actual', a.actual,
    'known', a.known,
    -- seconds and microseconds apart: before PostgreSQL 14 both are floats, which hold each of them and not their sum
    'recorded', (
        SELECT array_agg(CASE
            WHEN isfinite(r) THEN extract(epoch FROM date_trunc('second', r))::bigint * 1000000
                + extract(microseconds FROM r)::bigint % 1000000
            WHEN r > '2000-01-01' THEN 9223372036854775807
            ELSE -9223372036854775807 END ORDER BY o)
        FROM unnest(a.recorded) WITH ORDINALITY u(r, o)),
    'positions', a.positions)::text
FROM json_to_record($1::text::json) given(
    calls integer[], locks integer[], categories text[], ids text[], expected bigint[],
    items integer[], steps bigint[], together smallint[], event_ids uuid[], types text[], schema_versions bigint[],
    slices smallint[], payloads text[], metas text[]),
LATERAL {schema}.append(
    true, true, given.calls, given.locks, given.categories, given.ids, given.expected,
    given.items, given.steps, given.together, given.event_ids, given.types, given.schema_versions,
    given.slices, given.payloads::json[], given.metas::json[]) a
