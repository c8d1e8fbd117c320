//! Rows that somebody else damaged: typed errors where they stand, and other streams go on.

use std::error::Error;

use es_core::{
    Aggregate, Append, Apply, Direction, Event, EventStore, EventStoreExt, Expected, Filter, LoadError, Position,
    ReadError, Repository, StreamId, Version,
};
use es_postgres::PostgresStore;
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use test_postgres::Database;
use tokio_postgres::Client;

use crate::trial::connect;

#[derive(Event, Clone, Debug, Serialize, Deserialize)]
#[event(name = "counted")]
struct Counted {
    number: u64,
}

#[derive(Aggregate, Default, Clone, Debug)]
#[aggregate(category = "counter", id = String, events(Counted))]
struct Counter {
    sum: u64,
}

impl Apply<Counted> for Counter {
    fn apply(&mut self, event: Counted) {
        self.sum += event.number;
    }
}

/// A log of two counters with three events each, whose protections are off.
struct Damaged {
    // the store's connections end before the database is dropped
    store: PostgresStore,
    client: Client,
    database: Database,
}

impl Damaged {
    /// With `statement` run on it, which finds the second event of counter `a`.
    async fn by(statement: &str) -> Self {
        let database = Database::fresh().unwrap();
        let store = PostgresStore::connect(&database.url()).await.unwrap();
        let counters = store.repository::<Counter>();
        for id in ["a", "b"] {
            let mut root = counters.load(&id.to_owned()).await.unwrap();
            for number in 1..=3 {
                root.record(Counted { number });
                counters.append(&mut root).await.unwrap();
            }
        }
        let client = connect(&database.url()).await;
        client.batch_execute("ALTER TABLE es.events DISABLE TRIGGER events_never_change").await.unwrap();
        client
            .batch_execute(&statement.replace("$second", "category = 'counter' AND id = 'a' AND version = 2"))
            .await
            .unwrap();
        Self { store, client, database }
    }

    async fn load(&self, id: &str) -> Result<u64, ReadError> {
        match self.store.repository::<Counter>().load(&id.to_owned()).await {
            Ok(root) => Ok(root.sum),
            Err(LoadError::Read(error)) => Err(error),
            Err(error) => panic!("{error}"),
        }
    }

    /// Counter `b` and what is appended anew do not suffer; the whole log can be read past the damage.
    async fn others_go_on(&self) {
        assert_eq!(self.load("b").await.unwrap(), 6);
        let counters = self.store.repository::<Counter>();
        let mut fresh = counters.load(&"c".to_owned()).await.unwrap();
        fresh.record(Counted { number: 7 });
        counters.append(&mut fresh).await.unwrap();
        assert_eq!(self.load("c").await.unwrap(), 7);
        let rest: Vec<_> = self.store.read_all(Position::new(3), &Filter::all(), None).try_collect().await.unwrap();
        assert_eq!(rest.len(), 4);
        // another process that starts now starts
        PostgresStore::connect(&self.database.url()).await.unwrap();
        self.client.batch_execute("SELECT 1").await.unwrap();
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
        let damaged = Damaged::by(&format!("UPDATE es.events SET data = '{payload}' WHERE $second")).await;
        let error = damaged.load("a").await.unwrap_err();
        assert!(matches!(&error, ReadError::Decode { version, .. } if *version == 2), "{payload}: {error:?}");
        let text = format!("{error} {}", error.source().unwrap());
        assert!(text.contains("counter/a") && text.contains("counted") && !text.contains("secret"), "{text}");
        damaged.others_go_on().await;
    }
}

#[tokio::test]
async fn names_and_schema_versions_that_this_program_does_not_know_are_named() {
    for (statement, says) in [
        ("UPDATE es.events SET type = 'invented' WHERE $second", "invented"),
        ("UPDATE es.events SET schema_version = 4711 WHERE $second", "4711"),
        ("UPDATE es.events SET schema_version = 4294967295 WHERE $second", "4294967295"),
    ] {
        let damaged = Damaged::by(statement).await;
        let error = damaged.load("a").await.unwrap_err();
        assert!(matches!(&error, ReadError::Decode { version, .. } if *version == 2), "{statement}: {error:?}");
        assert!(error.to_string().contains(says), "{error}");
        damaged.others_go_on().await;
    }
}

#[tokio::test]
async fn columns_that_no_store_writes_are_damage() {
    for statement in [
        "UPDATE es.events SET schema_version = 0 WHERE $second",
        "UPDATE es.events SET schema_version = -1 WHERE $second",
        "UPDATE es.events SET schema_version = 4294967296 WHERE $second",
        "UPDATE es.events SET type = '' WHERE $second",
        "UPDATE es.events SET type = repeat('x', 513) WHERE $second",
        // compressed to little on disk, and random bytes that are not
        "UPDATE es.events SET data = to_json(repeat('x', 200 * 1024 * 1024)) WHERE $second",
        "UPDATE es.events SET data = (SELECT to_json(string_agg(md5(i::text), '')) FROM generate_series(1, 70000) i) WHERE $second",
        "UPDATE es.events SET meta = to_json(repeat('x', 70000)) WHERE $second",
    ] {
        let damaged = Damaged::by(statement).await;
        let error = damaged.load("a").await.unwrap_err();
        assert!(matches!(&error, ReadError::Damaged { version, .. } if *version == 2), "{statement}: {error:?}");
        damaged.others_go_on().await;
    }
}

#[tokio::test]
async fn metadata_of_another_shape_is_damage_for_who_reads_it() {
    let damaged = Damaged::by("UPDATE es.events SET meta = '[1]' WHERE $second").await;
    let stream = StreamId::new("counter", "a").unwrap();
    let stored: Vec<_> =
        damaged.store.read_stream(&stream, Version::FIRST, Direction::Forward, None).try_collect().await.unwrap();
    assert!(matches!(stored[1].decode_metadata(), Err(ReadError::Damaged { .. })));
    damaged.others_go_on().await;
}

#[tokio::test]
async fn a_hole_in_a_stream_and_a_version_below_one_are_told() {
    let damaged = Damaged::by("DELETE FROM es.events WHERE $second").await;
    let error = damaged.load("a").await.unwrap_err();
    assert!(matches!(&error, ReadError::Hole { after, found, .. } if *after == 1 && *found == 3), "{error:?}");
    damaged.others_go_on().await;

    let damaged = Damaged::by("UPDATE es.events SET version = -5 WHERE $second").await;
    let error = damaged.load("a").await.unwrap_err();
    assert!(matches!(&error, ReadError::Hole { after, found, .. } if *after == 1 && *found == 3), "{error:?}");
    let all: Result<Vec<_>, _> = damaged.store.read_all(Position::START, &Filter::all(), None).try_collect().await;
    assert!(matches!(&all, Err(ReadError::Damaged { position, .. }) if *position == 2), "{all:?}");
    damaged.others_go_on().await;
}

/// What the store is for, with times that no clock shows.
#[tokio::test]
async fn times_at_the_ends_of_what_the_server_knows_are_read() {
    for time in ["infinity", "-infinity", "294276-12-31", "4713-01-01 BC"] {
        let damaged = Damaged::by(&format!("UPDATE es.events SET recorded_at = '{time}' WHERE $second")).await;
        assert_eq!(damaged.load("a").await.unwrap(), 6, "{time}");
        let append = Append::assertion(StreamId::new("counter", "a").unwrap(), Expected::Exact(Version::new(3)));
        damaged.store.append(vec![append]).await.unwrap();
        damaged.others_go_on().await;
    }
}
