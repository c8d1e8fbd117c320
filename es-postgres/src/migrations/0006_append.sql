-- Appending: one call for any number of appends, streams and events, with a verdict on each append. Clients call `append`,
-- which fixes the order of the steps. A step that most appends do not need is a function of its own; only `append` calls
-- it, and it runs with the settings and rights of `append`.

-- Guarantees, for each stream: its last version, a recorded time not before its last event's, and the slice it began in.
-- Sets `refused` when any stream is not at its expected version. The caller must have locked the streams.
CREATE FUNCTION {schema}.look_up(
    categories text[], ids text[], expected bigint[],
    OUT actual bigint[], OUT recorded timestamptz[], OUT stored_slices smallint[], OUT refused boolean)
    LANGUAGE plpgsql VOLATILE
AS $es$
BEGIN
    -- A nested loop keeps the rows in the order of the arrays, so no ORDER BY is needed.
    SELECT array_agg(coalesce(e.version, 0)),
           array_agg(greatest(statement_timestamp(), e.recorded_at)),
           array_agg(e.slice),
           bool_or(NOT CASE WHEN u.x >= 0 THEN u.x = coalesce(e.version, 0) WHEN u.x = -1 THEN true ELSE e.version IS NOT NULL END)
      INTO actual, recorded, stored_slices, refused
      FROM unnest(categories, ids, expected) u(c, i, x)
      LEFT JOIN LATERAL (
          SELECT v.version, v.recorded_at, v.slice FROM {schema}.events v
          WHERE v.category = u.c AND v.id = u.i ORDER BY v.version DESC LIMIT 1) e ON true
      -- The condition is always true. It locks `appending` before the snapshot: see `append`.
      WHERE true OR EXISTS (SELECT FROM {schema}.appending FOR KEY SHARE);
END
$es$;

-- Guarantees one verdict for all streams of an append: 0 appended, 1 conflict, 2 repeated, 3 busy. An append is repeated
-- only when all of it is stored, at the versions it was first given; when a part of it is stored, it is a conflict. Writes
-- nothing.
CREATE FUNCTION {schema}.decide(
    calls integer[], categories text[], ids text[], expected bigint[], items integer[], steps bigint[], event_ids uuid[],
    locked boolean[], actual bigint[],
    OUT verdicts smallint[], OUT ids_taken boolean[],
    -- Of a repeated append: the version of its last event, and when that was recorded.
    OUT stored_version bigint[], OUT stored_recorded_at timestamptz[])
    LANGUAGE plpgsql VOLATILE
AS $es$
DECLARE
    whole boolean[];
BEGIN
    SELECT array_agg(p.ids_taken ORDER BY p.o), array_agg(p.whole ORDER BY p.o),
           array_agg(p.stored_version ORDER BY p.o), array_agg(p.stored_recorded_at ORDER BY p.o)
      INTO ids_taken, whole, stored_version, stored_recorded_at
      FROM (
          SELECT u.o,
                 count(s.version) > 0 AS ids_taken,
                 count(s.version) FILTER (WHERE s.category = u.c AND s.id = u.i) = count(e.item)
                     AND coalesce(min(s.version - e.step) = max(s.version - e.step), true)
                     AND coalesce(sum(s.together) FILTER (WHERE e.step = 1) = count(e.item), count(e.item) = 0)
                     AND (u.x < 0 OR coalesce(min(s.version - e.step) = u.x, true)) AS whole,
                 max(s.version) AS stored_version,
                 max(s.recorded_at) AS stored_recorded_at
          FROM unnest(categories, ids, expected) WITH ORDINALITY u(c, i, x, o)
          LEFT JOIN unnest(items, steps, event_ids) e(item, step, event_id) ON e.item = u.o
          LEFT JOIN LATERAL (
              SELECT v.version, v.together, v.category, v.id, v.recorded_at FROM {schema}.events v
              WHERE v.event_id = e.event_id) s ON true
          GROUP BY u.o, u.c, u.i, u.x) p;
    -- An append is stored whole or not at all, so its streams share one verdict.
    SELECT array_agg((CASE WHEN w.busy THEN 3 WHEN w.ids_taken AND w.whole THEN 2 WHEN w.ids_taken OR w.refused THEN 1 ELSE 0
                      END)::smallint ORDER BY w.o)
      INTO verdicts
      FROM (
          SELECT u.o,
                 bool_or(NOT coalesce(u.locked, true)) OVER a AS busy,
                 bool_or(u.ids_taken) OVER a AS ids_taken,
                 bool_and(u.whole) OVER a AS whole,
                 bool_or(NOT CASE WHEN u.x >= 0 THEN u.x = u.v WHEN u.x = -1 THEN true ELSE u.v > 0 END) OVER a AS refused
          FROM unnest(calls, expected, actual, locked, ids_taken, whole)
                   WITH ORDINALITY u(call, x, v, locked, ids_taken, whole, o)
          WINDOW a AS (PARTITION BY u.call)) w;
