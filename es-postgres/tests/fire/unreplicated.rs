//! A synchronous standby that nobody answers for.

use std::time::Duration;

use es_core::{Append, AppendError, EventStore, Expected, StreamId};
use test_postgres::{Database, Server};
use tokio::task::JoinHandle;

use crate::healing;
use crate::ledger;
use crate::trial::{builder, connect};
use crate::workload::event;

/// Names the standby that commits wait for, or none, and waits until they do: it is the checkpointer that tells them.
async fn standby(url: &str, names: &str) {
    let client = connect(url).await;
    client.batch_execute(&format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'")).await.unwrap();
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    loop {
        let other = connect(url).await;
        let commit = tokio::spawn(async move { other.batch_execute("INSERT INTO plain VALUES (0)").await });
        while !commit.is_finished() {
            let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
            if !names.is_empty() && client.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        commit.await.unwrap().unwrap();
        if names.is_empty() {
            return;
        }
    }
}

/// Cuts short every wait for the standby, as an administrator does who wants the application back.
fn cancel_waits(url: &str) -> JoinHandle<()> {
    let url = url.to_owned();
    tokio::spawn(async move {
        let client = connect(&url).await;
        loop {
            let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
            client.batch_execute(cancel).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_no_standby_confirmed_is_unknown_until_one_does() {
    let server = Server::start(&[]).unwrap();
    let database = Database::on(&server.url()).unwrap();
    let url = database.url();
    database.run(&["CREATE TABLE plain (i int)"]).unwrap();
    let store = builder(&url).persistence(Duration::from_secs(1)).connect().await.unwrap();
    let append = |id: &str| vec![Append::new(StreamId::new("fire", id).unwrap(), Expected::NoStream, vec![event()])];
    store.append(append("1")).await.unwrap();
    let plain = connect(&url).await;

    standby(&url, "nobody").await;
    let administrator = cancel_waits(&url);
    let Err(AppendError::Unknown(unknown)) = store.append(append("2")).await else { panic!("it is acknowledged") };
    let why = std::error::Error::source(&*unknown).unwrap().to_string();
    assert!(why.contains("synchronous replica"), "{why}");
    // what this test is for: who does not listen to warnings hears that all is well
    assert_eq!(plain.execute("INSERT INTO plain VALUES (1)", &[]).await.unwrap(), 1);
    // sending it again finds the events, which are still on this server alone
    let Err(AppendError::Unknown(unknown)) = store.resolve(*unknown).await else { panic!("it is acknowledged") };
    administrator.abort();

    standby(&url, "").await;
    let answer = store.resolve(*unknown).await.unwrap();
    assert!(answer[0].repeated);
    assert!(!store.append(append("3")).await.unwrap()[0].repeated);
    assert_eq!(ledger::log(&url).await.events.len(), 3);
    healing::nothing_held(&url, 1, healing::PATIENCE).await.unwrap();
    drop(store);
    healing::no_session_is_left(&url, healing::PATIENCE).await.unwrap();
}
