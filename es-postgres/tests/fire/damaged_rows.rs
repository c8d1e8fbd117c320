//! Rows that somebody else damaged: typed errors where they stand, and other streams go on.

use std::error::Error;
use std::sync::Arc;

use es_core::{EventStore, ReadError};

use crate::faults::lenient::{Lenient, Manner};
use crate::tools::counter::load;
use crate::tools::damage::Damaged;
use crate::tools::trial::connect;

/// As what the damage is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// An event that does not decode.
    Decode,
    /// A row that no store writes.
    Damaged,
    /// An event that is missing.
    Hole,
}

/// Counter `a` is told to be damaged where it is, and everything else goes on.
///
/// # Errors
/// What a reader of `store` would not have been told, or could not do any more.
async fn is_told(damaged: &Damaged, store: Arc<dyn EventStore>, told: Told, says: &str) -> Result<(), String> {
    let error = match load(&store, "a").await? {
        Ok(sum) => return Err(format!("nothing was told, and the sum is {sum}")),
        Err(error) => error,
    };
    let (as_what, at) = match &error {
        ReadError::Decode { version, .. } => (Told::Decode, version.get()),
        ReadError::Damaged { version, .. } => (Told::Damaged, version.get()),
        ReadError::Hole { after, found, .. } if after.plus(2) == *found => (Told::Hole, after.get() + 1),
        error => return Err(format!("it was told as {error:?}")),
    };
    if (as_what, at) != (told, 2) {
        return Err(format!("it was told as {error:?}"));
    }
    let text = format!("{error} {}", error.source().map(ToString::to_string).unwrap_or_default());
    if !text.contains("counter/a") || !text.contains(says) || text.contains("secret") {
        return Err(format!("it was told as `{text}`"));
    }
    damaged.others_go_on(&store).await
}

/// The store tells of the damage that `statement` does; stores that guess, leave out, stop or panic do not.
async fn damage_is_told(statement: &str, told: Told, says: &str) {
    let damaged = Damaged::by(statement).await;
    let store: Arc<dyn EventStore> = Arc::new(damaged.store.clone());
    is_told(&damaged, Arc::clone(&store), told, says).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    let manners = [
        (Manner::Guesses, "nothing was told"),
        (Manner::LeavesOut, "nothing was told"),
        (Manner::StopsForGood, "counter b"),
        (Manner::Panics, "reading panicked"),
    ];
    // a hole is noticed by who folds the stream, not by the store
    for (manner, as_what) in manners.into_iter().take(if told == Told::Hole { 2 } else { 4 }) {
        let lenient = Lenient::new(Arc::clone(&store), manner, connect(&damaged.database.url()).await);
        let caught = is_told(&damaged, Arc::new(lenient), told, says).await.expect_err(statement);
        assert!(caught.contains(as_what), "{statement}, by a store that {manner:?}: {caught}");
    }
}

#[tokio::test]
async fn a_payload_of_another_shape_is_named_where_it_stands_and_never_quoted() {
    for payload in [
        r#"{"number":"secret"}"#,
        r#"["secret"]"#,
        "null",
        r#"{"numbers":1}"#,
        r#"{"number":-1}"#,
        r#"{"number":1e300}"#,
    ] {
        damage_is_told(&format!("UPDATE es.events SET payload = '{payload}' WHERE $second"), Told::Decode, "counted")
            .await;
    }
}

#[tokio::test]
async fn names_and_schema_versions_that_this_program_does_not_know_are_named() {
    for (statement, says) in [
        ("UPDATE es.events SET name = 'invented' WHERE $second", "invented"),
        ("UPDATE es.events SET schema_version = 2 WHERE $second", "schema version 2"),
        ("UPDATE es.events SET schema_version = 4711 WHERE $second", "4711"),
        ("UPDATE es.events SET schema_version = 4294967295 WHERE $second", "4294967295"),
    ] {
        damage_is_told(statement, Told::Decode, says).await;
    }
}

#[tokio::test]
async fn columns_that_no_store_writes_are_damage() {
    for statement in [
        "UPDATE es.events SET schema_version = 0 WHERE $second",
        "UPDATE es.events SET schema_version = -1 WHERE $second",
        "UPDATE es.events SET schema_version = 4294967296 WHERE $second",
        "UPDATE es.events SET name = '' WHERE $second",
        "UPDATE es.events SET name = repeat('x', 513) WHERE $second",
        // compressed to little on disk, and random bytes that are not
        "UPDATE es.events SET payload = to_json(repeat('x', 200 * 1024 * 1024)) WHERE $second",
        "UPDATE es.events SET payload = (SELECT to_json(string_agg(md5(i::text), '')) FROM generate_series(1, 70000) i) WHERE $second",
    ] {
        damage_is_told(statement, Told::Damaged, "damaged").await;
    }
    let metadata = "UPDATE es.events SET metadata = to_json(repeat('x', 70000)) WHERE $second";
    damage_is_told(metadata, Told::Damaged, "metadata").await;
}

#[tokio::test]
async fn a_hole_in_a_stream_and_a_version_below_one_are_told() {
    damage_is_told("DELETE FROM es.events WHERE $second", Told::Hole, "hole").await;
    damage_is_told("UPDATE es.events SET version = -5 WHERE $second", Told::Hole, "hole").await;
    damage_is_told("UPDATE es.events SET category = repeat('x', 513) WHERE $second", Told::Hole, "hole").await;
    damage_is_told("UPDATE es.events SET category = '' WHERE $second", Told::Hole, "hole").await;
}
