-- Appending: whatever the number of streams and events, one call, and a verdict for each append.

CREATE FUNCTION {schema}.append(
    -- wait for streams that somebody holds, instead of leaving their appends out
    patient         boolean,
    -- look for events that are already stored, also when every expectation holds
    doubtful        boolean,
    -- one for each stream of each append; the function makes the locks from the names, since a caller's may be wrong
    calls           integer[],
    locks           integer[],
    categories      text[],
    ids             text[],
    expected        bigint[],
    -- one for each event, in the order of positions; item is the place of its stream above, step its place in the append,
    -- together the length of the append on its first event and 0 on the others
    items           integer[],
    steps           bigint[],
    together        smallint[],
    event_ids       uuid[],
    types           text[],
    schema_versions bigint[],
    slices          smallint[],
    payloads        json[],
    metas           json[],
    -- 0 appended, 1 conflict, 2 repeated, 3 busy, one for each stream; NULL when all are appended
    OUT verdicts    smallint[],
    -- the version before an append, the actual one of a conflict, the one after a repeated append
    OUT actual      bigint[],
    -- whether events of the stream are stored already; NULL when nobody looked
    OUT known       boolean[],
    OUT recorded    timestamptz[],
    OUT positions   bigint[])
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    -- without it every statement over arrays is planned anew
    SET plan_cache_mode = force_generic_plan
    -- a plan made while the table was empty must not stay a scan
    SET enable_seqscan = off
