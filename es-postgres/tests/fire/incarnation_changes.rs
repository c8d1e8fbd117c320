//! Logs whose incarnation changes while they are read, by a restore or a failover.

use std::time::Duration;

use es_core::{
    Append, Checkpoint, EventName, EventStore, Expected, Filter, NewEvent, Position, ReadError, SchemaVersion,
    StoredEvent, StreamId,
};
use es_postgres::{PostgresReadError, PostgresStore};
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use test_postgres::Database;
use uuid::Uuid;

use crate::{
    faults::altered_sql::change,
    tools::{trial::connect, workload::event},
};

const LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn one(id: &str) -> Vec<Append> {
    vec![Append::new(StreamId::new("bank", id).unwrap(), Expected::Any, vec![event()])]
}

pub(crate) async fn append(store: &PostgresStore, id: &str) -> Position {
    store.append(one(id).into()).await.unwrap()[0].positions[0]
}

pub(crate) async fn next(events: &mut BoxStream<'_, Result<StoredEvent, ReadError>>) -> Result<Position, ReadError> {
    let event = tokio::time::timeout(LIMIT, events.next()).await.unwrap().unwrap();
    event.map(|event| event.position)
}

/// Deletes the events above `kept`, as a restore does; if `noticed`, stores can detect it by the log's new place.
fn lose(database: &Database, kept: Position, noticed: bool) {
    let place = if noticed { "UPDATE es.incarnations SET place = 'elsewhere'" } else { "SELECT 1" };
    database
        .run(&[
            "ALTER TABLE es.events DISABLE TRIGGER events_never_change",
            place,
            &format!("DELETE FROM es.events WHERE position > {kept}"),
            &format!("SELECT setval('es.position', {kept})"),
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        ])
        .unwrap();
}

/// A store with ten events, and their positions.
async fn ten_events() -> (Database, PostgresStore, Vec<Position>) {
    let database = Database::fresh().unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let mut positions = Vec::new();
    for number in 0..10 {
        positions.push(append(&store, &number.to_string()).await);
    }
    (database, store, positions)
}

fn is_restored(error: &ReadError, at: Position, kept: Position) -> bool {
    matches!(error, ReadError::Restored { checkpoint, common: Some(common) }
        if checkpoint.position() == at && *common == kept)
}

#[tokio::test]
async fn a_subscription_past_the_restored_end_fails_with_restored() {
    let (database, store, positions) = ten_events().await;
    let mut all = store.subscribe(Checkpoint::START, &Filter::all());
    for position in &positions {
        assert_eq!(next(&mut all).await.unwrap(), *position);
    }
    lose(&database, positions[6], true);
    for number in 0..5 {
        append(&store, &number.to_string()).await;
    }
    let error = next(&mut all).await.unwrap_err();
    assert!(is_restored(&error, positions[9], positions[6]), "{error}");
    assert!(all.next().await.is_none());
}

/// Without a new incarnation, a subscription skips the events that reuse lost positions.
#[tokio::test]
async fn an_unnoticed_restore_makes_a_subscription_skip() {
    let (database, store, positions) = ten_events().await;
    let mut all = store.subscribe(positions[8].into(), &Filter::all());
    assert_eq!(next(&mut all).await.unwrap(), positions[9]);
    lose(&database, positions[6], false);
    let mut last = Position::START;
    for number in 0..5 {
        last = append(&store, &number.to_string()).await;
    }
    assert_eq!(last, positions[9].plus(2));
    assert_eq!(next(&mut all).await.unwrap(), positions[9].plus(1));
}

#[tokio::test]
async fn a_subscription_before_the_restored_end_continues() {
    let (database, store, positions) = ten_events().await;
    // Both subscriptions have received only events below the lost ones, and have read ahead.
    let third = Filter::all().category("bank").name("bank.none");
    let mut none = store.subscribe(Checkpoint::START, &third);
    assert!(tokio::time::timeout(Duration::from_millis(200), none.next()).await.is_err());
    let mut before = store.subscribe(Checkpoint::START, &Filter::all());
    for position in &positions[..5] {
        assert_eq!(next(&mut before).await.unwrap(), *position);
    }
    lose(&database, positions[6], true);
    let name = EventName::from_static("bank.none").unwrap();
    let wanted = NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, "{}").unwrap();
    let wanted = Append::new(StreamId::new("bank", "x").unwrap(), Expected::Any, vec![wanted]);
    let wanted = store.append(wanted.into()).await.unwrap()[0].positions[0];
    assert_eq!(wanted, positions[7], "it has the position of a lost event");
    let last = append(&store, "y").await;
    assert_eq!(next(&mut none).await.unwrap(), wanted);
    // The events that were read ahead are unchanged.
    for position in positions[5..7].iter().copied().chain([wanted, last]) {
        assert_eq!(next(&mut before).await.unwrap(), position);
    }
}

