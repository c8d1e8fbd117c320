//! Calls every function that the application's role may call with invalid arguments: refused, or harmless to readers.

use es_core::{
    Checkpoint, EventStore, Filter, NewEvent, Position, ReadModelError,
    limits::{NAME_BYTES, ROW_BYTES},
};
use es_postgres::PostgresStore;
use futures_util::TryStreamExt;
use tokio_postgres::{Client, error::SqlState};

use crate::{
    faults::altered_sql::{Change, change},
    tools::{hardened_log::HardenedLog, smoke_test::appends_and_reads, trial::connect},
};

/// A function that the role may execute, with the types and names of its arguments.
struct GrantedFunction {
    name: String,
    types: Vec<String>,
    names: Vec<String>,
}

impl GrantedFunction {
    /// The index of this argument.
    fn index(&self, argument: &str) -> usize {
        self.names.iter().position(|name| name == argument).unwrap_or_else(|| panic!("no argument `{argument}`"))
    }
}

/// Every function that the role may execute.
async fn granted_functions(client: &Client) -> Vec<GrantedFunction> {
    let functions = "SELECT p.proname::text, ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t),
                     coalesce(p.proargnames, '{}')
                     FROM pg_proc p WHERE p.pronamespace = 'es'::regnamespace AND has_function_privilege(p.oid, 'EXECUTE')
                     ORDER BY p.proname";
    let rows = client.query(functions, &[]).await.unwrap();
    rows.iter().map(|row| GrantedFunction { name: row.get(0), types: row.get(1), names: row.get(2) }).collect()
}

/// Valid arguments, for several streams of two events each or for one stream of one event.
fn valid(name: &str, streams: usize) -> Vec<String> {
    let numbers = |number: fn(usize) -> String, count| {
        let numbers: Vec<String> = (0..count).map(number).collect();
        format!("'{{{}}}'", numbers.join(","))
    };
    let events = if streams == 1 { 1 } else { streams * 2 };
    let event = |single: &str, number: fn(usize) -> String| {
        if streams == 1 { format!("'{{{single}}}'") } else { numbers(number, events) }
    };
    match name {
        "append" => vec![
            "false".into(),
            "false".into(),
            numbers(|n| n.to_string(), streams),
            numbers(|_| "forged".into(), streams),
            if streams == 1 { "'{one}'".into() } else { numbers(|n| format!("s{n}"), streams) },
            numbers(|_| "-1".into(), streams),
            event("1", |n| (n / 2 + 1).to_string()),
            event("1", |n| (n % 2 + 1).to_string()),
            event("1", |n| if n % 2 == 0 { "2".into() } else { "0".into() }),
            format!("array(SELECT gen_random_uuid() FROM generate_series(1, {events}))"),
            event("t", |_| "t".into()),
            event("1", |_| "1".into()),
            event("7", |n| (n / 2).to_string()),
            format!("array_fill('{{}}'::json, ARRAY[{events}])"),
            format!("array_fill(NULL::json, ARRAY[{events}])"),
        ],
        "store_snapshot" => {
            let of_the_event = |column| {
                format!("(SELECT {column} FROM es.events WHERE category = 'day' AND id = '1' AND version = 1)")
            };
            let names = ["'day'", "'1'", "'s'", "1"].map(str::to_owned);
            names.into_iter().chain(["position", "recorded_at"].map(of_the_event)).chain(["'p'".to_owned()]).collect()
        }
        "claim_projection" => ["'balances'", "1", "'owner'", "1000000"].map(str::to_owned).into(),
        // From wherever the projection stands.
        "advance_projection" => {
            let stands =
                |column| format!("(SELECT {column} FROM es.projections WHERE name = 'balances' AND version = 1)");
            let mut arguments = vec!["'balances'".to_owned(), "1".to_owned(), stands("epoch"), stands("handled")];
            arguments.extend(["handled", "handled_incarnation", "seen", "seen_incarnation"].map(stands));
            arguments.extend(["'retrying'", "'day'", "'1'", "1", "1", "3", "'failed'", "1000000"].map(str::to_owned));
            arguments.extend(["'{a,b}'", "array_fill('{}'::json, ARRAY[2])"].map(str::to_owned));
            arguments
        }
        "ask_projection" => {
            let stands =
                |column| format!("(SELECT {column} FROM es.projections WHERE name = 'balances' AND version = 1)");
            let mut arguments = vec!["'balances'".to_owned(), "1".to_owned()];
            arguments.extend(["epoch", "state", "complete"].map(stands));
            arguments.extend(["'building'", "false"].map(str::to_owned));
            arguments
        }
        "unmoved" => vec!["(SELECT id FROM es.incarnations ORDER BY number DESC LIMIT 1)".into()],
        "common_with" => vec!["gen_random_uuid()".into()],
        "frontier" | "drawn" | "incarnation" => vec![],
        other => panic!("add valid arguments for the function `{other}`"),
    }
}

