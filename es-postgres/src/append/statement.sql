-- everything in one text parameter and one text column, so that any driver can run it; names that `search_path` of the
-- caller's connection cannot change
SELECT pg_catalog.json_build_object(
    'verdicts', a.verdicts,
    'actual', a.actual,
    'known', a.known,
    'recorded', array(SELECT (extract(epoch FROM r) OPERATOR(pg_catalog.*) 1000000)::bigint FROM pg_catalog.unnest(a.recorded) r),
    'positions', a.positions)::pg_catalog.text
FROM pg_catalog.json_to_record($1::pg_catalog.text::pg_catalog.json) AS given(
    calls integer[], locks integer[], categories pg_catalog.text[], ids pg_catalog.text[], expected bigint[],
    items integer[], steps bigint[], together smallint[], event_ids pg_catalog.uuid[], types pg_catalog.text[],
    schema_versions bigint[], slices smallint[], payloads pg_catalog.text[], metas pg_catalog.text[]),
LATERAL {schema}.append(
    true,
    true,
    given.calls,
    given.locks,
    given.categories,
    given.ids,
    given.expected,
    given.items,
    given.steps,
    given.together,
    given.event_ids,
    given.types,
    given.schema_versions,
    given.slices,
    -- as texts that hold the very bytes: a document would be written anew
    given.payloads::pg_catalog.json[],
    given.metas::pg_catalog.json[]) a
