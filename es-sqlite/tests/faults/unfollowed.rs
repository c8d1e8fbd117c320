//! A write-ahead log has a row that tells whose it is. One that others began may have none: then the file is verified when it is
//! opened after a crash, while others append.

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::channel,
    },
    time::Duration,
};

use es_contract::Effort;
use es_sqlite::{SqliteStore, rusqlite::Connection};

use crate::{
    child::Process,
    log::{Files, append, append_at_once, assert_holds, open},
    random::Random,
    verifications::listen,
};

/// Opens the log after a crash, asserts that it is whole, and says how often it was verified for that.
async fn verifications(files: &Files, events: usize) -> usize {
    let path = fs::canonicalize(files.log()).unwrap();
    let count = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&count);
    listen(&path, move || {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let store = open(&path).await;
    let count = count.load(Ordering::SeqCst);
    assert_holds(&store, events).await;
    count
}

/// Begins the write-ahead log anew with the next write.
const CHECKPOINT: &str = "sql PRAGMA wal_checkpoint";
const OTHERS: &str = "sql INSERT INTO mine VALUES (1)";

/// A log with an event, which is closed, and a table of the caller.
async fn closed() -> Files {
    let files = Files::new();
    append(&open(files.log()).await, 0..1).await;
    Connection::open(files.log()).unwrap().execute_batch("CREATE TABLE mine (number)").unwrap();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_ahead_log_that_only_transactions_of_callers_wrote_is_told_by_its_row() {
    for commands in [
        &["append-in 1 5"][..],
        &["append-in 1 3", "append-in 3 4", "append-in 4 5"],
        // The first page that is written begins the write-ahead log.
        &["append 1 2", CHECKPOINT, "append-in 2 5"],
        &["append-in 1 2", CHECKPOINT, "append-in 2 3", CHECKPOINT, "append-in 3 5"],
        // It is begun by others.
        &[OTHERS, "append-in 1 5"],
        &["append-in 1 2", CHECKPOINT, OTHERS, "append-in 2 5"],
        &["append-in-and-roll-back 1 3", "append-in 1 5"],
        &["append-in 1 2", CHECKPOINT, "append-in-and-roll-back 2 3", "append-in 2 5"],
    ] {
        let files = closed().await;
        Process::crash(&files.log(), commands);
        assert_eq!(verifications(&files, 5).await, 0, "{commands:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_ahead_log_that_only_others_wrote_is_verified() {
    let files = closed().await;
    Process::crash(&files.log(), &[OTHERS]);
    assert_eq!(verifications(&files, 1).await, 1);
    // The write-ahead log was copied into the file, so that it is verified once.
    assert_eq!(verifications(&files, 1).await, 0);
}

/// Each crash is one after which the log is whole: no write-ahead log is taken for another.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_stores_callers_and_others_wrote_in_any_order_is_whole_after_a_crash() {
    let mut random = Random::new();
    for _ in 0..Effort::from_env().unwrap().times(100) {
        let files = closed().await;
        let mut children = [Process::start(&files.log()), Process::start(&files.log())];
        for child in &mut children {
            child.tell("open");
        }
        let (mut end, mut told) = (1, Vec::new());
        for _ in 0..4 + random.below(16) {
            let next = end + 1;
            let (command, events) = match random.below(8) {
                0 | 1 => (format!("append {end} {next}"), 1),
                2 | 3 => (format!("append-in {end} {next}"), 1),
                4 => (format!("append-in-and-roll-back {end} {next}"), 0),
                5 => (OTHERS.to_owned(), 0),
                _ => (CHECKPOINT.to_owned(), 0),
            };
            let child = usize::try_from(random.below(2)).unwrap();
            children[child].tell(&command);
            end += events;
            told.push(format!("{child}: {command}"));
        }
        children.into_iter().for_each(Process::kill);
        let opened = SqliteStore::open(files.log()).await;
        assert_holds(&opened.unwrap_or_else(|error| panic!("{told:#?}: {error:?}")), end).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn others_append_while_a_file_is_verified() {
    let files = closed().await;
    let path = fs::canonicalize(files.log()).unwrap();
    let other = SqliteStore::builder(&path).lock_timeout(Duration::from_secs(1)).open().await.unwrap();
    // Begins a write-ahead log without a row, as the other store has not appended since.
    Connection::open(&path).unwrap().execute_batch("INSERT INTO mine VALUES (1)").unwrap();
    let (begun, begins) = channel();
    let (go_on, goes_on) = channel::<()>();
    let goes_on = Mutex::new(goes_on);
    listen(&path, move || {
        begun.send(()).unwrap();
        goes_on.lock().unwrap().recv().unwrap();
    });
    let opens = tokio::spawn({
        let path = path.clone();
        async move { open(path).await }
    });
    tokio::task::block_in_place(|| begins.recv_timeout(Duration::from_mins(1))).unwrap();
    append(&other, 1..3).await;
    append_at_once(&other, 3..200).await;
    assert!(!opens.is_finished());
    go_on.send(()).unwrap();
    let opened = opens.await.unwrap();
    assert_holds(&opened, 200).await;
    append(&opened, 200..201).await;
    append(&other, 201..202).await;
    assert_holds(&opened, 202).await;
}
