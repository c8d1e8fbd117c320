//! The file is deleted, replaced or moved while the store has it open.

use std::{fs, path::Path, process::Command, time::Duration};

use es_core::{
    Append, AppendError, AsOf, Checkpoint, Direction, EventStore, Expected, Filter, Position, ReadError, Snapshots,
    StoredSnapshot, Timestamp, Version,
};
use es_sqlite::{
    SqliteBackupError, SqliteError, SqliteStore, SqliteTransactionError,
    rusqlite::{Connection, TransactionBehavior},
};
use futures_util::{FutureExt, StreamExt, TryStreamExt};

use crate::{
    child::Process,
    log::{Files, append, append_at_once, append_one, assert_holds, cause, event, open, read, stream},
};

fn is_moved(error: &(dyn std::error::Error + 'static)) {
    assert!(matches!(cause(error), SqliteError::Moved { .. }), "{error:?}");
}

/// Asserts that each operation of the store fails with `Moved`.
async fn every_operation_says_so(store: &SqliteStore, files: &Files) {
    let appended = append_one(store, 100).await.unwrap_err();
    assert!(matches!(appended, AppendError::Store(_)), "nothing was appended: {appended:?}");
    is_moved(&appended);
    let snapshot = StoredSnapshot::new(stream(0), Version::FIRST, Position::new(1), Timestamp::now(), "s", "{}");
    is_moved(&Snapshots::store(store, snapshot).await.unwrap_err());
    is_moved(&store.nearest(&stream(0), "s", AsOf::Newest).await.unwrap_err());

    is_moved(&read(store).await.unwrap_err());
    for direction in [Direction::Forward, Direction::Backward] {
        let from = if direction == Direction::Forward { Version::FIRST } else { Version::MAX };
        let events = store.read_stream(&stream(0), from, direction, None);
        is_moved(&events.try_collect::<Vec<_>>().await.unwrap_err());
    }
    let mut visitor = |_: &_| panic!("an event was shown");
    is_moved(&store.visit_stream(&stream(0), Version::FIRST, &mut visitor).await.unwrap_err());
    is_moved(&store.frontier().await.unwrap_err());
    is_moved(&store.changed(Checkpoint::START).await.unwrap_err());
    is_moved(&store.verify().await.unwrap_err());
    let backup = store.backup_to(files.named("backup.db")).await.unwrap_err();
    assert!(matches!(backup, SqliteBackupError::Store(SqliteError::Moved { .. })), "{backup:?}");
    assert!(!files.named("backup.db").exists());
}

/// The checksum of a file, by another process: to close a file of SQLite here would drop the locks of this process.
fn sum(path: &Path) -> String {
    let output = Command::new("cksum").arg(path).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// Moves the file of an open store away by `fault`, and gives it back by `mend`.
async fn after(fault: impl FnOnce(&Files), mend: impl FnOnce(&Files)) {
    let files = Files::new();
    let store = open(files.log()).await;
    append(&store, 0..10).await;
    // Second names of the store's files, by which they can be looked at when the first ones are gone.
    fs::hard_link(files.log(), files.named("kept")).unwrap();
    fs::hard_link(files.beside("-wal"), files.named("kept-wal")).unwrap();
    let mut subscription = store.subscribe(store.frontier().await.unwrap(), &Filter::all());
    assert!(subscription.next().now_or_never().is_none(), "it waits");
    let before = [sum(&files.named("kept")), sum(&files.named("kept-wal"))];

    fault(&files);
    every_operation_says_so(&store, &files).await;
    let woken = tokio::time::timeout(Duration::from_mins(1), subscription.next()).await.unwrap();
    is_moved(&woken.unwrap().unwrap_err());
    drop(subscription);
    assert_eq!([sum(&files.named("kept")), sum(&files.named("kept-wal"))], before, "something was written");

    mend(&files);
    append(&store, 10..20).await;
    assert_holds(&store, 20).await;
    store.close().await;
    assert_holds(&open(files.log()).await, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_file_is_neither_written_nor_read() {
    after(
        |files| fs::remove_file(files.log()).unwrap(),
        |files| fs::hard_link(files.named("kept"), files.log()).unwrap(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_file_is_neither_written_nor_read() {
    after(
        |files| fs::rename(files.log(), files.named("elsewhere.db")).unwrap(),
        |files| fs::rename(files.named("elsewhere.db"), files.log()).unwrap(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_file_is_neither_written_nor_read() {
    after(
        |files| {
            fs::write(files.named("other"), "another file").unwrap();
            fs::rename(files.named("other"), files.log()).unwrap();
        },
        |files| {
            fs::remove_file(files.log()).unwrap();
            fs::hard_link(files.named("kept"), files.log()).unwrap();
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_the_place_of_the_file_is_noticed() {
    after(
        |files| {
            fs::remove_file(files.log()).unwrap();
            fs::create_dir(files.log()).unwrap();
        },
        |files| {
            fs::remove_dir(files.log()).unwrap();
            fs::hard_link(files.named("kept"), files.log()).unwrap();
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_on_a_moved_file_is_refused() {
    let files = Files::new();
    let store = open(files.log()).await;
    append(&store, 0..1).await;
    let mut mine = Connection::open(store.path()).unwrap();
    let transaction = mine.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    fs::rename(files.log(), files.named("elsewhere.db")).unwrap();
    let request = Append::new(stream(1), Expected::Any, vec![event(1)]).into();
    let error = store.append_in(&transaction, &request).unwrap_err();
    assert!(matches!(error, SqliteTransactionError::OtherFile), "{error:?}");
}

/// The old store must not take the write-ahead log of the new one for its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_on_a_replaced_file_leaves_the_new_one_alone_when_it_is_closed() {
    let files = Files::new();
    let old = open(files.log()).await;
    append(&old, 0..5).await;
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(files.beside(suffix)).unwrap();
    }
    let mut child = Process::start(&files.log());
    child.tell("open");
    child.tell("append 0 10");
    is_moved(&append_one(&old, 5).await.unwrap_err());
    old.close().await;
    drop(old);
    child.tell("append 10 20");
    child.kill();
    assert!(fs::metadata(files.beside("-wal")).unwrap().len() > 0);
    assert_holds(&open(files.log()).await, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_was_begun_before_the_move_ends_with_an_error() {
    let files = Files::new();
    let store = open(files.log()).await;
    append_at_once(&store, 0..1_000).await;
    let mut events = store.read_all(Checkpoint::START, &Filter::all(), None);
    events.next().await.unwrap().unwrap();
    fs::rename(files.log(), files.named("elsewhere.db")).unwrap();
    let rest: Result<Vec<_>, ReadError> = events.try_collect().await;
    match rest {
        Err(error) => is_moved(&error),
        Ok(rest) => panic!("{} events of a moved file were read", rest.len()),
    }
}