END
$es$;

-- Guarantees that a repeated append returns what the first one returned, and that its commit waits for the synchronous
-- standby as the first one's does.
CREATE FUNCTION {schema}.repeat_answers(
    verdicts smallint[], stored_version bigint[], stored_recorded_at timestamptz[], expected bigint[],
    INOUT actual bigint[], INOUT recorded timestamptz[])
    LANGUAGE plpgsql VOLATILE
AS $es$
BEGIN
    -- A commit waits for the standby only when its transaction wrote WAL, so this writes some.
    PERFORM pg_logical_emit_message(true, 'es', '');
    SELECT array_agg(CASE WHEN u.verdict = 2 THEN coalesce(u.stored, nullif(greatest(u.x, -1), -1), u.v) ELSE u.v END ORDER BY u.o),
           array_agg(CASE WHEN u.verdict = 2 THEN coalesce(u.stored_at, u.r) ELSE u.r END ORDER BY u.o)
      INTO actual, recorded
      FROM unnest(verdicts, stored_version, expected, actual, stored_recorded_at, recorded)
               WITH ORDINALITY u(verdict, stored, x, v, stored_at, r, o);
END
$es$;

-- Guarantees that each append is stored whole or not at all, durably, at the versions after the expected one and at
-- positions that no reader has gone past; and that no event is stored twice.
CREATE FUNCTION {schema}.append(
    -- Wait for streams that another transaction has locked, instead of answering that their appends are busy.
    wait            boolean,
    -- Look for events that are already stored even when every expected version holds.
    check_repeats   boolean,
    -- One element for each stream of each append; `calls` numbers the appends.
    calls           integer[],
    categories      text[],
    ids             text[],
    -- 0 or more: the exact version. -1: any version. -2: the stream exists.
    expected        bigint[],
    -- One element for each event, in the order of positions. `items` is the index of its stream in the arrays above,
    -- `steps` its place in the append, `together` the number of events of the append on its first event and 0 on the others.
    items           integer[],
    steps           bigint[],
    together        smallint[],
    event_ids       uuid[],
    names           text[],
    schema_versions bigint[],
    slices          smallint[],
    payloads        json[],
    metadata        json[],
    -- One for each stream: 0 appended, 1 conflict, 2 repeated, 3 busy. NULL when all are appended.
    OUT verdicts    smallint[],
    -- The version before an append, the actual version of a conflict, the version after a repeated append.
    OUT actual      bigint[],
    -- True where events of the stream's append are stored already. NULL when that was not checked.
    OUT ids_taken   boolean[],
    OUT recorded    timestamptz[],
    OUT positions   bigint[],
    -- The incarnation that the positions are in; NULL when every append is refused.
    OUT incarnation uuid)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    -- Statements over arrays would otherwise get a custom plan at each call.
    SET plan_cache_mode = force_generic_plan
    -- A generic plan made while the table was empty would otherwise stay a sequential scan.
    SET enable_seqscan = off
