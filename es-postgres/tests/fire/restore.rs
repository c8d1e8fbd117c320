//! Restored backups, and checkpoints from before the restore.

use std::time::{Duration, Instant};

use es_core::{
    Append, Checkpoint, Direction, EventStore, Expected, Filter, Position, ReadError, StoredEvent, StreamId,
};
use es_postgres::{PostgresConnectError, PostgresStore};
use futures_util::TryStreamExt;
use test_postgres::{Binaries, Database, Server};
use uuid::Uuid;

use crate::{
    faults::altered_sql::{Change, change},
    tools::{trial::connect, workload::event},
};

/// A server of the same version as `pg_dump`.
fn server() -> Server {
    let binaries = Binaries::find_with(&["pg_dump", "pg_restore"]).unwrap();
    Server::start_with(binaries, &std::env::temp_dir(), &[]).unwrap()
}

async fn append(store: &PostgresStore, count: u64) -> Position {
    let mut last = Position::START;
    for number in 0..count {
        let stream = StreamId::new("bank", (number % 7).to_string()).unwrap();
        let answer = store.append(Append::new(stream, Expected::Any, vec![event(), event()]).into()).await.unwrap();
        last = answer[0].positions[1];
    }
    last
}

async fn all(store: &PostgresStore) -> Vec<StoredEvent> {
    store.read_all(Checkpoint::START, &Filter::all(), None).try_collect().await.unwrap()
}

async fn incarnation(store: &PostgresStore) -> Uuid {
    store.frontier().await.unwrap().incarnation().unwrap()
}

/// Reads from a checkpoint, and returns its position if the store accepts it.
async fn resume(store: &PostgresStore, checkpoint: Checkpoint) -> Result<Position, ReadError> {
    let mut pages = store.read_pages(checkpoint, Direction::Forward, &Filter::all(), Some(1));
    pages.try_next().await?;
    Ok(checkpoint.position())
}

#[tokio::test]
async fn a_restored_dump_has_every_event_and_appends_above_them() {
    let old = server();
    let database = Database::on(&old.url()).unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let backed_up = append(&store, 50).await;
    let dump = dump(&old, &database);
    let before = all(&store).await;
    let early = store.frontier().await.unwrap().at(before[10].position);
    let at_the_end = early.at(backed_up);
    // After the backup, so the restore loses it.
    let late = early.at(append(&store, 5).await);
    assert_eq!(resume(&store, late).await.unwrap(), late.position());

    let new = server();
    let restored = Database::on(&new.url()).unwrap();
    restore(&new, &restored, &dump);
    let store = PostgresStore::connect(&restored.url()).await.unwrap();
    assert_eq!(all(&store).await, before);
    assert_ne!(incarnation(&store).await, early.incarnation().unwrap());

    // New events reuse the positions of lost events.
    assert!(append(&store, 5).await >= late.position());
    let refused = resume(&store, late).await.unwrap_err();
    assert!(
        matches!(refused, ReadError::Restored { checkpoint, common: Some(common) }
            if checkpoint == late && common == backed_up),
        "{refused}"
    );
    assert_eq!(resume(&store, early).await.unwrap(), early.position());
    assert_eq!(resume(&store, at_the_end).await.unwrap(), at_the_end.position());
    let today = store.frontier().await.unwrap().at(late.position());
    assert_eq!(resume(&store, today).await.unwrap(), today.position());
    let elsewhere = Checkpoint::new(Uuid::from_u128(7), early.position());
    let unknown = resume(&store, elsewhere).await.unwrap_err();
    assert!(matches!(unknown, ReadError::Restored { common: None, .. }), "{unknown}");
}

/// From a bare position, a subscriber skips events that it has never received.
#[tokio::test]
async fn a_checkpoint_without_its_incarnation_skips_events_after_a_restore() {
    let server = server();
    let database = Database::on(&server.url()).unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    append(&store, 10).await;
    let dump = dump(&server, &database);
    let incarnation = incarnation(&store).await;
    let position = append(&store, 10).await;
    let restored = Database::on(&server.url()).unwrap();
    restore(&server, &restored, &dump);
    let store = PostgresStore::connect(&restored.url()).await.unwrap();
    append(&store, 20).await;
    let seen: Vec<_> = store.read_all(position.into(), &Filter::all(), None).try_collect().await.unwrap();
    // Of the 40 new events, the first 20 reuse positions that the subscriber had handled.
    assert_eq!(seen.len(), 20);
    assert!(resume(&store, Checkpoint::new(incarnation, position)).await.is_err());
}

