//! A damaged row is reported as a typed error with its place, and other streams still work.

use std::{error::Error, sync::Arc};

use es_core::{EventStore, ReadError};

use crate::{
    faults::lenient_reader::{Leniency, LenientReader},
    tools::{counter::load, damaged_log::DamagedLog, trial::connect},
};

/// The error that reports the damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ErrorKind {
    /// An event that does not decode.
    Decode,
    /// A row that no store writes.
    Damaged,
    /// A missing event.
    Hole,
}

/// The damage of counter `a` is reported with its place, and everything else works.
///
/// # Errors
/// The report that is missing or wrong, or the first operation that does not work.
async fn is_reported(
    damaged: &DamagedLog,
    store: Arc<dyn EventStore>,
    kind: ErrorKind,
    message: &str,
) -> Result<(), String> {
    let error = match load(&store, "a").await? {
        Ok(sum) => return Err(format!("nothing was reported, and the sum is {sum}")),
        Err(error) => error,
    };
    let (reported, at) = match &error {
        ReadError::Decode { version, .. } => (ErrorKind::Decode, version.get()),
        ReadError::Damaged { version, .. } => (ErrorKind::Damaged, version.get()),
        ReadError::Hole { after, found, .. } if after.plus(2) == *found => (ErrorKind::Hole, after.get() + 1),
        error => return Err(format!("it was reported as {error:?}")),
    };
    if (reported, at) != (kind, 2) {
        return Err(format!("it was reported as {error:?}"));
    }
    let text = format!("{error} {}", error.source().map(ToString::to_string).unwrap_or_default());
    if !text.contains("counter/a") || !text.contains(message) || text.contains("secret") {
        return Err(format!("it was reported as `{text}`"));
    }
    damaged.others_still_work(&store).await
}

/// The store reports the damage that `statement` does; lenient stores, which do not, are caught.
async fn damage_is_reported(statement: &str, kind: ErrorKind, message: &str) {
    let damaged = DamagedLog::with(statement).await;
    let store: Arc<dyn EventStore> = Arc::new(damaged.store.clone());
    is_reported(&damaged, Arc::clone(&store), kind, message)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    let leniencies = [
        (Leniency::Guesses, "nothing was reported"),
        (Leniency::SkipsRows, "nothing was reported"),
        (Leniency::StopsForever, "counter b"),
        (Leniency::Panics, "reading panicked"),
    ];
    // The fold of a stream notices a hole, so two kinds of lenient store cannot fail there.
    for (leniency, expected) in leniencies.into_iter().take(if kind == ErrorKind::Hole { 2 } else { 4 }) {
        let lenient = LenientReader::new(Arc::clone(&store), leniency, connect(&damaged.database.url()).await);
        let caught = is_reported(&damaged, Arc::new(lenient), kind, message).await.expect_err(statement);
        assert!(caught.contains(expected), "{statement}, {leniency:?}: {caught}");
    }
}

#[tokio::test]
async fn a_payload_of_another_shape_is_located_and_never_quoted() {
    for payload in [
        r#"{"number":"secret"}"#,
        r#"["secret"]"#,
        "null",
        r#"{"numbers":1}"#,
        r#"{"number":-1}"#,
        r#"{"number":1e300}"#,
    ] {
        damage_is_reported(
            &format!("UPDATE es.events SET payload = '{payload}' WHERE $second"),
            ErrorKind::Decode,
            "counted",
        )
        .await;
    }
}

#[tokio::test]
async fn unknown_names_and_schema_versions_are_named() {
    for (statement, message) in [
        ("UPDATE es.events SET name = 'invented' WHERE $second", "invented"),
        ("UPDATE es.events SET schema_version = 2 WHERE $second", "schema version 2"),
        ("UPDATE es.events SET schema_version = 4711 WHERE $second", "4711"),
        ("UPDATE es.events SET schema_version = 4294967295 WHERE $second", "4294967295"),
    ] {
        damage_is_reported(statement, ErrorKind::Decode, message).await;
    }
}

#[tokio::test]
async fn columns_that_no_store_writes_are_reported_as_damage() {
    for statement in [
        "UPDATE es.events SET schema_version = 0 WHERE $second",
        "UPDATE es.events SET schema_version = -1 WHERE $second",
        "UPDATE es.events SET schema_version = 4294967296 WHERE $second",
        "UPDATE es.events SET name = '' WHERE $second",
        "UPDATE es.events SET name = repeat('x', 513) WHERE $second",
        // Bytes that compress well, and bytes that do not.
        "UPDATE es.events SET payload = to_json(repeat('x', 200 * 1024 * 1024)) WHERE $second",
        "UPDATE es.events SET payload = (SELECT to_json(string_agg(md5(i::text), '')) FROM generate_series(1, 70000) i) WHERE $second",
    ] {
        damage_is_reported(statement, ErrorKind::Damaged, "damaged").await;
    }
    let metadata = "UPDATE es.events SET metadata = to_json(repeat('x', 70000)) WHERE $second";
    damage_is_reported(metadata, ErrorKind::Damaged, "metadata").await;
}

#[tokio::test]
async fn a_hole_in_a_stream_and_a_version_below_one_are_reported() {
    damage_is_reported("DELETE FROM es.events WHERE $second", ErrorKind::Hole, "hole").await;
    damage_is_reported("UPDATE es.events SET version = -5 WHERE $second", ErrorKind::Hole, "hole").await;
    damage_is_reported("UPDATE es.events SET category = repeat('x', 513) WHERE $second", ErrorKind::Hole, "hole").await;
    damage_is_reported("UPDATE es.events SET category = '' WHERE $second", ErrorKind::Hole, "hole").await;
}
