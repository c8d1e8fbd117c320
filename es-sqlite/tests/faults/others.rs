//! Other connections and other writers of the file: what they hold makes no append fail for good.

use std::{
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::RecvTimeoutError,
    },
    thread,
    time::Duration,
};

use es_core::EventStore;
use es_sqlite::{SqliteError, SqliteStore, rusqlite::Connection};

use crate::log::{Files, append, append_one, assert_holds, cause, open, read};

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_holds_an_old_snapshot_makes_no_append_fail() {
    let files = Files::new();
    let store = open(files.log()).await;
    append(&store, 0..1).await;
    let mine = Connection::open(store.path()).unwrap();
    let count = || mine.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0)).unwrap();
    mine.execute_batch("BEGIN").unwrap();
    assert_eq!(count(), 1);
    append(&store, 1..50).await;
    assert_eq!(count(), 1, "the reader's snapshot is the old one");
    assert_eq!(read(&store).await.unwrap().len(), 50);
    mine.execute_batch("COMMIT").unwrap();
    assert_eq!(count(), 50);
    assert_eq!(store.frontier().await.unwrap().position().get(), 50);
}

/// A writer that read before it took the write lock would fail with `SQLITE_BUSY_SNAPSHOT`, which no wait mends.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_writes_all_the_time_makes_no_append_fail() {
    let files = Files::new();
    let store = open(files.log()).await;
    let mine = Connection::open(store.path()).unwrap();
    mine.execute_batch("PRAGMA synchronous = OFF; CREATE TABLE mine (number)").unwrap();
    // It tries again at once instead of waiting longer each time.
    mine.busy_timeout(Duration::ZERO).unwrap();
    let (until, ended) = std::sync::mpsc::channel::<()>();
    let written = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&written);
    let writer = thread::spawn(move || {
        while ended.recv_timeout(Duration::from_micros(300)) == Err(RecvTimeoutError::Timeout) {
            let rows = mine.execute("INSERT INTO mine VALUES (1)", []).unwrap_or_default();
            count.fetch_add(rows, Ordering::SeqCst);
        }
    });
    let mut appended = 0;
    while appended < 300 || written.load(Ordering::SeqCst) < 100 {
        append_one(&store, appended).await.unwrap();
        appended += 1;
    }
    drop(until);
    writer.join().unwrap();
    assert_holds(&store, appended).await;
}

/// Writers of other processes wait for the same lock.
#[tokio::test(flavor = "multi_thread")]
async fn an_append_waits_for_the_writer_that_has_the_lock() {
    let files = Files::new();
    let store = SqliteStore::builder(files.log()).lock_timeout(Duration::from_millis(100)).open().await.unwrap();
    append(&store, 0..5).await;
    let lock = File::open(files.beside("-lock")).unwrap();
    lock.lock().unwrap();
    let refused = append_one(&store, 5).await.unwrap_err();
    assert!(refused.is_transient() && matches!(cause(&refused), SqliteError::Locked { .. }), "{refused:?}");
    assert_holds(&store, 5).await;
    lock.unlock().unwrap();
    append(&store, 5..10).await;
    assert_holds(&store, 10).await;
}

/// An append waits for writers of this library and then for transactions of others: for both together as long as it may.
#[tokio::test(flavor = "multi_thread")]
async fn an_append_waits_for_both_locks_no_longer_than_it_may() {
    const LIMIT: Duration = Duration::from_secs(2);
    let files = Files::new();
    let store = SqliteStore::builder(files.log()).lock_timeout(LIMIT).open().await.unwrap();
    let lock = File::open(files.beside("-lock")).unwrap();
    lock.lock().unwrap();
    let mine = Connection::open(store.path()).unwrap();
    mine.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waits = tokio::spawn({
        let store = store.clone();
        async move { append_one(&store, 0).await }
    });
    tokio::time::sleep(LIMIT / 2).await;
    lock.unlock().unwrap();
    // This one begins to wait now, and waits longer than the append may go on.
    let other = Connection::open(store.path()).unwrap();
    other.busy_timeout(LIMIT * 3 / 4).unwrap();
    tokio::task::block_in_place(|| other.execute_batch("BEGIN IMMEDIATE")).unwrap_err();
    assert!(waits.is_finished());
    let refused = waits.await.unwrap().unwrap_err();
    assert!(matches!(cause(&refused), SqliteError::Locked { waited: LIMIT }), "{refused:?}");
    mine.execute_batch("COMMIT").unwrap();
    append_one(&store, 0).await.unwrap();
}