/// Simulates a log restored from a copy of the disk, with a change in one of its functions.
async fn disk_copy(function: &str, change: Change) -> Result<(), String> {
    let database = Database::fresh().unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let client = connect(&database.url()).await;
    change.in_function(&client, function).await;
    let end = append(&store, 5).await;
    let incarnation = incarnation(&store).await;
    let refused = async |position, what| match resume(&store, Checkpoint::new(incarnation, position)).await {
        Err(ReadError::Restored { .. }) => Ok(()),
        outcome => Err(format!("a checkpoint {what} is answered by {outcome:?}")),
    };
    refused(end.plus(1), "above the log").await?;
    client.batch_execute("SELECT es.new_incarnation()").await.unwrap();
    // The store's own connections were open before, and their answers name the new incarnation.
    let new = Append::new(StreamId::new("bank", "after").unwrap(), Expected::Any, vec![event()]);
    let checkpoint = store.append(new.into()).await.unwrap()[0].checkpoint().unwrap();
    resume(&store, checkpoint).await.map_err(|error| format!("the checkpoint of an answer is refused: {error}"))?;
    refused(append(&store, 5).await, "at a position that another event reuses").await?;
    match resume(&store, Checkpoint::new(incarnation, end)).await {
        Ok(position) if position == end => Ok(()),
        outcome => Err(format!("a checkpoint in both logs is answered by {outcome:?}")),
    }
}

#[tokio::test]
async fn checkpoints_beyond_a_disk_copy_are_refused() {
    disk_copy("es.common_with", Change::NONE).await.unwrap();
}

/// Checks that the test above can fail.
#[tokio::test]
async fn a_wrong_common_position_is_caught() {
    let end = "greatest(9223372036854775807, ";
    for (function, change, expected) in [
        ("es.drawn", change("coalesce(", end), "above the log"),
        (
            "es.common_with",
            change("min(later.after)", "max(9223372036854775807)"),
            "at a position that another event reuses",
        ),
        ("es.new_incarnation", change("least(", "99 + least("), "at a position that another event reuses"),
        ("es.new_incarnation", change("max(e.position)", "min(e.position)"), "in both logs"),
    ] {
        let caught = disk_copy(function, change).await.unwrap_err();
        assert!(caught.contains(expected), "{function} with {change:?}: {caught}");
    }
}

/// Resumes above a transaction that is still prepared after a failover.
///
/// The old server may have rolled it back, so that a subscriber has handled later events. On the new server it may
/// still commit below them.
async fn prepared_across_failover(change: Change) -> Result<Position, ReadError> {
    let database = Database::fresh().unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let mut client = connect(&database.url()).await;
    change.in_function(&client, "es.new_incarnation").await;
    let incarnation = incarnation(&store).await;
    append(&store, 5).await;
    let transaction = client.transaction().await.unwrap();
    let prepared = Append::new(StreamId::new("bank", "prepared").unwrap(), Expected::Any, vec![event()]);
    store.append_in(&transaction, prepared).await.unwrap();
    transaction.batch_execute(&format!("PREPARE TRANSACTION '{}'", database.name())).await.unwrap();
    drop(transaction);
    let position = append(&store, 1).await;
    client.batch_execute("SELECT es.new_incarnation()").await.unwrap();
    let resumed = resume(&store, Checkpoint::new(incarnation, position)).await;
    client.batch_execute(&format!("COMMIT PREPARED '{}'", database.name())).await.unwrap();
    resumed
}

#[tokio::test]
async fn a_checkpoint_above_a_prepared_transaction_is_refused_after_a_failover() {
    let refused = prepared_across_failover(Change::NONE).await.unwrap_err();
    assert!(matches!(refused, ReadError::Restored { common: Some(common), .. } if common.get() == 10), "{refused}");
}

/// Checks that the test above can fail: the checkpoint is accepted, and the prepared event would be skipped.
#[tokio::test]
async fn ignoring_prepared_transactions_is_caught() {
    let forgets = change("\"es\".frontier()", "9223372036854775807");
    assert!(prepared_across_failover(forgets).await.is_ok());
}

