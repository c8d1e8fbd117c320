//! Backups that are restored, whole and in part, and checkpoints from before.

use es_core::{Append, EventStore, Expected, Filter, Position, StreamId};
use es_postgres::{Checkpoint, PostgresError, PostgresStore};
use futures_util::TryStreamExt;
use test_postgres::{Binaries, Database, Server};

use crate::trial::connect;
use crate::workload::event;

/// A server that `pg_dump` belongs to.
fn server() -> Server {
    let binaries = Binaries::with(&["pg_dump", "pg_restore"]).unwrap();
    Server::of(binaries, &std::env::temp_dir(), &[]).unwrap()
}

async fn append(store: &PostgresStore, count: u64) -> Position {
    let mut last = Position::START;
    for number in 0..count {
        let stream = StreamId::new("bank", (number % 7).to_string()).unwrap();
        let answer = store.append(vec![Append::new(stream, Expected::Any, vec![event(), event()])]).await.unwrap();
        last = answer[0].positions[1];
    }
    last
}

async fn all(store: &PostgresStore) -> Vec<es_core::StoredEvent> {
    store.read_all(Position::START, &Filter::all(), None).try_collect().await.unwrap()
}

#[tokio::test]
async fn a_dump_restored_into_another_server_holds_every_event_and_goes_on_above() {
    let old = server();
    let database = Database::on(&old.url()).unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let backed_up = append(&store, 50).await;
    let dump = dump(&old, &database);
    let before = all(&store).await;
    let early = Checkpoint { incarnation: store.incarnation().await.unwrap(), position: before[10].position };
    let at_the_end = Checkpoint { position: backed_up, ..early };
    // after the backup, so the restore loses it
    let late = Checkpoint { position: append(&store, 5).await, ..early };
    assert_eq!(store.resume(late).await.unwrap(), late.position);

    let new = server();
    let restored = Database::on(&new.url()).unwrap();
    restore(&new, &restored, &dump);
    let store = PostgresStore::connect(&restored.url()).await.unwrap();
    assert_eq!(all(&store).await, before);
    assert_ne!(store.incarnation().await.unwrap(), early.incarnation);

    // positions that the old log gave to events which are lost are given to others
    assert!(append(&store, 5).await >= late.position);
    let refused = store.resume(late).await.unwrap_err();
    assert!(
        matches!(refused, PostgresError::Restored { position, common: Some(common) }
            if position == late.position && common == backed_up),
        "{refused}"
    );
    assert_eq!(store.resume(early).await.unwrap(), early.position);
    assert_eq!(store.resume(at_the_end).await.unwrap(), at_the_end.position);
    let today = Checkpoint { incarnation: store.incarnation().await.unwrap(), ..late };
    assert_eq!(store.resume(today).await.unwrap(), today.position);
    let elsewhere = Checkpoint { incarnation: uuid::Uuid::from_u128(7), ..early };
    let unknown = store.resume(elsewhere).await.unwrap_err();
    assert!(matches!(unknown, PostgresError::Restored { common: None, .. }), "{unknown}");
}

/// What the incarnation is for: from the bare position, a subscriber skips what it has never seen.
#[tokio::test]
async fn a_checkpoint_without_its_incarnation_skips_events_after_a_restore() {
    let server = server();
    let database = Database::on(&server.url()).unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    append(&store, 10).await;
    let dump = dump(&server, &database);
    let incarnation = store.incarnation().await.unwrap();
    let position = append(&store, 10).await;
    let restored = Database::on(&server.url()).unwrap();
    restore(&server, &restored, &dump);
    let store = PostgresStore::connect(&restored.url()).await.unwrap();
    append(&store, 20).await;
    let seen: Vec<_> = store.read_all(position, &Filter::all(), None).try_collect().await.unwrap();
    // 40 new events, of which the first 20 stand where lost ones were handled
    assert_eq!(seen.len(), 20);
    assert!(store.resume(Checkpoint { incarnation, position }).await.is_err());
}

#[tokio::test]
async fn a_copy_of_the_disk_is_noticed_when_it_is_told_and_when_the_log_is_too_short() {
    let database = Database::fresh().unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let end = append(&store, 5).await;
    let incarnation = store.incarnation().await.unwrap();
    let ahead = Checkpoint { incarnation, position: end.plus(1) };
    assert!(matches!(store.resume(ahead).await, Err(PostgresError::Restored { .. })));
    connect(&database.url()).await.batch_execute("SELECT es.new_incarnation()").await.unwrap();
    let position = append(&store, 5).await;
    assert!(matches!(store.resume(Checkpoint { incarnation, position }).await, Err(PostgresError::Restored { .. })));
    assert_eq!(store.resume(Checkpoint { incarnation, position: end }).await.unwrap(), end);
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
    assert!(blind.append(vec![below]).await.is_err());
    drop(blind);
    let refused = PostgresStore::connect(&restored.url()).await.unwrap_err();
    let PostgresError::Sequence { mend, .. } = &refused else { panic!("{refused}") };
    assert!(refused.to_string().contains(mend.as_str()), "{refused}");
    restored.run(&[mend]).unwrap();
    let store = PostgresStore::connect(&restored.url()).await.unwrap();
    let highest = all(&store).await.last().unwrap().position;
    assert!(append(&store, 1).await > highest);
}

#[tokio::test]
async fn ten_stores_that_find_a_restore_at_once_begin_one_incarnation() {
    let database = Database::fresh().unwrap();
    PostgresStore::connect(&database.url()).await.unwrap();
    database.run(&["UPDATE es.incarnations SET place = 'elsewhere'"]).unwrap();
    let connect = |_| async { PostgresStore::connect(&database.url()).await.unwrap().incarnation().await.unwrap() };
    let found = futures_util::future::join_all((0..10).map(connect)).await;
    assert!(found.iter().all(|incarnation| *incarnation == found[0]));
    database.run(&["DO $$ BEGIN ASSERT (SELECT count(*) = 2 FROM es.incarnations); END $$"]).unwrap();
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
