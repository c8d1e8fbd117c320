//! What a crash, or somebody who moves files, leaves half is opened whole or refused, and loses nothing.

use std::{fs, path::Path};

use es_sqlite::{SqliteOpenError, SqliteStore, rusqlite::Connection};

use crate::{
    child::Process,
    log::{Files, append_at_once, assert_holds, open},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_empty_file_does_not_take_its_write_ahead_log_along() {
    for empty in [false, true] {
        let files = Files::new();
        Process::crash(&files.log(), &["append 0 40"]);
        let wal = fs::read(files.beside("-wal")).unwrap();
        assert!(!wal.is_empty());
        fs::rename(files.log(), files.named("moved.db")).unwrap();
        if empty {
            fs::write(files.log(), "").unwrap();
        }
        for read_only in [false, true] {
            let error = SqliteStore::builder(files.log()).read_only(read_only).open().await.unwrap_err();
            assert!(matches!(error, SqliteOpenError::LostFile { .. }), "{error:?}");
        }
        assert_eq!(files.log().exists(), empty, "no file is made");
        assert!(fs::read(files.beside("-wal")).unwrap() == wal, "the write-ahead log was changed");
        fs::rename(files.named("moved.db"), files.log()).unwrap();
        assert_holds(&open(files.log()).await, 40).await;
    }
}

/// Copies the file and its journal while a transaction is open, as a crash leaves them.
fn crashed(from: &Path, to: &Path) {
    let connection = Connection::open(from).unwrap();
    connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).unwrap();
    // The pages of the transaction do not fit into the cache, so some of them are in the file.
    connection.pragma_update(None, "cache_size", 2).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE; UPDATE events SET payload = payload || ' '").unwrap();
    let beside = |path: &Path| path.with_extension("db-journal");
    assert!(fs::metadata(beside(from)).unwrap().len() > 512, "the journal is synced");
    fs::copy(from, to).unwrap();
    fs::copy(beside(from), beside(to)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_the_journal_of_a_crash_is_rolled_back() {
    let files = Files::new();
    let store = open(files.log()).await;
    append_at_once(&store, 0..300).await;
    store.close().await;
    let crash = files.named("crash.db");
    crashed(&files.log(), &crash);
    let error = SqliteStore::builder(&crash).read_only(true).open().await.unwrap_err();
    assert!(matches!(error, SqliteOpenError::File { .. }), "{error:?}");
    assert_holds(&open(&crash).await, 300).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_needs_the_program_that_made_it_is_no_damage() {
    let files = Files::new();
    let store = open(files.log()).await;
    append_at_once(&store, 0..20).await;
    let mine = Connection::open(files.log()).unwrap();
    mine.execute_batch(
        "CREATE TABLE mine (name TEXT COLLATE NOCASE UNIQUE);
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'NOCASE', 'theirs') WHERE name = 'mine';",
    )
    .unwrap();
    drop(mine);
    assert!(Connection::open(files.log()).unwrap().execute_batch("PRAGMA integrity_check").is_err());
    let found = store.verify().await.unwrap();
    assert!(found.is_intact(), "{:?}", found.problems);
    drop(store);
    Process::crash(&files.log(), &["append 20 40"]);
    assert_holds(&open(files.log()).await, 40).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_neither_verifies_nor_makes_a_backup() {
    let files = Files::new();
    let store = open(files.log()).await;
    append_at_once(&store, 0..300).await;
    let (running, closed) = (store.verify(), store.close());
    let (found, ()) = tokio::join!(running, closed);
    assert_eq!(found.unwrap().events, 300, "what was begun ends");
    assert!(!files.beside("-wal").exists(), "a connection is open");
    store.verify().await.unwrap_err();
    store.backup_to(files.named("backup.db")).await.unwrap_err();
    assert!(!files.named("backup.db").exists());
}