/// Values of this type that some argument or every argument must reject.
fn invalid_values(of: &str) -> Vec<String> {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    match of {
        "boolean" => texts(&["true", "false"]),
        "smallint" => texts(&["-32768", "-1", "0", "1", "2", "1000", "1024", "32767"]),
        "integer" => texts(&["-2147483648", "-1", "0", "2", "1000", "2147483647"]),
        "bigint" => texts(&["-9223372036854775808", "-3", "-2", "0", "2", "1000", "4294967296", "9223372036854775807"]),
        "text" => texts(&["''", "repeat('x', 513)", "repeat('ä', 257)", "repeat('x', 1048577)", "E'a\\nb'"]),
        "uuid" => texts(&["'00000000-0000-0000-0000-000000000000'", "(SELECT event_id FROM es.events LIMIT 1)"]),
        "timestamp with time zone" => texts(&["'infinity'", "'-infinity'", "'2000-01-01'", "'4000-01-01 BC'", "now()"]),
        "bytea" => texts(&["''", "'\\x00'", "decode(repeat('00', 1000), 'hex')"]),
        "json" => texts(&[
            "repeat('[', 101) || repeat(']', 101)",
            "repeat('[', 5000) || repeat(']', 5000)",
            "repeat('{\"a\":', 101) || '1' || repeat('}', 101)",
            "'{\"a\":' || repeat('[', 101) || repeat(']', 101) || ',\"a\":1}'",
            "'[' || repeat('\"]\",[', 101) || repeat(']', 102)",
            "'\"' || repeat('x', 3000000) || '\"'",
            "'\"' || repeat('x', 65535) || '\"'",
            "'\"\\u0000\"'",
            "'{\"\\u0000\":1}'",
            "'\"\\ud800\"'",
            "'\"\\udc00\\ud800\"'",
            "' '",
            "'nonsense'",
        ]),
        other => panic!("add invalid values for the type `{other}`"),
    }
}

/// Invalid replacements for the valid argument `right` of this type.
fn invalid(of: &str, right: &str) -> Vec<String> {
    let mut wrong = vec!["NULL".to_owned()];
    match of.strip_suffix("[]") {
        None => wrong.extend(invalid_values(of)),
        Some(element) => {
            let right = format!("({right})::{of}");
            wrong.push("'{}'".to_owned());
            wrong.push("'{NULL}'".to_owned());
            // Longer, shorter, with more dimensions, and with another lower bound.
            wrong.push(format!("{right} || {right}"));
            wrong.push(format!("({right})[2:]"));
            wrong.push(format!("ARRAY[{right}]"));
            wrong.push(format!("('[5:' || 4 + cardinality({right}) || ']=' || {right}::text)"));
            for value in invalid_values(element).into_iter().chain(["NULL".to_owned()]) {
                wrong.push(format!("array_fill(({value})::{element}, ARRAY[cardinality({right})])"));
                wrong.push(format!("({right})[:cardinality({right}) - 1] || ({value})::{element}"));
                // With the lower bound 0, the element with index 1 is the invalid one.
                let inside = format!("(({right})[1:1] || ({value})::{element} || ({right})[2:])::text");
                wrong.push(format!("('[0:' || cardinality({right}) || ']=' || {inside})"));
            }
        }
    }
    wrong
}

