-- Checks of what a role may pass to the functions that it may call. Every event that passes can be read by every reader:
-- see `es_core::limits`. Whether a payload fits its event's type, only the application can check.

-- Guarantees, when true, that every reader can parse the JSON text: at most 100 levels deep, no NUL, no half of a
-- surrogate pair. Raises an error where PostgreSQL itself cannot parse it as `jsonb`.
CREATE FUNCTION {schema}.readable(given text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $es$
DECLARE
    -- The cast fails where a text holds a NUL or half of a surrogate pair.
    parsed  CONSTANT jsonb := given::jsonb;
    printed text;
BEGIN
    printed := parsed::text;
    IF octet_length(translate(printed, '[{', '')) - octet_length(printed)
        = octet_length(translate(given, '[{', '')) - octet_length(given) THEN
        RETURN NOT jsonb_path_exists(parsed, 'strict $.**{100 to last} ? (@.type() == "array" || @.type() == "object")');
    END IF;
    -- A key occurs twice, and `parsed` has only the last of its values. So the text is walked level by level.
    RETURN NOT EXISTS (
        WITH RECURSIVE inside (value, depth) AS (
            SELECT given::json, 1
            UNION ALL
            SELECT i.value, inside.depth + 1
            FROM inside
            CROSS JOIN LATERAL (
                SELECT a.value FROM json_array_elements(CASE json_typeof(inside.value) WHEN 'array' THEN inside.value END) a
                UNION ALL
                SELECT o.value FROM json_each(CASE json_typeof(inside.value) WHEN 'object' THEN inside.value END) o) i
            WHERE inside.depth <= 100 AND json_typeof(i.value) IN ('array', 'object'))
        SELECT FROM inside WHERE depth > 100);
END
$es$;

-- Guarantees, when true, that the JSON has at most `bytes` bytes and every reader can parse it. The number of brackets
-- bounds the depth, so most texts need no parsing.
CREATE FUNCTION {schema}.fits(given json, bytes integer) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $es$
BEGIN
    RETURN octet_length(given::text) <= bytes
        AND (octet_length(given::text) <= 100 + octet_length(replace(replace(given::text, '[', ''), '{', ''))
                 AND strpos(given::text, E'\\u') = 0
             OR {schema}.readable(given::text));
END
$es$;

-- Guarantees that the arguments of `append` describe appends that every reader can read: arrays of one shape, names and
-- payloads within the limits, events of a stream side by side and in order. Raises ES011 otherwise.
CREATE FUNCTION {schema}.check_arguments(
    wait boolean, check_repeats boolean, calls integer[], categories text[], ids text[], expected bigint[],
    items integer[], steps bigint[], together smallint[], event_ids uuid[], names text[], schema_versions bigint[],
    slices smallint[], payloads json[], metadata json[]) RETURNS void
    LANGUAGE plpgsql VOLATILE
AS $es$
DECLARE
    streams      CONSTANT integer := cardinality(calls);
    events       CONSTANT integer := cardinality(event_ids);
    stream_shape CONSTANT text := CASE WHEN streams > 0 THEN '[1:' || streams || ']' ELSE '' END;
    event_shape  CONSTANT text := CASE WHEN events > 0 THEN '[1:' || events || ']' ELSE '' END;
    fault        text;
BEGIN
    IF wait IS NULL OR check_repeats IS NULL OR streams IS NULL OR events IS NULL OR categories IS NULL
        OR ids IS NULL OR expected IS NULL OR items IS NULL OR steps IS NULL OR together IS NULL OR names IS NULL
        OR schema_versions IS NULL OR slices IS NULL OR payloads IS NULL OR metadata IS NULL THEN
        RAISE EXCEPTION 'the append is refused: an argument is NULL' USING ERRCODE = 'ES011';
    END IF;
    IF NOT stream_shape = ALL (ARRAY[coalesce(array_dims(calls), ''), coalesce(array_dims(categories), ''), coalesce(array_dims(ids), ''),
                                   coalesce(array_dims(expected), '')])
        OR NOT event_shape = ALL (ARRAY[coalesce(array_dims(items), ''), coalesce(array_dims(steps), ''),
                                    coalesce(array_dims(together), ''), coalesce(array_dims(event_ids), ''),
                                    coalesce(array_dims(names), ''), coalesce(array_dims(schema_versions), ''),
                                    coalesce(array_dims(slices), ''), coalesce(array_dims(payloads), ''),
                                    coalesce(array_dims(metadata), '')]) THEN
        RAISE EXCEPTION 'the append is refused: its arrays differ in their shape' USING ERRCODE = 'ES011';
    END IF;
    SELECT CASE
        WHEN bool_or(u.call IS NULL) THEN 'an argument is NULL'
        WHEN bool_or((octet_length(u.c) BETWEEN 1 AND 512 AND octet_length(u.i) BETWEEN 1 AND 512) IS NOT TRUE)
            THEN 'a category or id is missing, empty or longer than 512 bytes'
        WHEN bool_or((u.x >= -2) IS NOT TRUE) THEN 'an expected version is out of range'
        END
      INTO fault
      FROM unnest(calls, categories, ids, expected) u(call, c, i, x);
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'the append is refused: %', fault USING ERRCODE = 'ES011';
    END IF;
    -- The events of a stream are adjacent and their steps count from 1, so that positions rise with versions. The appends
    -- that were merged into one are adjacent, too: `together` counts the events of each on its first event.
    SELECT CASE
        WHEN bool_or(e.id IS NULL) THEN 'an event''s id is NULL'
        WHEN bool_or((e.item BETWEEN 1 AND streams
                      AND CASE WHEN e.item = e.item_before THEN e.step = e.step_before + 1 ELSE e.step = 1 END
                      AND (e.step > 1 OR e.parted > 0)
                      AND e.parted BETWEEN 0 AND 1000
                      AND (e.parted = 0 OR e.o + e.parted = events + 1
                           OR together[e.o + e.parted] > 0)
                     ) IS NOT TRUE)
            OR sum(e.parted) <> events
            THEN 'an event is out of place'
        WHEN bool_or((octet_length(e.name) BETWEEN 1 AND 512) IS NOT TRUE)
            THEN 'an event''s name is missing, empty or longer than 512 bytes'
        WHEN bool_or((e.schema_version BETWEEN 1 AND 4294967295) IS NOT TRUE) THEN 'a schema version is out of range'
        WHEN bool_or((e.slice BETWEEN 0 AND 1023) IS NOT TRUE) THEN 'a slice is out of range'
        WHEN bool_or({schema}.fits(e.payload, 1048576) IS NOT TRUE)
            THEN 'a payload is missing, longer than 1 MiB, or nested deeper than 100 levels'
        WHEN NOT bool_and({schema}.fits(e.metadata, 65536))
            THEN 'metadata is longer than 64 KiB, or nested deeper than 100 levels'
        WHEN bool_or(e.item = e.item_before AND e.slice <> e.slice_before) THEN 'events of one stream have different slices'
        END
      INTO fault
      FROM unnest(items, steps, together, event_ids, names, schema_versions, slices, payloads, metadata,
                  0 || items, 0::bigint || steps, 0::smallint || slices) WITH ORDINALITY
               e(item, step, parted, id, name, schema_version, slice, payload, metadata, item_before, step_before, slice_before, o)
      WHERE e.o <= events;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'the append is refused: %', fault USING ERRCODE = 'ES011';
    END IF;
END
$es$;

COMMENT ON FUNCTION {schema}.readable(text) IS 'True when every reader can parse this JSON.';
COMMENT ON FUNCTION {schema}.fits(json, integer) IS 'True when every reader can parse this JSON and it is within the limit of bytes.';
COMMENT ON FUNCTION {schema}.check_arguments(boolean, boolean, integer[], text[], text[], bigint[], integer[], bigint[],
    smallint[], uuid[], text[], bigint[], smallint[], json[], json[]) IS
    'Refuses arguments of append whose events a reader could not read.';