AS $es$
DECLARE
    held    boolean[];
    refused boolean;
    whole   boolean[];
    after   bigint[];
    first   timestamptz[];
    -- one event for one stream, which is what most appends are, goes without queries over arrays
    single  CONSTANT boolean := cardinality(locks) = 1 AND cardinality(event_ids) = 1;
    last    bigint;
    since   timestamptz;
    -- the slice of a stream that exists
    stays   smallint;
    kept    smallint[];
    plain   boolean;
    nothing text;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'an append needs READ COMMITTED' USING ERRCODE = 'ES002';
    END IF;
    -- whatever the connection is set to: what is acknowledged is on disk, and where a standby is waited for
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        nothing := set_config('synchronous_commit', 'on', true);
    END IF;
    -- that the wait for a standby was cut short is told by a warning alone
    IF current_setting('client_min_messages') = 'error' THEN
        nothing := set_config('client_min_messages', 'warning', true);
    END IF;
    -- Each condition costs some time in each transaction: so the names and the slice of a stream that exists are not looked
    -- at below. What is not plain to see is looked at closely. A bound is asked of the element that is stored: as a whole,
    -- `[0:1]={1,0}` is above `{1}`, and its element 1 is 0.
    plain := single AND patient IS NOT NULL AND doubtful IS NOT NULL AND expected[1] >= -2
        AND items = '{1}' AND steps = '{1}' AND together = '{1}'
        AND schema_versions[1] BETWEEN 1 AND 4294967295 AND (octet_length(types[1]) - 1) & -512 = 0
        AND (octet_length(payloads[1]::text) <= 200 AND strpos(payloads[1]::text, E'\\u') = 0
             OR {schema}.fits(payloads[1], 1048576))
        AND (metas[1] IS NULL OR {schema}.fits(metas[1], 65536));
    IF plain IS NOT TRUE THEN
        nothing := {schema}.check_arguments(patient, doubtful, calls, locks, categories, ids, expected, items, steps, together,
                                            event_ids, types, schema_versions, slices, payloads, metas);
    END IF;
    IF patient THEN
        nothing := {schema}.hold(array(SELECT hashtext(u.c || u.i) FROM unnest(categories, ids) u(c, i)));
    ELSIF single THEN
        held := ARRAY[pg_try_advisory_xact_lock({streams}, hashtext(categories[1] || ids[1]))];
    ELSE
        held := array(SELECT pg_try_advisory_xact_lock({streams}, hashtext(u.c || u.i)) FROM unnest(categories, ids) u(c, i));
    END IF;

    -- a later statement, so a later snapshot: it sees what the last holders of these locks appended. The server locks
    -- `appending`, which it names in a condition that is always true, before it takes that snapshot: whoever holds the
    -- table alone, since a stranger has a stream's lock, has committed by then
    IF single THEN
        SELECT v.version, v.recorded_at, v.slice INTO last, since, stays FROM {schema}.events v
        WHERE v.category = categories[1] AND v.id = ids[1] AND (true OR EXISTS (SELECT FROM {schema}.appending FOR KEY SHARE))
        ORDER BY v.version DESC LIMIT 1;
        -- a stream that begins
        IF last IS NULL THEN
            IF NOT coalesce((octet_length(categories[1]) - 1) & -512 = 0 AND (octet_length(ids[1]) - 1) & -512 = 0
                            AND slices[1] & -1024 = 0, false) THEN
                nothing := {schema}.check_arguments(patient, doubtful, calls, locks, categories, ids, expected, items, steps,
                                                    together, event_ids, types, schema_versions, slices, payloads, metas);
            END IF;
        END IF;
        actual := ARRAY[coalesce(last, 0)];
        recorded := ARRAY[greatest(statement_timestamp(), since)];
        refused := NOT CASE WHEN expected[1] >= 0 THEN expected[1] = actual[1] WHEN expected[1] = -1 THEN true ELSE last IS NOT NULL END;
    ELSE
        -- the rows come in the order of the arrays: each look-up is a loop of its own
        SELECT array_agg(coalesce(e.version, 0)),
               array_agg(greatest(statement_timestamp(), e.recorded_at)),
               bool_or(NOT CASE WHEN u.x >= 0 THEN u.x = coalesce(e.version, 0) WHEN u.x = -1 THEN true ELSE e.version IS NOT NULL END),
               array_agg(e.slice)
          INTO actual, recorded, refused, kept
          FROM unnest(categories, ids, expected) u(c, i, x)
          LEFT JOIN LATERAL (
              SELECT v.version, v.recorded_at, v.slice FROM {schema}.events v
              WHERE v.category = u.c AND v.id = u.i ORDER BY v.version DESC LIMIT 1) e ON true
          WHERE true OR EXISTS (SELECT FROM {schema}.appending FOR KEY SHARE);
    END IF;

    -- whoever expects no version of its own is known by its first event alone; looked up before positions are drawn
    IF NOT doubtful AND (-1 = ANY (expected) OR -2 = ANY (expected)) THEN
        doubtful := EXISTS (
            SELECT FROM unnest(items, steps, event_ids) e(item, step, event_id)
            CROSS JOIN LATERAL (SELECT FROM {schema}.events v WHERE v.event_id = e.event_id) s
            WHERE e.step = 1 AND expected[e.item] < 0);
    END IF;

    IF doubtful OR refused OR false = ANY (held) THEN
        IF plain THEN
            nothing := {schema}.check_arguments(patient, doubtful, calls, locks, categories, ids, expected, items, steps,
                                                together, event_ids, types, schema_versions, slices, payloads, metas);
        END IF;
        SELECT array_agg(p.known ORDER BY p.o), array_agg(p.whole ORDER BY p.o),
               array_agg(p.after ORDER BY p.o), array_agg(p.first ORDER BY p.o)
          INTO known, whole, after, first
          FROM (
              SELECT u.o,
                     count(s.version) > 0 AS known,
                     count(s.version) FILTER (WHERE s.category = u.c AND s.id = u.i) = count(e.item)
                         AND coalesce(min(s.version - e.step) = max(s.version - e.step), true)
                         AND coalesce(sum(s.together) FILTER (WHERE e.step = 1) = count(e.item), count(e.item) = 0)
                         AND (u.x < 0 OR coalesce(min(s.version - e.step) = u.x, true)) AS whole,
                     max(s.version) AS after,
                     max(s.recorded_at) AS first
              FROM unnest(categories, ids, expected) WITH ORDINALITY u(c, i, x, o)
              LEFT JOIN unnest(items, steps, event_ids) e(item, step, event_id) ON e.item = u.o
              LEFT JOIN LATERAL (
                  SELECT v.version, v.together, v.category, v.id, v.recorded_at FROM {schema}.events v
                  WHERE v.event_id = e.event_id) s ON true
              GROUP BY u.o, u.c, u.i, u.x) p;
        -- an append is one: what holds for any of its streams, or for all of them, decides
        SELECT array_agg((CASE WHEN w.busy THEN 3 WHEN w.known AND w.whole THEN 2 WHEN w.known OR w.refused THEN 1 ELSE 0 END)::smallint
                         ORDER BY w.o)
          INTO verdicts
          FROM (
              SELECT u.o,
                     bool_or(NOT coalesce(u.held, true)) OVER a AS busy,
                     bool_or(u.known) OVER a AS known,
                     bool_and(u.whole) OVER a AS whole,
                     bool_or(NOT CASE WHEN u.x >= 0 THEN u.x = u.v WHEN u.x = -1 THEN true ELSE u.v > 0 END) OVER a AS refused
              FROM unnest(calls, expected, actual, held, known, whole) WITH ORDINALITY u(call, x, v, held, known, whole, o)
              WINDOW a AS (PARTITION BY u.call)) w;
        IF 0 = ANY (verdicts) THEN
            nothing := {schema}.fence();
        END IF;
        positions := array(
            SELECT CASE verdicts[e.item]
                       WHEN 0 THEN nextval({position}::regclass)
                       WHEN 2 THEN (SELECT v.position FROM {schema}.events v WHERE v.event_id = e.event_id)
                   END
            FROM unnest(items, event_ids) e(item, event_id));
        INSERT INTO {schema}.events (position, recorded_at, version, event_id, schema_version, slice, together, category, id, type, data, meta)
            SELECT e.position, recorded[e.item], actual[e.item] + e.step, e.event_id, e.schema_version, coalesce(kept[e.item], e.slice), e.together,
                   categories[e.item], ids[e.item], e.type, e.data, e.meta
            FROM unnest(positions, items, steps, together, event_ids, types, schema_versions, slices, payloads, metas)
                     e(position, item, step, together, event_id, type, schema_version, slice, data, meta)
            WHERE verdicts[e.item] = 0;
        IF 2 = ANY (verdicts) THEN
            -- something to replicate: with a synchronous standby this answer waits for the first append's, too; a
            -- transaction that only took a number would not wait
            PERFORM pg_logical_emit_message(true, 'es', '');
            -- a repeated append answers what the first one was answered
            SELECT array_agg(CASE WHEN u.verdict = 2 THEN coalesce(u.after, nullif(greatest(u.x, -1), -1), u.v) ELSE u.v END ORDER BY u.o),
                   array_agg(CASE WHEN u.verdict = 2 THEN coalesce(u.first, u.r) ELSE u.r END ORDER BY u.o)
              INTO actual, recorded
              FROM unnest(verdicts, after, expected, actual, first, recorded) WITH ORDINALITY u(verdict, after, x, v, first, r, o);
        END IF;
        RETURN;
    END IF;

    -- before positions are drawn, and after the streams are held; a stream stays in the slice where it began
    nothing := {schema}.fence();
    IF single THEN
        positions := ARRAY[nextval({position}::regclass)];
        INSERT INTO {schema}.events (position, recorded_at, version, event_id, schema_version, slice, together, category, id, type, data, meta)
            VALUES (positions[1], recorded[1], actual[1] + steps[1], event_ids[1], schema_versions[1], coalesce(stays, slices[1]), together[1],
                    categories[1], ids[1], types[1], payloads[1], metas[1]);
        RETURN;
    END IF;
    positions := array(SELECT nextval({position}::regclass) FROM unnest(event_ids));
    INSERT INTO {schema}.events (position, recorded_at, version, event_id, schema_version, slice, together, category, id, type, data, meta)
        SELECT e.position, recorded[e.item], actual[e.item] + e.step, e.event_id, e.schema_version, coalesce(kept[e.item], e.slice), e.together,
               categories[e.item], ids[e.item], e.type, e.data, e.meta
        FROM unnest(positions, items, steps, together, event_ids, types, schema_versions, slices, payloads, metas)
                 e(position, item, step, together, event_id, type, schema_version, slice, data, meta);
END
$es$;

COMMENT ON FUNCTION {schema}.append(boolean, boolean, integer[], integer[], text[], text[], bigint[], integer[], bigint[],
    smallint[], uuid[], text[], bigint[], smallint[], json[], json[]) IS
    'Appends events to streams: each append whole or not at all, with a verdict of its own. Called by es alone.';
