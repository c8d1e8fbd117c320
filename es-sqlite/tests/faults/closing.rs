//! The last connection really closes: nothing stays open, and the write-ahead log is in the file.

use std::{fs, time::Duration};

use es_core::{Checkpoint, Direction, EventStore, Filter, Version};
use es_sqlite::{SqliteOpenError, SqliteStore, rusqlite::Connection};
use futures_util::{FutureExt, StreamExt};

use crate::log::{Files, append, append_at_once, assert_holds, open, stream};

/// The files in the folder that this process has open.
fn open_files(files: &Files) -> Vec<String> {
    let folder = files.folder().to_str().unwrap();
    let links = fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| fs::read_link(fd.unwrap().path()).ok());
    links.map(|link| link.to_string_lossy().into_owned()).filter(|link| link.starts_with(folder)).collect()
}

/// Asserts that nothing is open, within a minute: a thread that was left alone ends by itself.
async fn nothing_is_open(files: &Files) {
    for _ in 0..6_000 {
        if open_files(files).is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(open_files(files), [""; 0]);
    let mut left: Vec<_> =
        fs::read_dir(files.folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["log.db", "log.db-lock"]);
}

async fn filled(files: &Files) -> SqliteStore {
    let store = open(files.log()).await;
    append(&store, 0..3).await;
    append_at_once(&store, 3..1_000).await;
    assert!(!open_files(files).is_empty());
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_has_nothing_open() {
    let files = Files::new();
    let store = filled(&files).await;
    let clone = store.clone();
    clone.close().await;
    assert_eq!(open_files(&files), [""; 0], "at once, though a clone is left");
    nothing_is_open(&files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_store_has_nothing_open() {
    // Threads that nobody waits for may end in time by chance.
    for _ in 0..10 {
        let files = Files::new();
        drop(filled(&files).await);
        assert_eq!(open_files(&files), [""; 0], "at once");
        nothing_is_open(&files).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_and_subscriptions_that_are_dropped_halfway_leave_nothing_open() {
    let files = Files::new();
    let store = filled(&files).await;
    let mut log = store.read_all(Checkpoint::START, &Filter::all(), None);
    log.next().await.unwrap().unwrap();
    let mut backward = store.read_stream(&stream(0), Version::MAX, Direction::Backward, None);
    backward.next().await.unwrap().unwrap();
    let mut live = store.subscribe(store.frontier().await.unwrap(), &Filter::all());
    assert!(live.next().now_or_never().is_none(), "it waits");
    let mut behind = store.subscribe(Checkpoint::START, &Filter::all());
    behind.next().await.unwrap().unwrap();
    drop((log, backward, live, behind));
    assert_eq!(store.open_readers(), 0);
    drop(store);
    nothing_is_open(&files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_that_are_dropped_halfway_leave_nothing_open() {
    let files = Files::new();
    let store = filled(&files).await;
    // Each is begun, and nobody waits for its answer.
    drop(store.verify().now_or_never());
    drop(store.frontier().now_or_never());
    let _ = append(&store, 1_000..1_001).now_or_never();
    drop(store);
    nothing_is_open(&files).await;
    assert_holds(&open(files.log()).await, 1_001).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_is_gone_before_the_store_is_open_leaves_nothing_open() {
    let files = Files::new();
    drop(filled(&files).await);
    drop(SqliteStore::open(files.log()).now_or_never());
    // The thread that opens the store may not have begun yet.
    assert_holds(&open(files.log()).await, 1_000).await;
    nothing_is_open(&files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_refused_is_not_left_open() {
    let files = Files::new();
    let other = Connection::open(files.log()).unwrap();
    other.execute_batch("CREATE TABLE invoices (number)").unwrap();
    other.close().unwrap();
    let refused = SqliteStore::open(files.log()).await.unwrap_err();
    assert!(matches!(refused, SqliteOpenError::Foreign { .. }), "{refused:?}");
    assert_eq!(open_files(&files), [""; 0]);
}
