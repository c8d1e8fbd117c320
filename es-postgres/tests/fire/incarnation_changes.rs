//! Frontiers that the server takes back, by a lock that comes late or a crash, and logs that move while they are read.

use std::time::Duration;

use es_core::{Append, Checkpoint, EventStore, Expected, Filter, Position, ReadError, StoredEvent, StreamId};
use es_postgres::{PostgresReadError, PostgresStore};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use test_postgres::{Database, Server};
use tokio_postgres::Client;

use crate::faults::altered_sql::change;
use crate::tools::trial::connect;
use crate::tools::workload::event;

const LIMIT: Duration = Duration::from_secs(30);

fn one(id: &str) -> Vec<Append> {
    vec![Append::new(StreamId::new("bank", id).unwrap(), Expected::Any, vec![event()])]
}

async fn append(store: &PostgresStore, id: &str) -> Position {
    store.append(one(id).into()).await.unwrap()[0].positions[0]
}

/// What the server answers, without what the store makes of it.
async fn raw_frontier(client: &Client) -> u64 {
    let row = client.query_one("SELECT es.frontier()", &[]).await.unwrap();
    row.get::<_, i64>(0).cast_unsigned()
}

async fn next(events: &mut BoxStream<'_, Result<StoredEvent, ReadError>>) -> Result<Position, ReadError> {
    let event = tokio::time::timeout(LIMIT, events.next()).await.unwrap().unwrap();
    event.map(|event| event.position)
}

#[tokio::test]
async fn a_late_fence_does_not_move_the_frontier_back() {
    let database = Database::fresh().unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let migrations = PostgresStore::migrations("es").unwrap();
    let (_, frontier) = migrations.iter().find(|(name, _)| name.ends_with("frontier")).unwrap();
    let end = frontier.find("$es$;").unwrap() + "$es$;".len();
    let begin = frontier.find("CREATE FUNCTION").unwrap();
    let read = "pg_catalog.pg_sequence_last_value('\"es\".position'::regclass)";
    let fence = frontier[begin..end].replacen("CREATE", "CREATE OR REPLACE", 1);
    assert!(fence.contains(read), "{fence}");
    let late = "CREATE FUNCTION es.late() RETURNS bigint LANGUAGE plpgsql AS $$
                DECLARE low bigint := pg_catalog.pg_sequence_last_value('es.position'::regclass);
                BEGIN
                    IF current_setting('es.late', true) = 'yes' THEN PERFORM pg_advisory_xact_lock(4711); END IF;
                    RETURN low;
                END $$";
    database.run(&[late, &fence.replace(read, "es.late()")]).unwrap();

    let before = append(&store, "before").await;
    let gate = connect(&database.url()).await;
    gate.batch_execute("SELECT pg_advisory_lock(4711)").await.unwrap();
    let mut writer = connect(&database.url()).await;
    let transaction = writer.transaction().await.unwrap();
    transaction.batch_execute("SET LOCAL es.late = 'yes'").await.unwrap();
    let slow = one("late");
    let (late, settled) = tokio::join!(store.append_in(&transaction, slow), async {
        let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted";
        while gate.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let position = append(&store, "between").await;
        assert_eq!(store.frontier().await.unwrap().position(), position);
        gate.batch_execute("SELECT pg_advisory_unlock(4711)").await.unwrap();
        position
    });
    let late = late.unwrap()[0].positions[0];
    assert!(late > settled);
    // so the server answers less than it did
    assert_eq!(raw_frontier(&connect(&database.url()).await).await, before.get());
    assert_eq!(store.frontier().await.unwrap().position(), settled);
    let seen: Vec<_> = store.read_all(Checkpoint::START, &Filter::all(), None).try_collect().await.unwrap();
    assert_eq!(seen.last().map(|event| event.position), Some(settled));
    transaction.commit().await.unwrap();
    assert_eq!(store.frontier().await.unwrap().position(), late);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn positions_drawn_again_after_a_crash_are_not_skipped() {
    // as on a server that is busy with something else: what no commit waits for is not written yet
    let server = Server::start(&[("wal_writer_delay", "10s")]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let mut events = store.subscribe(Checkpoint::START, &Filter::all());
    for _ in 0..10 {
        let last = append(&store, "1").await;
        assert_eq!(next(&mut events).await.unwrap(), last);
        let mut client = connect(&database.url()).await;
        // the sequence's next value is logged anew
        client.batch_execute("CHECKPOINT").await.unwrap();
        let transaction = client.transaction().await.unwrap();
        store.append_in(&transaction, one("2")).await.unwrap();
        transaction.rollback().await.unwrap();
        let told = raw_frontier(&client).await;
        assert!(told > last.get());
        assert_eq!(store.frontier().await.unwrap().position(), last);
        // the subscription looks around
        assert!(tokio::time::timeout(Duration::from_millis(300), events.next()).await.is_err());
        server.kill().unwrap();
        server.restart().unwrap();
        let again = append(&store, "3").await;
        assert_eq!(next(&mut events).await.unwrap(), again);
        // who had gone on from what the server told would have skipped it
        if again.get() <= told {
            return;
        }
    }
    panic!("no position was drawn again");
}

/// The log loses what it has above `kept`, as by a restore; where `noticed`, it is found in another place.
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

/// A store whose log has ten events, and the position of each.
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

/// What the incarnation is for: without it, the subscription skips what took the places of the lost.
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
    // the last event that they get stands before those that are lost, and they have looked behind it
    let third = Filter::all().category("bank").name("bank.none");
    let mut none = store.subscribe(Checkpoint::START, &third);
    assert!(tokio::time::timeout(Duration::from_millis(200), none.next()).await.is_err());
    let mut before = store.subscribe(Checkpoint::START, &Filter::all());
    for position in &positions[..5] {
        assert_eq!(next(&mut before).await.unwrap(), *position);
    }
    lose(&database, positions[6], true);
    let name = es_core::EventName::from_static("bank.none").unwrap();
    let wanted = es_core::NewEvent::from_json(uuid::Uuid::now_v7(), name, es_core::SchemaVersion::FIRST, "{}").unwrap();
    let wanted = Append::new(StreamId::new("bank", "x").unwrap(), Expected::Any, vec![wanted]);
    let wanted = store.append(wanted.into()).await.unwrap()[0].positions[0];
    assert_eq!(wanted, positions[7], "it takes the place of a lost one");
    let last = append(&store, "y").await;
    assert_eq!(next(&mut none).await.unwrap(), wanted);
    // those that were read ahead are no other
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
    // more than is read ahead of who takes it
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
    // the first to append after the move, over a connection that is not of the store's
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
    // as if pages came from another server than the head of the log
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
    // as over connections to two servers
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