/// The statement that calls the function with these arguments.
fn call(GrantedFunction { name, types, .. }: &GrantedFunction, arguments: &[String]) -> String {
    let arguments: Vec<String> =
        arguments.iter().zip(types).map(|(argument, of)| format!("({argument})::{of}")).collect();
    format!("SELECT es.{name}({})", arguments.join(", "))
}

/// Every event can be read and appended again, versions, positions, times and snapshots are consistent, and every read model
/// can be read.
async fn check_log(store: &PostgresStore, owner: &Client) -> Result<(), String> {
    let all: Vec<_> = store
        .read_all(Checkpoint::START, &Filter::all(), None)
        .try_collect()
        .await
        .map_err(|error| format!("a reader stops: {error}"))?;
    for event in &all {
        let limits = (event.payload.len() <= 1024 * 1024, event.metadata.as_ref().is_none_or(|m| m.len() <= 64 * 1024));
        let again = NewEvent::from_json(event.id, event.name.clone(), event.schema_version, event.payload.clone());
        if limits != (true, true) || again.is_err() {
            return Err(format!("an event that no program could append: {event:?}"));
        }
    }
    let broken = "SELECT category || '/' || id FROM es.events GROUP BY category, id
                  HAVING max(version) <> count(*) OR min(version) <> 1 OR min(slice) <> max(slice)
                      OR min(slice) < 0 OR max(slice) > 1023 OR sum(together) <> count(*) OR min(together) < 0
                  UNION ALL
                  SELECT category || '/' || id FROM (
                      SELECT *, lag(position) OVER s AS p, lag(recorded_at) OVER s AS r FROM es.events
                      WINDOW s AS (PARTITION BY category, id ORDER BY version)) e WHERE p > position OR r > recorded_at
                  UNION ALL
                  SELECT 'snapshot' FROM es.snapshots s WHERE NOT EXISTS (
                      SELECT FROM es.events e WHERE e.category = s.category AND e.id = s.id
                          AND (e.version, e.position, e.recorded_at) = (s.version, s.position, s.recorded_at))";
    let broken: Vec<String> = owner.query(broken, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    if !broken.is_empty() {
        return Err(format!("these are out of order: {broken:?}"));
    }
    read_models_are_readable(store).await?;
    let last = all.last().map_or(Position::START, |event| event.position);
    let frontier = store.frontier().await.map_err(|error| error.to_string())?.position();
    if frontier < last { Err(format!("the frontier is {frontier}, the last event {last}")) } else { Ok(()) }
}

/// The status and the rows of every read model can be read, and are within the limits.
async fn read_models_are_readable(store: &PostgresStore) -> Result<(), String> {
    let read_models = store.capabilities().read_models.expect("the store keeps no read models");
    let stops = |error: ReadModelError| format!("a reader of read models stops: {error:?}");
    for status in read_models.statuses().await.map_err(stops)? {
        if status.handled.position() > status.seen.position() {
            return Err(format!("it handled more than it has seen: {status:?}"));
        }
        for row in read_models.rows_after(&status.model, None, usize::MAX).await.map_err(stops)? {
            if !(1..=NAME_BYTES).contains(&row.key.len()) || row.state.len() > ROW_BYTES {
                return Err(format!("a row of {} that no program could write: {row:?}", status.model));
            }
        }
    }
    Ok(())
}

/// Calls each of these granted functions with each argument invalid in turn; returns the number of refused calls. Before,
/// applies `change` to the function `append`, and runs the statement `weaken`.
async fn call_with_invalid_arguments(
    is_called: impl Fn(&str) -> bool,
    change: Change,
    weaken: &str,
) -> Result<usize, String> {
    let hardened = HardenedLog::new().await;
    let owner = connect(&hardened.database.url()).await;
    let store = PostgresStore::connect(&hardened.url("app")).await.unwrap();
    appends_and_reads(&store).await;
    change.in_function(&owner, "es.append").await;
    owner.batch_execute(weaken).await.unwrap();
    let claimed = format!("SELECT es.claim_projection({})", valid("claim_projection", 1).join(", "));
    owner.batch_execute(&claimed).await.unwrap();
    let client = connect(&hardened.url("app")).await;
    let mut functions = granted_functions(&client).await;
    functions.retain(|function| is_called(&function.name));
    assert!(!functions.is_empty(), "nothing is granted");
    let mut refused = 0;
    for function in &functions {
        for streams in if function.name == "append" { vec![1, 3] } else { vec![1] } {
            // A new stream in each call, and then an existing one.
            for again in 0..2 {
                for (at, of) in function.types.iter().enumerate() {
                    for (nth, wrong) in invalid(of, &valid(&function.name, streams)[at]).into_iter().enumerate() {
                        let mut arguments = valid(&function.name, streams);
                        if function.name == "append" && again == 0 {
                            let category = &mut arguments[function.index("categories")];
                            *category = category.replace("forged", &format!("new{streams}_{at}_{nth}"));
                        }
                        arguments[at] = wrong;
                        let call = call(function, &arguments);
                        if client.batch_execute(&call).await.is_err() {
                            refused += 1;
                        } else {
                            check_log(&store, &owner).await.map_err(|error| format!("{call}: {error}"))?;
                        }
                    }
                }
                let right = call(function, &valid(&function.name, streams));
                client.batch_execute(&right).await.map_err(|error| format!("{right} is refused: {error}"))?;
            }
        }
    }
    check_log(&store, &owner).await?;
    Ok(refused)
}

#[tokio::test]
async fn calls_with_invalid_arguments_never_break_a_reader() {
    let refused = call_with_invalid_arguments(|_| true, Change::NONE, "").await.unwrap();
    assert!(refused > 300, "only {refused} calls were refused");
}

/// Checks that the test above can fail.
#[tokio::test]
async fn a_missing_argument_check_is_caught() {
    for (change, expected) in [
        (change("IF plain IS NOT TRUE THEN", "IF false THEN"), ""),
        (change("schema_versions[1] BETWEEN 1 AND 4294967295 AND", ""), "a reader stops"),
        // A comparison of whole arrays accepts an array whose element 1 is invalid.
        (
            change("schema_versions[1] BETWEEN 1 AND 4294967295", "schema_versions BETWEEN '{1}' AND '{9}'"),
            "a reader stops",
        ),
        (change("slices[1] & -1024 = 0", "slices BETWEEN '{0}' AND '{1023}'"), "out of order"),
        (change("AND steps = '{1}'", ""), ""),
        (change("strpos(payloads[1]::text, E'\\\\u') = 0", "true"), "no program could append"),
        (change("slices[1] & -1024 = 0", "true"), "out of order"),
        (change("(octet_length(ids[1]) - 1) & -512 = 0", "true"), "a reader stops"),
    ] {
        let caught = call_with_invalid_arguments(|name| name == "append", change, "").await.expect_err(change.part);
        assert!(caught.contains(expected), "{change:?}: {caught}");
    }
}

/// Checks that the test above can fail.
#[tokio::test]
async fn a_missing_check_of_read_models_is_caught() {
    for (function, weaken, expected) in [
        ("advance", "ALTER TABLE es.rows DROP CONSTRAINT rows_key", "that no program could write"),
        ("advance", "ALTER TABLE es.projections DROP CONSTRAINT projections_failure", "a reader of read models stops"),
        ("advance", "ALTER TABLE es.projections DROP CONSTRAINT projections_state", "a reader of read models stops"),
        ("advance", "ALTER TABLE es.projections DROP CONSTRAINT projections_positions", "handled more than"),
        ("claim", "ALTER TABLE es.projections DROP CONSTRAINT projections_name", "a reader of read models stops"),
        ("claim", "ALTER TABLE es.projections DROP CONSTRAINT projections_version", "a reader of read models stops"),
        ("ask", "ALTER TABLE es.projections DROP CONSTRAINT projections_state", "a reader of read models stops"),
    ] {
        let is_called = |name: &str| name == format!("{function}_projection");
        let caught = call_with_invalid_arguments(is_called, Change::NONE, weaken).await.expect_err(weaken);
        assert!(caught.contains(expected), "{weaken}: {caught}");
    }
}

#[tokio::test]
async fn a_row_over_the_limit_is_refused() {
    let hardened = HardenedLog::new().await;
    let client = connect(&hardened.url("app")).await;
    let functions = granted_functions(&client).await;
    let named = |name: &str| functions.iter().find(|function| function.name == name).unwrap();
    client.batch_execute(&call(named("claim_projection"), &valid("claim_projection", 1))).await.unwrap();
    let advance = named("advance_projection");
    for (bytes, code) in [(ROW_BYTES, None), (ROW_BYTES + 1, Some(&SqlState::CHECK_VIOLATION))] {
        let mut arguments = valid("advance_projection", 1);
        arguments[advance.index("states")] = format!("ARRAY['1', '\"' || repeat('x', {}) || '\"']", bytes - 2);
        let answer = client.batch_execute(&call(advance, &arguments)).await;
        assert_eq!(answer.as_ref().err().and_then(tokio_postgres::Error::code), code, "{bytes} bytes: {answer:?}");
    }
}

/// These arguments must be refused, and not merely be harmless.
#[tokio::test]
async fn invalid_append_arguments_are_refused() {
    let hardened = HardenedLog::new().await;
    let store = PostgresStore::connect(&hardened.url("app")).await.unwrap();
    appends_and_reads(&store).await;
    let client = connect(&hardened.url("app")).await;
    let functions = granted_functions(&client).await;
    let append = functions.iter().find(|function| function.name == "append").unwrap();
    for streams in [1, 3] {
        client.batch_execute(&call(append, &valid("append", streams))).await.unwrap();
        for (argument, of, value) in [
            ("categories", "text", "''"),
            ("ids", "text", "repeat('x', 513)"),
            ("expected", "bigint", "-3"),
            ("steps", "bigint", "1000"),
            ("together", "smallint", "-1"),
            ("names", "text", "''"),
            ("schema_versions", "bigint", "0"),
            ("schema_versions", "bigint", "4294967296"),
            ("slices", "smallint", "-1"),
            ("payloads", "json", "repeat('[', 5000) || repeat(']', 5000)"),
            ("payloads", "json", "repeat('[', 101) || repeat(']', 101)"),
            ("payloads", "json", "'\"' || repeat('x', 3000000) || '\"'"),
            ("payloads", "json", "'\"\\u0000\"'"),
            ("metadata", "json", "'\"' || repeat('x', 65536) || '\"'"),
        ] {
            let mut arguments = valid("append", streams);
            // Names and slices matter in the first event of a stream.
            let category = &mut arguments[append.index("categories")];
            *category = category.replace("forged", "another");
            let at = append.index(argument);
            arguments[at] = format!("array_fill(({value})::{of}, ARRAY[cardinality(({})::{of}[])])", arguments[at]);
            let refused = client.batch_execute(&call(append, &arguments)).await.unwrap_err();
            let code = refused.code().map(|code| code.code().to_owned());
            assert!(
                matches!(code.as_deref(), Some("ES011" | "22P05" | "54001")),
                "{streams} streams, {value}: {refused}, {code:?}"
            );
        }
    }
}
