//! A process that is stopped while it holds the lock of the writers: others are busy, and go on by themselves.

use std::{path::Path, time::Duration};

use es_core::{AppendError, Checkpoint, EventStore, Expected, Filter, StoreErrorKind};
use es_sqlite::{SqliteError, SqliteStore};
use futures_util::TryStreamExt;
use tempfile::TempDir;

use crate::{
    child::start,
    process::Process,
    record::{append, check_log, log},
};

const LIMIT: Duration = Duration::from_millis(200);

/// A store, and a process with this role that is stopped within its transaction.
async fn stopped(role: &str) -> (TempDir, SqliteStore, Process) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let store = SqliteStore::builder(&path).lock_timeout(LIMIT).open().await.unwrap();
    let process = start(role, &path);
    assert_eq!(process.line(), "holds");
    process.signal("STOP");
    (folder, store, process)
}

/// Each append is refused as busy, nothing is written, and readers read.
async fn is_busy(store: &SqliteStore) {
    for _ in 0..2 {
        let appends = (0..3).map(|_| store.append(append("busy", Expected::Any, 2).into()));
        for answer in futures_util::future::join_all(appends).await {
            let Err(AppendError::Store(error)) = answer else { panic!("{answer:?}") };
            assert_eq!(error.kind(), StoreErrorKind::Busy);
            assert!(matches!(error.downcast_ref(), Some(SqliteError::Locked { waited: LIMIT })), "{error:?}");
        }
    }
    let events: Vec<_> = store.read_all(Checkpoint::START, &Filter::all(), None).try_collect().await.unwrap();
    assert!(events.is_empty(), "{events:?}");
}

async fn go_on(store: SqliteStore, path: &Path, before: u64) {
    let answer = store.append(append("after", Expected::NoStream, 2).into()).await.unwrap();
    assert_eq!(answer[0].positions[0].get(), before + 1);
    assert!(store.verify().await.unwrap().is_intact());
    store.close().await;
    let log = log(path);
    check_log(&log).unwrap();
    assert_eq!(log.len() as u64, before + 2);
}

#[tokio::test]
async fn others_are_busy_until_a_stopped_writer_continues() {
    let (folder, store, mut process) = stopped("hold").await;
    is_busy(&store).await;
    process.signal("CONT");
    process.proceed();
    assert_eq!(process.line(), "appended 1");
    // This store has given up, so its wait must not keep the lock from the other process.
    assert_eq!(process.line(), "appended 2");
    go_on(store, &folder.path().join("log.db"), 2).await;
}

#[tokio::test]
async fn others_are_busy_until_a_stopped_writer_dies() {
    let (folder, store, mut process) = stopped("hold").await;
    is_busy(&store).await;
    process.kill();
    go_on(store, &folder.path().join("log.db"), 0).await;
}

#[tokio::test]
async fn others_are_busy_until_the_stopped_process_of_a_callers_transaction_continues() {
    let (folder, store, mut process) = stopped("hold a transaction").await;
    is_busy(&store).await;
    process.signal("CONT");
    process.proceed();
    assert_eq!(process.line(), "committed");
    go_on(store, &folder.path().join("log.db"), 1).await;
}

#[tokio::test]
async fn others_are_busy_until_the_stopped_process_of_a_callers_transaction_dies() {
    let (folder, store, mut process) = stopped("hold a transaction").await;
    is_busy(&store).await;
    process.kill();
    go_on(store, &folder.path().join("log.db"), 0).await;
}
