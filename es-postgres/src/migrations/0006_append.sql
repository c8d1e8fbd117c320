-- Appending: whatever the number of streams and events, one call, and a verdict for each append. `append` is called from
-- outside, and is the order of the steps. A step that most appends do not need is a function of its own, which says what it
-- guarantees; it runs with the settings and the rights of `append`, and nobody else calls it.

-- Guarantees, for each stream: its last version, a time that is not before its last event, and the slice it began in; and
-- whether any of them is not what was expected. Called after the streams are held.
CREATE FUNCTION {schema}.look_up(
    categories text[], ids text[], expected bigint[],
    OUT actual bigint[], OUT recorded timestamptz[], OUT kept smallint[], OUT refused boolean)
    LANGUAGE plpgsql VOLATILE
AS $es$
BEGIN
    -- the rows come in the order of the arrays: each look-up is a loop of its own
    SELECT array_agg(coalesce(e.version, 0)),
           array_agg(greatest(statement_timestamp(), e.recorded_at)),
           array_agg(e.slice),
           bool_or(NOT CASE WHEN u.x >= 0 THEN u.x = coalesce(e.version, 0) WHEN u.x = -1 THEN true ELSE e.version IS NOT NULL END)
      INTO actual, recorded, kept, refused
      FROM unnest(categories, ids, expected) u(c, i, x)
      LEFT JOIN LATERAL (
          SELECT v.version, v.recorded_at, v.slice FROM {schema}.events v
          WHERE v.category = u.c AND v.id = u.i ORDER BY v.version DESC LIMIT 1) e ON true
      -- always true: see `append`
      WHERE true OR EXISTS (SELECT FROM {schema}.appending FOR KEY SHARE);
END
$es$;

-- Guarantees one verdict for all streams of an append: 0 appended, 1 conflict, 2 repeated, 3 busy. It is repeated only as a
-- whole, at the places it was first given; a part of it, or one beside new events, is a conflict. Writes nothing.
CREATE FUNCTION {schema}.decide(
    calls integer[], categories text[], ids text[], expected bigint[], items integer[], steps bigint[], event_ids uuid[],
    held boolean[], actual bigint[],
    OUT verdicts smallint[], OUT known boolean[],
    -- of a repeated append: the version behind it, and when it was recorded
    OUT after bigint[], OUT first timestamptz[])
    LANGUAGE plpgsql VOLATILE
AS $es$
DECLARE
    whole boolean[];
BEGIN
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
END
$es$;

-- Guarantees that a repeated append answers what the first one was answered, and that it waits for the standby that the
-- first one waits for.
CREATE FUNCTION {schema}.repeat_answers(
    verdicts smallint[], after bigint[], first timestamptz[], expected bigint[], INOUT actual bigint[], INOUT recorded timestamptz[])
    LANGUAGE plpgsql VOLATILE
AS $es$
BEGIN
    -- something to replicate: a transaction that only took a number would not wait
    PERFORM pg_logical_emit_message(true, 'es', '');
    SELECT array_agg(CASE WHEN u.verdict = 2 THEN coalesce(u.after, nullif(greatest(u.x, -1), -1), u.v) ELSE u.v END ORDER BY u.o),
           array_agg(CASE WHEN u.verdict = 2 THEN coalesce(u.first, u.r) ELSE u.r END ORDER BY u.o)
      INTO actual, recorded
      FROM unnest(verdicts, after, expected, actual, first, recorded) WITH ORDINALITY u(verdict, after, x, v, first, r, o);
END
$es$;

