-- everything in one text parameter and one text column, so that any driver can run it
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
FROM (SELECT $1::text::json AS j) given,
LATERAL {schema}.append(
    true,
    true,
    array(SELECT v::integer FROM json_array_elements_text(given.j -> 'calls') v),
    array(SELECT v::integer FROM json_array_elements_text(given.j -> 'locks') v),
    array(SELECT v FROM json_array_elements_text(given.j -> 'categories') v),
    array(SELECT v FROM json_array_elements_text(given.j -> 'ids') v),
    array(SELECT v::bigint FROM json_array_elements_text(given.j -> 'expected') v),
    array(SELECT v::integer FROM json_array_elements_text(given.j -> 'items') v),
    array(SELECT v::bigint FROM json_array_elements_text(given.j -> 'steps') v),
    array(SELECT v::smallint FROM json_array_elements_text(given.j -> 'together') v),
    array(SELECT v::uuid FROM json_array_elements_text(given.j -> 'event_ids') v),
    array(SELECT v FROM json_array_elements_text(given.j -> 'types') v),
    array(SELECT v::bigint FROM json_array_elements_text(given.j -> 'schema_versions') v),
    array(SELECT v::smallint FROM json_array_elements_text(given.j -> 'slices') v),
    array(SELECT v::json FROM json_array_elements_text(given.j -> 'payloads') v),
    array(SELECT v::json FROM json_array_elements_text(given.j -> 'metas') v)) a
