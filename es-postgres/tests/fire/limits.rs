//! Input at a store's limits is stored and read back unchanged; input over them is refused before it is sent.

use std::sync::Arc;

use es_core::{
    Append, AppendError, Direction, EventStore, Expected, LimitError, NewEvent, StoredEvent, StreamId, Version,
};
use es_postgres::PostgresStore;
use futures_util::TryStreamExt;
use test_postgres::Database;
use uuid::Uuid;

use crate::{
    faults::faulty_store::{Fault, FaultyStore},
    tools::workload::named,
};

/// Payloads at a limit are read back byte for byte from a log on which `statements` were run.
async fn payloads_at_the_limits(statements: &[&str]) -> Result<(), String> {
    let database = Database::fresh().unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    database.run(statements).unwrap();
    let stream = StreamId::new("limits", "1").unwrap();
    let deep = "[".repeat(100) + &"]".repeat(100);
    let long = format!("\"{}\"", "x".repeat(1024 * 1024 - 2));
    let payloads = [
        "18446744073709551615",
        "-9223372036854775808",
        "1.7976931348623157e308",
        "5e-324",
        "-0.0",
        "0.1e1",
        r#"{"a":1,"a":2}"#,
        r#" { "b" : [ ] ,	"a":null}"#,
        r#""\ud83e\udd80\u0001\\u0000""#,
        r#""' \" $1 $es$ \\""#,
        &deep,
        &long,
    ];
    let events: Vec<NewEvent> = payloads.iter().map(|payload| named("limits.tried", payload).unwrap()).collect();
    let ids: Vec<Uuid> = events.iter().map(NewEvent::id).collect();
    let append = Append::new(stream.clone(), Expected::NoStream, events);
    store.append(append.into()).await.map_err(|error| format!("refused: {error:?}"))?;
    let read = store.read_stream(&stream, Version::FIRST, Direction::Forward, None).try_collect::<Vec<_>>();
    let read = read.await.map_err(|error| format!("not read: {error}"))?;
    let start = |text: &str| text.chars().take(40).collect::<String>();
    for ((read, payload), id) in read.iter().zip(payloads).zip(ids) {
        let StoredEvent { payload: stored, .. } = read;
        if (stored.as_ref(), read.id) != (payload.as_bytes(), id) {
            return Err(format!("`{}` is read as `{}`", start(payload), start(&String::from_utf8_lossy(stored))));
        }
    }
    if read.len() == payloads.len() { Ok(()) } else { Err(format!("{} are read", read.len())) }
}

#[tokio::test]
async fn payloads_at_the_limits_are_stored_and_read_back_byte_for_byte() {
    payloads_at_the_limits(&[]).await.unwrap();
}

/// Checks that the test above can fail: logs that change or lose bytes of a payload.
#[tokio::test]
async fn a_log_that_changes_payloads_at_the_limits_is_caught() {
    for (instead, expected) in [
        ("NEW.payload::jsonb::json", "`1.7976931348623157e308` is read as `179769"),
        ("trim(NEW.payload::text)::json", r#"` { "b" : [ ] ,"#),
        (
            r"CASE WHEN NEW.payload::text LIKE '{%' THEN NEW.payload::jsonb::json ELSE NEW.payload END",
            r#"`{"a":1,"a":2}` is"#,
        ),
        ("CASE WHEN length(NEW.payload::text) < 1048576 THEN NEW.payload ELSE '0' END", "xxx` is read as `0`"),
        ("CASE WHEN length(NEW.payload::text) < 1048576 THEN NEW.payload END", "refused"),
    ] {
        let function = format!(
            "CREATE FUNCTION es.change_payload() RETURNS trigger LANGUAGE plpgsql \
             AS $$ BEGIN NEW.payload := {instead}; RETURN NEW; END $$"
        );
        let trigger = "CREATE TRIGGER change_payload BEFORE INSERT ON es.events FOR EACH ROW EXECUTE FUNCTION es.change_payload()";
        let caught = payloads_at_the_limits(&[&function, trigger]).await.expect_err(instead);
        assert!(caught.contains(expected), "{instead}: {caught}");
    }
}

/// An append of too many events is refused, and expecting the highest version is a conflict.
async fn too_many_events_are_refused(store: &dyn EventStore) -> Result<(), String> {
    let stream = StreamId::new("c", "1").unwrap();
    let append = |expected, count| {
        let events = (0..count).map(|_| named("e", "1").unwrap()).collect();
        store.append(Append::new(stream.clone(), expected, events).into())
    };
    match append(Expected::Any, 1_001).await {
        Err(AppendError::Limit(LimitError::TooMany { count: 1_001, .. })) => {}
        outcome => return Err(format!("1,001 events are answered by {:?}", outcome.map(|answers| answers.len()))),
    }
    append(Expected::NoStream, 1_000).await.map_err(|error| format!("1,000 events are answered by {error:?}"))?;
    // A conflict, and not an overflow.
    match append(Expected::Exact(Version::MAX), 1).await {
        Err(AppendError::Conflict(_)) => Ok(()),
        outcome => Err(format!("the highest version is answered by {outcome:?}")),
    }
}

#[tokio::test]
async fn an_append_of_too_many_events_is_refused_before_sending() {
    let database = Database::fresh().unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    too_many_events_are_refused(&store).await.unwrap();
}

/// Checks that the test above can fail.
#[tokio::test]
async fn a_store_that_accepts_too_many_events_is_caught() {
    for (fault, expected) in [
        (Fault::AppendsEventByEvent, "1,001 events are answered by Ok"),
        (Fault::Overflows, "the highest version is answered by Ok"),
    ] {
        let database = Database::fresh().unwrap();
        let store: Arc<dyn EventStore> = Arc::new(PostgresStore::connect(&database.url()).await.unwrap());
        let caught =
            too_many_events_are_refused(&FaultyStore::new(store, fault, &database.url())).await.expect_err(expected);
        assert!(caught.contains(expected), "{fault:?}: {caught}");
    }
}