#[tokio::test]
async fn a_restored_log_with_a_reset_sequence_is_refused_with_the_fix() {
    let server = server();
    let database = Database::on(&server.url()).unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    append(&store, 10).await;
    let dump = dump(&server, &database);
    let restored = Database::on(&server.url()).unwrap();
    restore(&server, &restored, &dump);
    // Shows that the check matters: an open store draws positions that are taken.
    // The reset sequence simulates a tool that copies tables only.
    let unchecked = PostgresStore::connect(&restored.url()).await.unwrap();
    restored.run(&["ALTER SEQUENCE es.position RESTART"]).unwrap();
    let below = Append::new(StreamId::new("bank", "blind").unwrap(), Expected::Any, vec![event()]);
    assert!(unchecked.append(below.into()).await.is_err());
    drop(unchecked);
    let refused = PostgresStore::connect(&restored.url()).await.unwrap_err();
    let PostgresConnectError::Sequence { mend, .. } = &refused else { panic!("{refused}") };
    assert!(refused.to_string().contains(mend.as_str()), "{refused}");
    restored.run(&[mend]).unwrap();
    let store = PostgresStore::connect(&restored.url()).await.unwrap();
    let highest = all(&store).await.last().unwrap().position;
    assert!(append(&store, 1).await > highest);
}

/// Ten stores detect a restore at the same time, with a change in the function that begins an incarnation.
async fn detect_restore_together(change: Change) -> Result<(), String> {
    let database = Database::fresh().unwrap();
    let url = database.url();
    PostgresStore::connect(&url).await.unwrap();
    let (mut client, watch) = (connect(&url).await, connect(&url).await);
    change.in_function(&client, "es.incarnation").await;
    database.run(&["UPDATE es.incarnations SET place = 'elsewhere'"]).unwrap();
    // No store begins an incarnation before all have detected the restore.
    let gate = client.transaction().await.unwrap();
    gate.batch_execute("LOCK TABLE es.incarnations IN SHARE ROW EXCLUSIVE MODE").await.unwrap();
    let patient = PostgresStore::builder(&url).lock_timeout(Duration::from_mins(1));
    let connect = async || Ok::<_, es_contract::FactoryError>(incarnation(&patient.clone().connect().await?).await);
    let look = async {
        let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'es.incarnations'::regclass AND NOT granted";
        let deadline = Instant::now() + Duration::from_secs(50);
        while watch.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) < 10 {
            assert!(Instant::now() < deadline, "not all stores detect the restore");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        gate.commit().await.unwrap();
    };
    let (found, ()) = tokio::join!(futures_util::future::join_all((0..10).map(|_| connect())), look);
    let begun = "SELECT count(*) - 1 FROM es.incarnations";
    let begun: i64 = watch.query_one(begun, &[]).await.unwrap().get(0);
    let failed = found.iter().filter(|found| found.is_err()).count();
    let same = found.iter().flatten().all(|incarnation| Some(incarnation) == found[0].as_ref().ok());
    if (begun, failed, same) == (1, 0, true) {
        return Ok(());
    }
    Err(format!("{begun} incarnations were begun, {failed} stores failed; all found the same: {same}"))
}

#[tokio::test]
async fn ten_stores_that_detect_a_restore_together_begin_one_incarnation() {
    detect_restore_together(Change::NONE).await.unwrap();
}

/// Checks that the test above can fail: stores that do not check again under the lock, and stores without the lock.
#[tokio::test]
async fn beginning_an_incarnation_per_store_is_caught() {
    let once = change("ROW EXCLUSIVE MODE;", "ROW EXCLUSIVE MODE; RETURN es.new_incarnation();");
    let caught = detect_restore_together(once).await.unwrap_err();
    assert!(caught.starts_with("10 incarnations were begun"), "{caught}");
    // They all begin the same number and fail, or one after the other.
    let unlocked = detect_restore_together(change("LOCK TABLE", "-- LOCK TABLE")).await.unwrap_err();
    assert!(!unlocked.starts_with("1 incarnations were begun, 0 stores failed"), "{unlocked}");
}

fn dump(server: &Server, database: &Database) -> String {
    let (port, file) = (server.port().to_string(), server.data().join("dump"));
    let file = file.to_str().unwrap();
    let arguments = ["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-Fc", "-f", file, database.name()];
    server.run("pg_dump", &arguments).unwrap();
    file.to_owned()
}

fn restore(server: &Server, database: &Database, dump: &str) {
    let port = server.port().to_string();
    let arguments = ["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-e", "-d", database.name(), dump];
    server.run("pg_restore", &arguments).unwrap();
}
