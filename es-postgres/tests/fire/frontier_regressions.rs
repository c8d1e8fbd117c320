//! The server's frontier goes back after a late fence or a crash, and the store's does not.

use std::time::Duration;

use es_core::{Checkpoint, EventStore, Filter};
use es_postgres::PostgresStore;
use futures_util::{StreamExt, TryStreamExt};
use test_postgres::{Database, Server};
use tokio_postgres::Client;

use crate::{
    incarnation_changes::{append, next, one},
    tools::trial::connect,
};

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
    // The server now answers a lower frontier than before.
    assert_eq!(raw_frontier(&connect(&database.url()).await).await, before.get());
    assert_eq!(store.frontier().await.unwrap().position(), settled);
    let seen: Vec<_> = store.read_all(Checkpoint::START, &Filter::all(), None).try_collect().await.unwrap();
    assert_eq!(seen.last().map(|event| event.position), Some(settled));
    transaction.commit().await.unwrap();
    assert_eq!(store.frontier().await.unwrap().position(), late);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn positions_drawn_again_after_a_crash_are_not_skipped() {
    // The server does not yet flush WAL that no commit waits for.
    let server = Server::start(&[("wal_writer_delay", "10s")]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let mut events = store.subscribe(Checkpoint::START, &Filter::all());
    for _ in 0..10 {
        let last = append(&store, "1").await;
        assert_eq!(next(&mut events).await.unwrap(), last);
        let mut client = connect(&database.url()).await;
        // After a checkpoint, the sequence's next value is logged again.
        client.batch_execute("CHECKPOINT").await.unwrap();
        let transaction = client.transaction().await.unwrap();
        store.append_in(&transaction, one("2")).await.unwrap();
        transaction.rollback().await.unwrap();
        let raw = raw_frontier(&client).await;
        assert!(raw > last.get());
        assert_eq!(store.frontier().await.unwrap().position(), last);
        // The subscription reads the frontier meanwhile.
        assert!(tokio::time::timeout(Duration::from_millis(300), events.next()).await.is_err());
        server.kill().unwrap();
        server.restart().unwrap();
        let again = append(&store, "3").await;
        assert_eq!(next(&mut events).await.unwrap(), again);
        // A reader that had continued from the server's answer would have skipped it.
        if again.get() <= raw {
            return;
        }
    }
    panic!("no position was drawn again");
}

/// The server's answer, without the store's corrections.
async fn raw_frontier(client: &Client) -> u64 {
    let row = client.query_one("SELECT es.frontier()", &[]).await.unwrap();
    row.get::<_, i64>(0).cast_unsigned()
}
