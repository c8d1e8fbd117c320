//! Hostile input is refused with a typed error before it is sent, or stored and read back unchanged.

use es_core::{
    Append, Checkpoint, Direction, EncodeError, EventName, EventStore, Expected, Filter, LimitError, Metadata,
    NewEvent, SchemaVersion, StreamId, Version,
};
use es_postgres::{PostgresConnectError, PostgresStore};
use futures_util::TryStreamExt;
use test_postgres::Database;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::tools::{
    smoke_test::appends_and_reads,
    trial::{builder, connect},
    workload::named,
};

/// Texts with a special meaning in SQL, arrays, JSON or logs.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "'; DROP TABLE es.events; --",
        "\" OR 1=1 --",
        "$es$; SELECT 1; $es$",
        "{a,\"b\"}",
        "{}",
        "NULL",
        "\\",
        "\\\\'\\\"",
        "\\x00",
        "%s %I {schema}",
        "a\tb\nc\rd\u{1}\u{1b}[31m",
        " leading and trailing ",
        "/",
        "a/b",
        "ä",
        "a\u{308}",
        "İstanbul ß ﬁ",
        "\u{202e}gnp.exe",
        "\u{feff}\u{200b}",
        "\u{fffd}\u{ffff}\u{10ffff}",
        "🦀👨‍👩‍👧‍👦",
    ]
    .map(str::to_owned)
    .into();
    texts.push("x".repeat(512));
    // Limits count bytes, and each of these characters has four.
    texts.push("🦀".repeat(128));
    texts
}

#[tokio::test]
async fn names_that_look_like_sql_are_stored_and_read_back_equal() {
    let database = Database::fresh().unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    for (number, text) in texts().iter().enumerate() {
        let other = &texts()[(number + 1) % texts().len()];
        let stream = StreamId::new(text, other).unwrap();
        let metadata = Metadata::new().with_actor(text.replace('\0', "")).with_extra(other.clone(), text.clone());
        let payload = serde_json::to_string(&serde_json::json!({ text: text, "other": [other] })).unwrap();
        let new = named(text, &payload).unwrap().with_metadata(&metadata).unwrap();
        let answer =
            store.append(Append::new(stream.clone(), Expected::NoStream, vec![new.clone()]).into()).await.unwrap();
        let by_stream: Vec<_> =
            store.read_stream(&stream, Version::FIRST, Direction::Forward, None).try_collect().await.unwrap();
        let filter = Filter::all().category(text.clone()).name(text.clone());
        let by_filter: Vec<_> = store.read_all(Checkpoint::START, &filter, None).try_collect().await.unwrap();
        assert_eq!(by_stream, by_filter, "{text:?}");
        let [read] = by_stream.as_slice() else { panic!("{text:?}: {by_stream:?}") };
        assert_eq!((&read.stream, &read.name, read.payload.as_ref()), (&stream, new.name(), payload.as_bytes()));
        assert_eq!(read.position, answer[0].positions[0]);
        assert_eq!(read.decode_metadata().unwrap().unwrap(), metadata, "{text:?}");
    }
    // Shows that the test can fail: pasted into a statement, the first text drops the table.
    let pasted = format!("SELECT FROM es.events WHERE id = '{}'", texts()[0]);
    let client = connect(&database.url()).await;
    client.batch_execute(&format!("BEGIN; {pasted}")).await.unwrap();
    let gone = client.query_one("SELECT to_regclass('es.events') IS NULL", &[]).await.unwrap();
    assert!(gone.get::<_, bool>(0));
    client.batch_execute("ROLLBACK").await.unwrap();
    // Two normalization forms of one text are two streams.
    let (composed, decomposed) = (StreamId::new("ä", "1").unwrap(), StreamId::new("a\u{308}", "1").unwrap());
    for stream in [composed, decomposed] {
        let append = Append::new(stream, Expected::NoStream, vec![named("e", "1").unwrap()]);
        assert!(!store.append(append.into()).await.unwrap()[0].repeated);
    }
}

#[test]
fn invalid_names_are_refused_before_sending() {
    let long = "x".repeat(513);
    for (category, id) in [(long.as_str(), "1"), ("c", long.as_str())] {
        assert!(matches!(StreamId::new(category, id), Err(LimitError::TooLong { bytes: 513, .. })));
    }
    assert!(matches!(StreamId::new("c", "a\0b"), Err(LimitError::Nul { .. })));
    assert!(matches!(StreamId::new("a\0b", "1"), Err(LimitError::Nul { .. })));
    assert!(matches!(StreamId::new("", "1"), Err(LimitError::Empty { .. })));
    assert!(matches!(EventName::new(long), Err(LimitError::TooLong { .. })));
    assert!(matches!(EventName::new("a\0b"), Err(LimitError::Nul { .. })));
}