AS $es$
DECLARE
    locked             boolean[];
    refused            boolean;
    stored_version     bigint[];
    stored_recorded_at timestamptz[];
    -- Most appends are one event for one stream; those avoid queries over arrays.
    single             CONSTANT boolean := cardinality(calls) = 1 AND cardinality(event_ids) = 1;
    last_version       bigint;
    last_recorded_at   timestamptz;
    -- The slices of streams that exist: a stream stays in the slice where it began.
    stored_slices      smallint[];
    stored_slice       smallint;
    plain              boolean;
    -- Takes results that are not needed: an assignment costs less than PERFORM, which runs a query.
    ignored            text;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'an append needs READ COMMITTED' USING ERRCODE = 'ES002';
    END IF;
    -- The commit waits for the disk and for a synchronous standby, whatever the connection is set to. Warnings must reach
    -- the client: a warning is the only sign that the wait for a standby was cancelled.
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        ignored := set_config('synchronous_commit', 'on', true);
    END IF;
    IF current_setting('client_min_messages') = 'error' THEN
        ignored := set_config('client_min_messages', 'warning', true);
    END IF;

    -- The order of locks: the streams, the table `appending`, the fence; only then are positions drawn. An append that has
    -- to wait for a stream locks `appending` before that stream: see `lock_stream`.
    IF wait THEN
        ignored := {schema}.lock_streams(array(SELECT hashtext(u.c || u.i) FROM unnest(categories, ids) u(c, i)));
    ELSIF single THEN
        locked := ARRAY[pg_try_advisory_xact_lock({streams}, hashtext(categories[1] || ids[1]))];
    ELSE
        locked := array(SELECT pg_try_advisory_xact_lock({streams}, hashtext(u.c || u.i)) FROM unnest(categories, ids) u(c, i));
    END IF;

    -- A later statement has a later snapshot, so it sees what earlier holders of these locks appended. The condition on
    -- `appending` is always true; it makes the server lock that table before it takes the snapshot. So an append that
    -- locked the table exclusively, because a stranger held its stream's lock, has ended by then.
    IF single THEN
        SELECT v.version, v.recorded_at, v.slice INTO last_version, last_recorded_at, stored_slice FROM {schema}.events v
        WHERE v.category = categories[1] AND v.id = ids[1] AND (true OR EXISTS (SELECT FROM {schema}.appending FOR KEY SHARE))
        ORDER BY v.version DESC LIMIT 1;
        actual := ARRAY[coalesce(last_version, 0)];
        recorded := ARRAY[greatest(statement_timestamp(), last_recorded_at)];
        stored_slices := ARRAY[stored_slice];
        refused := NOT CASE WHEN expected[1] >= 0 THEN expected[1] = actual[1] WHEN expected[1] = -1 THEN true
                            ELSE last_version IS NOT NULL END;
    ELSE
        SELECT l.actual, l.recorded, l.stored_slices, l.refused INTO actual, recorded, stored_slices, refused
        FROM {schema}.look_up(categories, ids, expected) l;
    END IF;
    -- An append that expects no exact version is recognised as repeated only by the id of its first event. This must be
    -- checked before positions are drawn.
    IF NOT check_repeats AND (-1 = ANY (expected) OR -2 = ANY (expected)) THEN
        check_repeats := EXISTS (
            SELECT FROM unnest(items, steps, event_ids) e(item, step, event_id)
            CROSS JOIN LATERAL (SELECT FROM {schema}.events v WHERE v.event_id = e.event_id) s
            WHERE e.step = 1 AND expected[e.item] < 0);
    END IF;

    -- A short check of the common case; every other call gets the full check before anything is decided. Each condition
    -- costs time in every transaction, so the names and the slice of a stream that exists are not checked here. A bound is
    -- tested on element 1, which is what is stored: compared as arrays, `[0:1]={1,0}` is above `{1}`, and its element 1 is 0.
    plain := single AND NOT (check_repeats OR refused) AND wait IS NOT NULL AND (wait OR locked[1]) AND expected[1] >= -2
        AND (last_version IS NOT NULL OR (octet_length(categories[1]) - 1) & -512 = 0 AND (octet_length(ids[1]) - 1) & -512 = 0
                                 AND slices[1] & -1024 = 0)
        AND items = '{1}' AND steps = '{1}' AND together = '{1}'
        AND schema_versions[1] BETWEEN 1 AND 4294967295 AND (octet_length(names[1]) - 1) & -512 = 0
        AND (octet_length(payloads[1]::text) <= 200 AND strpos(payloads[1]::text, E'\\u') = 0
             OR {schema}.fits(payloads[1], 1048576))
        AND (metadata[1] IS NULL OR {schema}.fits(metadata[1], 65536));
    IF plain IS NOT TRUE THEN
        ignored := {schema}.check_arguments(wait, check_repeats, calls, categories, ids, expected, items, steps, together,
                                            event_ids, names, schema_versions, slices, payloads, metadata);
        IF check_repeats OR refused OR false = ANY (locked) THEN
            SELECT d.verdicts, d.ids_taken, d.stored_version, d.stored_recorded_at
            INTO verdicts, ids_taken, stored_version, stored_recorded_at
            FROM {schema}.decide(calls, categories, ids, expected, items, steps, event_ids, locked, actual) d;
        END IF;
    END IF;

    -- The fence comes before positions are drawn. It comes after the streams are locked, so that an append which waits for
    -- a stream does not hold readers back.
    IF verdicts IS NULL OR 0 = ANY (verdicts) THEN
        ignored := {schema}.fence();
    ELSIF 2 = ANY (verdicts) THEN
        ignored := {schema}.incarnation();
    END IF;
    -- From the table, since `new_incarnation` begins one under backends that have checked, and any role may set a variable.
    IF verdicts IS NULL OR 0 = ANY (verdicts) OR 2 = ANY (verdicts) THEN
        incarnation := (SELECT i.id FROM {schema}.incarnations i ORDER BY i.number DESC LIMIT 1);
    END IF;
    IF single AND verdicts IS NULL THEN
        positions := ARRAY[nextval({position}::regclass)];
        INSERT INTO {schema}.events (position, recorded_at, version, event_id, schema_version, slice, together, category, id, name, payload, metadata)
            VALUES (positions[1], recorded[1], actual[1] + steps[1], event_ids[1], schema_versions[1], coalesce(stored_slice, slices[1]), together[1],
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
        SELECT e.position, recorded[e.item], actual[e.item] + e.step, e.event_id, e.schema_version, coalesce(stored_slices[e.item], e.slice), e.together,
               categories[e.item], ids[e.item], e.name, e.payload, e.metadata
        FROM unnest(positions, items, steps, together, event_ids, names, schema_versions, slices, payloads, metadata)
                 e(position, item, step, together, event_id, name, schema_version, slice, payload, metadata)
        WHERE coalesce(verdicts[e.item], 0) = 0;
    IF 2 = ANY (verdicts) THEN
        SELECT r.actual, r.recorded INTO actual, recorded
        FROM {schema}.repeat_answers(verdicts, stored_version, stored_recorded_at, expected, actual, recorded) r;
    END IF;
END
$es$;

COMMENT ON FUNCTION {schema}.look_up(text[], text[], bigint[]) IS 'The last versions of streams that are locked.';
COMMENT ON FUNCTION {schema}.decide(integer[], text[], text[], bigint[], integer[], bigint[], uuid[], boolean[], bigint[]) IS
    'The verdict on each append, where one may be refused, repeated or busy.';
COMMENT ON FUNCTION {schema}.repeat_answers(smallint[], bigint[], timestamptz[], bigint[], bigint[], timestamptz[]) IS
    'The answers of repeated appends.';
COMMENT ON FUNCTION {schema}.append(boolean, boolean, integer[], text[], text[], bigint[], integer[], bigint[],
    smallint[], uuid[], text[], bigint[], smallint[], json[], json[]) IS
    'Appends events to streams: each append whole or not at all, with a verdict of its own. For the library es only.';
