//! A commit of another process wakes those who wait, and nothing looks at the file while nobody does.

use std::time::Duration;

use es_core::{EventStore, Expected};
use es_sqlite::SqliteStore;

use crate::{child::start, record::append};

/// For all wake-ups of a test. A store that wakes nobody is caught by it, and a machine under load keeps it.
const LIMIT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn an_append_of_another_process_wakes_those_who_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let mut process = start("append when told", &path);
    assert_eq!(process.line(), "works");
    let wake_ups = async {
        let mut seen = store.frontier().await.unwrap();
        for position in 1..=20 {
            let (other, from) = (store.clone(), seen);
            let waits = tokio::spawn(async move { other.changed(from).await });
            // The wait begins before the append, as a rule.
            tokio::time::sleep(Duration::from_millis(20)).await;
            process.proceed();
            seen = waits.await.unwrap().unwrap();
            assert_eq!(seen.position().get(), position);
        }
    };
    tokio::time::timeout(LIMIT, wake_ups).await.unwrap();
}

#[tokio::test]
async fn the_commit_of_a_callers_transaction_in_another_process_wakes_those_who_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let seen = store.append(append("0", Expected::Any, 1).into()).await.unwrap()[0].positions[0];
    let frontier = store.frontier().await.unwrap();
    assert_eq!(frontier.position(), seen);
    let mut process = start("hold a transaction", &path);
    assert_eq!(process.line(), "holds");
    let early = tokio::time::timeout(Duration::from_millis(100), store.changed(frontier)).await;
    assert!(early.is_err(), "{early:?}");
    process.proceed();
    let after = tokio::time::timeout(LIMIT, store.changed(frontier)).await.unwrap().unwrap();
    assert_eq!(after.position().get(), 2);
}

#[test]
fn nothing_looks_at_the_file_while_nobody_waits() {
    let folder = tempfile::tempdir().unwrap();
    let process = start("watch", &folder.path().join("log.db"));
    let counts: Vec<u64> = (0..3).map(|_| process.line().parse().unwrap()).collect();
    println!("the thread ran {counts:?} times");
    // It may run once to notice that nobody waits.
    assert!(counts[0] <= 1 && counts[1] >= 5 && counts[2] <= 1, "{counts:?}");
}