/// The store must refuse these itself: the server accepts long names, and refuses a NUL only with the whole batch.
#[tokio::test]
async fn the_server_accepts_long_names_and_rejects_nul() {
    let database = Database::fresh().unwrap();
    PostgresStore::connect(&database.url()).await.unwrap();
    let client = connect(&database.url()).await;
    let row = "INSERT INTO es.events (position, version, recorded_at, event_id, together, schema_version, slice, category, id, name, payload)
               VALUES (1, 1, now(), gen_random_uuid(), 1, 1, 0, 'c', $1, 'e', '1')";
    let nul = client.execute(row, &[&"a\0b"]).await.unwrap_err();
    assert_eq!(nul.code(), Some(&SqlState::CHARACTER_NOT_IN_REPERTOIRE), "{nul}");
    assert_eq!(client.execute(row, &[&"x".repeat(513)]).await.unwrap(), 1);
}

#[test]
fn unreadable_payloads_are_refused_before_sending() {
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let object = |depth: usize| r#"{"a":"#.repeat(depth) + "1" + &"}".repeat(depth);
    for (payload, why) in [
        (r#""\ud800""#, "half of a surrogate pair"),
        (r#""\udc00\ud800""#, "surrogates in the wrong order"),
        (r#"{"\ud83d":1}"#, "half of a surrogate pair in a key"),
        (r#""\u0000""#, "NUL"),
        (r#"{"\u0000":1}"#, "NUL in a key"),
        ("NaN", "not a number"),
        ("Infinity", "infinity"),
        ("-Infinity", "infinity"),
        ("1e999", "a number that becomes infinity"),
        (&deep(101), "too deep by one"),
        (&deep(3_000), "3,000 deep"),
        (&object(3_000), "3,000 deep"),
        ("", "nothing"),
        ("{", "cut short"),
        ("1 2", "two values"),
        ("{'a':1}", "not JSON"),
    ] {
        let refused = named("e", payload).map(drop);
        assert!(
            matches!(refused, Err(EncodeError::NotJson { .. } | EncodeError::Nul { .. } | EncodeError::TooDeep { .. })),
            "{why}: {refused:?}"
        );
    }
    let bytes =
        NewEvent::from_json(Uuid::now_v7(), EventName::new("e").unwrap(), SchemaVersion::FIRST, vec![b'"', 0xff, b'"']);
    assert!(matches!(bytes, Err(EncodeError::NotJson { .. })), "{bytes:?}");
    let huge = named("e", &format!("\"{}\"", "x".repeat(1024 * 1024)));
    assert!(matches!(huge, Err(EncodeError::Limit(LimitError::TooLong { .. }))));
    let metadata = named("e", "1").unwrap().with_metadata(&Metadata::new().with_actor("a\0b"));
    assert!(matches!(metadata, Err(EncodeError::Nul { .. })), "{metadata:?}");
    let metadata = named("e", "1").unwrap().with_metadata(&Metadata::new().with_actor("x".repeat(65_536)));
    assert!(matches!(metadata, Err(EncodeError::Limit(_))), "{metadata:?}");
}

/// The store must refuse these itself: the server accepts them, and no reader can parse them.
#[tokio::test]
async fn the_server_accepts_unreadable_payloads() {
    let database = Database::fresh().unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let client = connect(&database.url()).await;
    let deep = "[".repeat(3_000) + &"]".repeat(3_000);
    for (number, payload) in (1_i64..).zip([r#""\ud800""#, r#""\udc00\ud800""#, "1e999", &deep]) {
        assert!(named("e", payload).is_err());
        let row = "INSERT INTO es.events (position, version, recorded_at, event_id, together, schema_version, slice, category, id, name, payload)
                   VALUES ($1, 1, now(), gen_random_uuid(), 1, 1, 0, 'poisoned', $1::bigint::text, 'e', $2::text::json)";
        client.execute(row, &[&number, &payload]).await.unwrap();
        let stream = StreamId::new("poisoned", number.to_string()).unwrap();
        let read: Vec<_> =
            store.read_stream(&stream, Version::FIRST, Direction::Forward, None).try_collect().await.unwrap();
        assert!(serde_json::from_slice::<serde_json::Value>(&read[0].payload).is_err(), "{payload}");
    }
}

#[tokio::test]
async fn schema_names_that_are_no_plain_identifiers_are_quoted_or_refused() {
    let database = Database::fresh().unwrap();
    let client = connect(&database.url()).await;
    client.batch_execute("CREATE TABLE witness ()").await.unwrap();
    let injection = "x\"; DROP TABLE witness; --";
    for name in [
        injection,
        "'; DROP TABLE witness; --",
        "\"; DROP TABLE witness; --",
        "Ünï cödé",
        "select",
        "a.b",
        "%I",
        "\\",
        "{name}",
    ] {
        let store = builder(&database.url()).schema(name).connect().await.unwrap();
        appends_and_reads(&store).await;
    }
    for name in ["", "a\0b", "pg_mine", &"x".repeat(64)] {
        let refused = builder(&database.url()).schema(name).connect().await.unwrap_err();
        assert!(matches!(refused, PostgresConnectError::SchemaName(_)), "{name:?}: {refused}");
    }
    client.batch_execute("TABLE witness").await.unwrap();
    // Shows that the test can fail: quotes without escaping let the name drop the table.
    client.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS \"{injection}\"")).await.unwrap();
    assert!(client.batch_execute("TABLE witness").await.is_err());
}