#[tokio::test]
async fn a_store_unaware_of_a_restore_subscribes_from_a_newer_position() {
    let (database, store, positions) = ten_events().await;
    let other = PostgresStore::connect(&database.url()).await.unwrap();
    lose(&database, positions[6], true);
    let handled = append(&other, "x").await;
    let new = append(&other, "y").await;
    assert_eq!(next(&mut store.subscribe(handled.into(), &Filter::all())).await.unwrap(), new);
}

#[tokio::test]
async fn read_all_fails_when_the_incarnation_changes() {
    let (database, store, _) = ten_events().await;
    // More events than the reader fetches ahead.
    for number in 0..20 {
        let stream = StreamId::new("bank", format!("more-{number}")).unwrap();
        store.append(Append::new(stream, Expected::Any, (0..500).map(|_| event()).collect()).into()).await.unwrap();
    }
    let mut events = store.read_all(Checkpoint::START, &Filter::all().category("bank"), None);
    let first = next(&mut events).await.unwrap();
    assert_eq!(first, Position::START.plus(1));
    connect(&database.url()).await.batch_execute("SELECT es.new_incarnation()").await.unwrap();
    let error = loop {
        if let Err(error) = next(&mut events).await {
            break error;
        }
    };
    let ReadError::Store(source) = &error else { panic!("{error}") };
    assert!(matches!(source.downcast_ref(), Some(PostgresReadError::Moved)), "{error}");
    let all: Vec<_> = store.read_all(Checkpoint::START, &Filter::all(), None).try_collect().await.unwrap();
    assert_eq!(all.len(), 10_010);
}

#[tokio::test]
async fn a_callers_transaction_begins_the_new_incarnation_before_it_appends() {
    let (database, store, positions) = ten_events().await;
    let mut all = store.subscribe(Checkpoint::START, &Filter::all());
    for position in &positions {
        assert_eq!(next(&mut all).await.unwrap(), *position);
    }
    lose(&database, positions[6], true);
    // The first append after the restore, over the caller's connection.
    let mut client = connect(&database.url()).await;
    for number in 0..5 {
        let transaction = client.transaction().await.unwrap();
        store.append_in(&transaction, one(&number.to_string())).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let error = next(&mut all).await.unwrap_err();
    assert!(is_restored(&error, positions[9], positions[6]), "{error}");
}

#[tokio::test]
async fn a_subscription_continues_after_pages_from_another_incarnation() {
    let (database, store, positions) = ten_events().await;
    let mut all = store.subscribe(positions[9].into(), &Filter::all());
    let client = connect(&database.url()).await;
    // Every page looks as if it came from another incarnation than the follower's.
    let (here, elsewhere) = ("IF seen IS DISTINCT", "IF true OR seen IS DISTINCT");
    change(here, elsewhere).in_function(&client, "es.unmoved").await;
    let appended = append(&store, "x").await;
    assert!(tokio::time::timeout(Duration::from_millis(300), all.next()).await.is_err());
    change(elsewhere, here).in_function(&client, "es.unmoved").await;
    assert_eq!(next(&mut all).await.unwrap(), appended);
}

#[tokio::test]
async fn an_incarnation_that_changes_with_every_query_is_polled_with_back_off() {
    let (database, store, positions) = ten_events().await;
    // Every query sees another incarnation, as over connections to two servers.
    database
        .run(&[
            "CREATE SEQUENCE es.asked",
            "ALTER TABLE es.incarnations RENAME TO found",
            "CREATE VIEW es.incarnations AS \
             SELECT number, md5(nextval('es.asked')::text)::uuid AS id, place, after, began_at FROM es.found",
        ])
        .unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(1), store.changed(positions[9].into())).await.is_err());
    let client = connect(&database.url()).await;
    let asked: i64 = client.query_one("SELECT last_value FROM es.asked", &[]).await.unwrap().get(0);
    assert!((2..50).contains(&asked), "{asked}");
}

#[tokio::test]
async fn a_subscription_retries_when_a_replica_answers_after_a_failover() {
    let (database, store, positions) = ten_events().await;
    let mut all = store.subscribe(positions[9].into(), &Filter::all());
    let client = connect(&database.url()).await;
    let (primary, replica) = ("IF pg_is_in_recovery()", "IF true OR pg_is_in_recovery()");
    change(primary, replica).in_function(&client, "es.incarnation").await;
    client.batch_execute("SELECT es.new_incarnation()").await.unwrap();
    let appended = append(&store, "x").await;
    assert!(tokio::time::timeout(Duration::from_millis(300), all.next()).await.is_err());
    change(replica, primary).in_function(&client, "es.incarnation").await;
    assert_eq!(next(&mut all).await.unwrap(), appended);
}
