//! Backups that are restored, whole and in part, and checkpoints from before.

use std::time::{Duration, Instant};

use es_core::{Append, Checkpoint, Direction, EventStore, Expected, Filter, Position, ReadError, StreamId};
use es_postgres::{PostgresConnectError, PostgresStore};
use futures_util::TryStreamExt;
use test_postgres::{Binaries, Database, Server};
use uuid::Uuid;

use crate::faults::altered::{Change, change};
use crate::tools::trial::connect;
use crate::tools::workload::event;

/// A server that `pg_dump` belongs to.
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

async fn all(store: &PostgresStore) -> Vec<es_core::StoredEvent> {
    store.read_all(Checkpoint::START, &Filter::all(), None).try_collect().await.unwrap()
}

async fn incarnation(store: &PostgresStore) -> Uuid {
    store.frontier().await.unwrap().incarnation().unwrap()
}

/// Where a reader goes on from a checkpoint.
async fn resume(store: &PostgresStore, checkpoint: Checkpoint) -> Result<Position, ReadError> {
    let mut pages = store.read_pages(checkpoint, Direction::Forward, &Filter::all(), Some(1));
    pages.try_next().await?;
    Ok(checkpoint.position())
}

#[tokio::test]
async fn a_dump_restored_into_another_server_holds_every_event_and_goes_on_above() {
    let old = server();
    let database = Database::on(&old.url()).unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let backed_up = append(&store, 50).await;
    let dump = dump(&old, &database);
    let before = all(&store).await;
    let early = store.frontier().await.unwrap().at(before[10].position);
    let at_the_end = early.at(backed_up);
    // after the backup, so the restore loses it
    let late = early.at(append(&store, 5).await);
    assert_eq!(resume(&store, late).await.unwrap(), late.position());

    let new = server();
    let restored = Database::on(&new.url()).unwrap();
    restore(&new, &restored, &dump);
    let store = PostgresStore::connect(&restored.url()).await.unwrap();
    assert_eq!(all(&store).await, before);
    assert_ne!(incarnation(&store).await, early.incarnation().unwrap());

    // positions that the old log gave to events which are lost are given to others
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

/// What the incarnation is for: from the bare position, a subscriber skips what it has never seen.
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
    // 40 new events, of which the first 20 stand where lost ones were handled
    assert_eq!(seen.len(), 20);
    assert!(resume(&store, Checkpoint::new(incarnation, position)).await.is_err());
}

/// A copy of the disk, as far as the log sees one, with a change in one of its functions.
async fn copied(function: &str, change: Change) -> Result<(), String> {
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
    refused(append(&store, 5).await, "that others took the place of").await?;
    match resume(&store, Checkpoint::new(incarnation, end)).await {
        Ok(position) if position == end => Ok(()),
        outcome => Err(format!("a checkpoint in both logs is answered by {outcome:?}")),
    }
}

#[tokio::test]
async fn a_copy_of_the_disk_is_noticed_when_it_is_told_and_when_the_log_is_too_short() {
    copied("es.common_with", Change::NONE).await.unwrap();
}

/// What the test above is for.
#[tokio::test]
async fn a_log_that_does_not_know_what_it_has_in_common_is_caught() {
    let end = "greatest(9223372036854775807, ";
    for (function, change, as_what) in [
        ("es.drawn", change("coalesce(", end), "above the log"),
        ("es.common_with", change("min(later.after)", "max(9223372036854775807)"), "that others took the place of"),
        ("es.new_incarnation", change("least(", "99 + least("), "that others took the place of"),
        ("es.new_incarnation", change("max(e.position)", "min(e.position)"), "in both logs"),
    ] {
        let caught = copied(function, change).await.unwrap_err();
        assert!(caught.contains(as_what), "{function} with {change:?}: {caught}");
    }
}