-- Guarantees that each append is stored whole or not at all, durably, at versions that follow on what was expected and at
-- positions that no reader has looked past; and that no event is stored twice.
CREATE FUNCTION {schema}.append(
    -- wait for streams that somebody holds, instead of leaving their appends out
    patient         boolean,
    -- look for events that are already stored, also when every expectation holds
    doubtful        boolean,
    -- one for each stream of each append
    calls           integer[],
    categories      text[],
    ids             text[],
    expected        bigint[],
    -- one for each event, in the order of positions; item is the place of its stream above, step its place in the append,
    -- together the length of the append on its first event and 0 on the others
    items           integer[],
    steps           bigint[],
    together        smallint[],
    event_ids       uuid[],
    names           text[],
    schema_versions bigint[],
    slices          smallint[],
    payloads        json[],
    metadata        json[],
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
    after   bigint[];
    first   timestamptz[];
    -- one event for one stream, which is what most appends are, goes without queries over arrays
    single  CONSTANT boolean := cardinality(calls) = 1 AND cardinality(event_ids) = 1;
    last    bigint;
    since   timestamptz;
    -- the slices of streams that exist: a stream stays in the one where it began
    kept    smallint[];
    stays   smallint;
    plain   boolean;
    nothing text;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'an append needs READ COMMITTED' USING ERRCODE = 'ES002';
    END IF;
    -- What is acknowledged is on disk, and where a standby is waited for, whatever the connection is set to; and a warning
    -- arrives, by which alone the server tells that the wait for a standby was cut short.
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        nothing := set_config('synchronous_commit', 'on', true);
    END IF;
    IF current_setting('client_min_messages') = 'error' THEN
        nothing := set_config('client_min_messages', 'warning', true);
    END IF;

    -- first the streams are held
    IF patient THEN
        nothing := {schema}.hold(array(SELECT hashtext(u.c || u.i) FROM unnest(categories, ids) u(c, i)));
    ELSIF single THEN
        held := ARRAY[pg_try_advisory_xact_lock({streams}, hashtext(categories[1] || ids[1]))];
    ELSE
        held := array(SELECT pg_try_advisory_xact_lock({streams}, hashtext(u.c || u.i)) FROM unnest(categories, ids) u(c, i));
    END IF;

    -- A later statement, so a later snapshot: it sees what the last holders of these locks appended. The server locks
    -- `appending`, which it names in a condition that is always true, before it takes that snapshot: whoever holds the
    -- table alone, since a stranger has a stream's lock, has committed by then.
    IF single THEN
        SELECT v.version, v.recorded_at, v.slice INTO last, since, stays FROM {schema}.events v
        WHERE v.category = categories[1] AND v.id = ids[1] AND (true OR EXISTS (SELECT FROM {schema}.appending FOR KEY SHARE))
        ORDER BY v.version DESC LIMIT 1;
        actual := ARRAY[coalesce(last, 0)];
        recorded := ARRAY[greatest(statement_timestamp(), since)];
        kept := ARRAY[stays];
        refused := NOT CASE WHEN expected[1] >= 0 THEN expected[1] = actual[1] WHEN expected[1] = -1 THEN true ELSE last IS NOT NULL END;
    ELSE
        SELECT l.actual, l.recorded, l.kept, l.refused INTO actual, recorded, kept, refused
        FROM {schema}.look_up(categories, ids, expected) l;
    END IF;
    -- whoever expects no version of its own is known by its first event alone; looked up before positions are drawn
    IF NOT doubtful AND (-1 = ANY (expected) OR -2 = ANY (expected)) THEN
        doubtful := EXISTS (
            SELECT FROM unnest(items, steps, event_ids) e(item, step, event_id)
            CROSS JOIN LATERAL (SELECT FROM {schema}.events v WHERE v.event_id = e.event_id) s
            WHERE e.step = 1 AND expected[e.item] < 0);
    END IF;

    -- Each condition costs some time in each transaction: so the names and the slice of a stream that exists are not looked
    -- at. What is not plain to see is looked at closely, before anything is decided. A bound is asked of the element that is
    -- stored: as a whole, `[0:1]={1,0}` is above `{1}`, and its element 1 is 0.
    plain := single AND NOT (doubtful OR refused) AND patient IS NOT NULL AND (patient OR held[1]) AND expected[1] >= -2
        AND (last IS NOT NULL OR (octet_length(categories[1]) - 1) & -512 = 0 AND (octet_length(ids[1]) - 1) & -512 = 0
                                 AND slices[1] & -1024 = 0)
        AND items = '{1}' AND steps = '{1}' AND together = '{1}'
        AND schema_versions[1] BETWEEN 1 AND 4294967295 AND (octet_length(names[1]) - 1) & -512 = 0
        AND (octet_length(payloads[1]::text) <= 200 AND strpos(payloads[1]::text, E'\\u') = 0
             OR {schema}.fits(payloads[1], 1048576))
        AND (metadata[1] IS NULL OR {schema}.fits(metadata[1], 65536));
    IF plain IS NOT TRUE THEN
        nothing := {schema}.check_arguments(patient, doubtful, calls, categories, ids, expected, items, steps, together,
                                            event_ids, names, schema_versions, slices, payloads, metadata);
        IF doubtful OR refused OR false = ANY (held) THEN
            SELECT d.verdicts, d.known, d.after, d.first INTO verdicts, known, after, first
            FROM {schema}.decide(calls, categories, ids, expected, items, steps, event_ids, held, actual) d;
        END IF;
    END IF;

    -- before positions are drawn, and after the streams are held
    IF verdicts IS NULL OR 0 = ANY (verdicts) THEN
        nothing := {schema}.fence();
    END IF;
    IF single AND verdicts IS NULL THEN
        positions := ARRAY[nextval({position}::regclass)];
        INSERT INTO {schema}.events (position, recorded_at, version, event_id, schema_version, slice, together, category, id, name, payload, metadata)
            VALUES (positions[1], recorded[1], actual[1] + steps[1], event_ids[1], schema_versions[1], coalesce(stays, slices[1]), together[1],
                    categories[1], ids[1], names[1], payloads[1], metadata[1]);
        RETURN;
    END IF;
    positions := array(
        SELECT CASE coalesce(verdicts[e.item], 0)
                   WHEN 0 THEN nextval({position}::regclass)
                   WHEN 2 THEN (SELECT v.position FROM {schema}.events v WHERE v.event_id = e.event_id)
               END
        FROM unnest(items, event_ids) e(item, event_id));
    INSERT INTO {schema}.events (position, recorded_at, version, event_id, schema_version, slice, together, category, id, name, payload, metadata)
        SELECT e.position, recorded[e.item], actual[e.item] + e.step, e.event_id, e.schema_version, coalesce(kept[e.item], e.slice), e.together,
               categories[e.item], ids[e.item], e.name, e.payload, e.metadata
        FROM unnest(positions, items, steps, together, event_ids, names, schema_versions, slices, payloads, metadata)
                 e(position, item, step, together, event_id, name, schema_version, slice, payload, metadata)
        WHERE coalesce(verdicts[e.item], 0) = 0;
    IF 2 = ANY (verdicts) THEN
        SELECT r.actual, r.recorded INTO actual, recorded
        FROM {schema}.repeat_answers(verdicts, after, first, expected, actual, recorded) r;
    END IF;
END
$es$;

COMMENT ON FUNCTION {schema}.look_up(text[], text[], bigint[]) IS 'The last versions of streams that are held.';
COMMENT ON FUNCTION {schema}.decide(integer[], text[], text[], bigint[], integer[], bigint[], uuid[], boolean[], bigint[]) IS
    'The verdict on each append that may be refused or repeated.';
COMMENT ON FUNCTION {schema}.repeat_answers(smallint[], bigint[], timestamptz[], bigint[], bigint[], timestamptz[]) IS
    'What repeated appends are answered.';
COMMENT ON FUNCTION {schema}.append(boolean, boolean, integer[], text[], text[], bigint[], integer[], bigint[],
    smallint[], uuid[], text[], bigint[], smallint[], json[], json[]) IS
    'Appends events to streams: each append whole or not at all, with a verdict of its own. Called by es alone.';
