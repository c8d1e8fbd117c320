//! What is no log of this library, or may not be written, is refused when it is opened, and is not changed.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
};

use es_core::{AppendError, Snapshots, StoreErrorKind, StoredSnapshot};
use es_sqlite::{SqliteError, SqliteMigrateError, SqliteOpenError, SqliteStore, rusqlite::Connection};

use crate::{
    child::Process,
    log::{Files, append, append_at_once, append_one, assert_holds, cause, open, read, refusal},
};

/// Executes SQL on the file that no store has open.
fn sql(path: &Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
}

/// Asserts that the file is refused, also for a reader, that the file is as before, and gives the error.
async fn refused(files: &Files) -> SqliteOpenError {
    let before = fs::read(files.log()).unwrap();
    let error = refusal(files.log()).await;
    let to_read = SqliteStore::builder(files.log()).read_only(true).open().await.unwrap_err();
    assert_eq!(error.to_string(), to_read.to_string());
    assert!(fs::read(files.log()).unwrap() == before, "the file was changed");
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_of_another_program_is_refused() {
    for program in ["", "PRAGMA application_id = 4711; ", "PRAGMA user_version = 4; ", "PRAGMA journal_mode = WAL; "] {
        let files = Files::new();
        sql(&files.log(), &format!("{program}CREATE TABLE invoices (number)"));
        let error = refused(&files).await;
        assert!(matches!(error, SqliteOpenError::Foreign { .. }), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_a_newer_library_is_refused() {
    let files = Files::new();
    drop(open(files.log()).await);
    sql(&files.log(), "PRAGMA user_version = 999");
    let error = refused(&files).await;
    let newer = |error: &_| matches!(error, SqliteMigrateError::Newer { found: 999, .. });
    assert!(matches!(&error, SqliteOpenError::Migrate(error) if newer(error)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_whose_tables_were_changed_is_refused() {
    for change in ["DROP INDEX events_of_kind", "ALTER TABLE streams ADD COLUMN mine TEXT", "DROP VIEW log"] {
        let files = Files::new();
        drop(open(files.log()).await);
        sql(&files.log(), change);
        let error = refused(&files).await;
        let changed = matches!(&error, SqliteOpenError::Migrate(SqliteMigrateError::Changed { .. }));
        assert!(changed && error.kind() == StoreErrorKind::Corrupt, "{change}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_is_refused() {
    let text = "a file of notes\n".repeat(500);
    for content in ["x", "SQLite format 3\0", &text[..600], &text] {
        let files = Files::new();
        fs::write(files.log(), content).unwrap();
        let error = refused(&files).await;
        assert!(matches!(error, SqliteOpenError::NotADatabase { .. }), "{} bytes: {error:?}", content.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_refused() {
    let files = Files::new();
    let pipe = files.named("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [files.folder(), &pipe, Path::new("/dev/null")] {
        let error = refusal(path).await;
        assert!(matches!(error, SqliteOpenError::NotAFile { .. }), "{}: {error:?}", path.display());
    }
    let below = refusal(files.named("missing").join("log.db")).await;
    assert!(matches!(below, SqliteOpenError::Io { .. }), "{below:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_cut_in_half_is_refused() {
    let files = Files::new();
    let store = open(files.log()).await;
    append_at_once(&store, 0..500).await;
    store.close().await;
    let file = fs::OpenOptions::new().write(true).open(files.log()).unwrap();
    let length = file.metadata().unwrap().len();
    for half in [length / 2, length / 8192 * 4096] {
        file.set_len(half).unwrap();
        let error = refused(&files).await;
        assert!(matches!(error, SqliteOpenError::Damaged { .. }), "{half} of {length} bytes: {error:?}");
    }
}

/// The write-ahead log says that the file is whole, and has only a part of its pages.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_cut_in_half_is_refused_with_a_write_ahead_log_beside_it() {
    let files = Files::new();
    let store = open(files.log()).await;
    append_at_once(&store, 0..500).await;
    store.close().await;
    Process::crash(&files.log(), &["append 500 510"]);
    let file = fs::OpenOptions::new().write(true).open(files.log()).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    let error = refused(&files).await;
    assert!(matches!(error, SqliteOpenError::Damaged { .. }), "{error:?}");
    assert!(fs::metadata(files.beside("-wal")).unwrap().len() > 0, "the write-ahead log is kept");
}

/// Gives the folder of `files` and what is in it to everyone, with these rights of the file and of the folder.
fn share(files: &Files, file: u32, folder: u32) {
    for entry in fs::read_dir(files.folder()).unwrap() {
        fs::set_permissions(entry.unwrap().path(), Permissions::from_mode(file)).unwrap();
    }
    fs::set_permissions(files.folder(), Permissions::from_mode(folder)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_only_be_read_is_refused_when_it_is_opened() {
    let files = Files::new();
    let store = open(files.log()).await;
    append(&store, 0..10).await;
    store.close().await;
    share(&files, 0o444, 0o777);
    let mut child = Process::start_as_nobody(&files.log());
    let answer = child.ask("open");
    assert!(answer.starts_with("error: ReadOnly"), "{answer}");
    // The lock was made by somebody else and may be taken; the file itself may still not be written.
    fs::set_permissions(files.beside("-lock"), Permissions::from_mode(0o666)).unwrap();
    let answer = child.ask("open");
    assert!(answer.starts_with("error: ReadOnly"), "{answer}");
    child.tell("open-to-read");
    assert_eq!(child.ask("read"), "ok 10");
    let answer = child.ask("append 10 11");
    assert!(answer.contains("ReadOnly"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_a_folder_that_may_not_be_written_is_refused_when_it_is_opened() {
    let files = Files::new();
    let mut child = Process::start_as_nobody(&files.log());
    share(&files, 0o666, 0o555);
    let answer = child.ask("open");
    assert!(answer.starts_with("error: Io") && answer.contains("PermissionDenied"), "a new file: {answer}");
    let store = open(files.log()).await;
    append(&store, 0..10).await;
    store.close().await;
    fs::remove_file(files.beside("-lock")).unwrap();
    share(&files, 0o666, 0o555);
    let answer = child.ask("open");
    assert!(answer.starts_with("error: Io") && answer.contains("PermissionDenied"), "{answer}");
    fs::write(files.beside("-lock"), "").unwrap();
    share(&files, 0o666, 0o555);
    let answer = child.ask("open");
    assert!(answer.starts_with("error"), "its write-ahead log cannot be made: {answer}");
    assert_holds(&open(files.log()).await, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_only_reads_writes_nothing() {
    let files = Files::new();
    let store = open(files.log()).await;
    append(&store, 0..10).await;
    let event = read(&store).await.unwrap().swap_remove(0);
    store.close().await;
    let before = fs::read(files.log()).unwrap();

    let reader = SqliteStore::builder(files.log()).read_only(true).open().await.unwrap();
    assert_holds(&reader, 10).await;
    let appended = append_one(&reader, 10).await.unwrap_err();
    assert!(matches!(appended, AppendError::Store(_)), "{appended:?}");
    assert!(matches!(cause(&appended), SqliteError::ReadOnly { .. }), "{appended:?}");
    let snapshot = Snapshots::store(&reader, StoredSnapshot::after(&event, "account 1", "{}")).await.unwrap_err();
    assert!(matches!(cause(&snapshot), SqliteError::ReadOnly { .. }), "{snapshot:?}");
    reader.close().await;
    assert!(fs::read(files.log()).unwrap() == before, "the file was changed");

    fs::remove_file(files.log()).unwrap();
    let missing = SqliteStore::builder(files.log()).read_only(true).open().await.unwrap_err();
    assert!(matches!(missing, SqliteOpenError::Missing { .. }), "{missing:?}");
    assert!(!files.log().exists());
}