/// A transaction that is prepared where the log goes on was rolled back where it came from: events after it were handled
/// there, and here it may still commit below them.
async fn prepared_over_a_move(change: Change) -> Result<Position, ReadError> {
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
async fn a_checkpoint_above_what_is_still_prepared_is_refused_after_a_move() {
    let refused = prepared_over_a_move(Change::NONE).await.unwrap_err();
    assert!(matches!(refused, ReadError::Restored { common: Some(common), .. } if common.get() == 10), "{refused}");
}

/// What the test above is for: it is resumed from, and what is committed below it is skipped.
#[tokio::test]
async fn a_log_that_forgets_what_is_prepared_is_caught() {
    let forgets = change("\"es\".frontier()", "9223372036854775807");
    assert!(prepared_over_a_move(forgets).await.is_ok());
}

#[tokio::test]
async fn a_restore_that_lost_the_sequence_is_refused_with_the_statement_that_mends_it() {
    let server = server();
    let database = Database::on(&server.url()).unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    append(&store, 10).await;
    let dump = dump(&server, &database);
    let restored = Database::on(&server.url()).unwrap();
    // as with tools that copy tables alone
    restore(&server, &restored, &dump);
    // what this test is for: to a store that did not look, positions are given that are taken
    let blind = PostgresStore::connect(&restored.url()).await.unwrap();
    restored.run(&["ALTER SEQUENCE es.position RESTART"]).unwrap();
    let below = Append::new(StreamId::new("bank", "blind").unwrap(), Expected::Any, vec![event()]);
    assert!(blind.append(below.into()).await.is_err());
    drop(blind);
    let refused = PostgresStore::connect(&restored.url()).await.unwrap_err();
    let PostgresConnectError::Sequence { mend, .. } = &refused else { panic!("{refused}") };
    assert!(refused.to_string().contains(mend.as_str()), "{refused}");
    restored.run(&[mend]).unwrap();
    let store = PostgresStore::connect(&restored.url()).await.unwrap();
    let highest = all(&store).await.last().unwrap().position;
    assert!(append(&store, 1).await > highest);
}

/// Ten stores find a restore at once, of a log with a change in what begins an incarnation.
async fn found_at_once(change: Change) -> Result<(), String> {
    let database = Database::fresh().unwrap();
    let url = database.url();
    PostgresStore::connect(&url).await.unwrap();
    let (mut client, watch) = (connect(&url).await, connect(&url).await);
    change.in_function(&client, "es.incarnation").await;
    database.run(&["UPDATE es.incarnations SET place = 'elsewhere'"]).unwrap();
    // nobody begins one before all have looked
    let gate = client.transaction().await.unwrap();
    gate.batch_execute("LOCK TABLE es.incarnations IN SHARE ROW EXCLUSIVE MODE").await.unwrap();
    let patient = PostgresStore::builder(&url).lock_timeout(Duration::from_mins(1));
    let connect = async || Ok::<_, es_contract::FactoryError>(incarnation(&patient.clone().connect().await?).await);
    let look = async {
        let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'es.incarnations'::regclass AND NOT granted";
        let deadline = Instant::now() + Duration::from_secs(50);
        while watch.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) < 10 {
            assert!(Instant::now() < deadline, "not all of them look");
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
async fn ten_stores_that_find_a_restore_at_once_begin_one_incarnation() {
    found_at_once(Change::NONE).await.unwrap();
}

/// What the test above is for: stores that look once, and stores that do not wait for each other.
#[tokio::test]
async fn a_log_that_begins_an_incarnation_for_each_store_is_caught() {
    let once = change("ROW EXCLUSIVE MODE;", "ROW EXCLUSIVE MODE; RETURN es.new_incarnation();");
    let caught = found_at_once(once).await.unwrap_err();
    assert!(caught.starts_with("10 incarnations were begun"), "{caught}");
    // they all begin the same number, or one after the other
    let unlocked = found_at_once(change("LOCK TABLE", "-- LOCK TABLE")).await.unwrap_err();
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
