//! A backup that is restored beside the write-ahead log of the file that it replaces is never mixed with it.

use std::{
    fs::{self, File},
    io::Write,
};

use es_sqlite::{SqliteOpenError, SqliteStore, rusqlite::Connection};

use crate::{
    child::Process,
    log::{Files, append_at_once, assert_holds, open, refusal},
};

/// How the backup was made.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Backup {
    /// By the store.
    Store,
    /// A copy of the main file while the store was closed.
    Copy,
    /// With `VACUUM INTO`, in the program `sqlite3` or any other.
    Vacuum,
}

/// How large the log is when the backup is made, and when the program is killed.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    backup: usize,
    end: usize,
}

/// All of the log that was appended after the backup is in the write-ahead log.
const SMALL: Sizes = Sizes { backup: 20, end: 40 };
/// The write-ahead log was copied into the file many times, and begun anew.
const CHECKPOINTED: Sizes = Sizes { backup: 300, end: 1_500 };

/// Makes a log, a backup of it at `backup.db`, and a program that is killed some time later.
async fn killed(files: &Files, backup: Backup, sizes: Sizes) {
    let store = open(files.log()).await;
    append_at_once(&store, 0..sizes.backup).await;
    let copy = files.named("backup.db");
    match backup {
        Backup::Store => store.backup_to(&copy).await.unwrap(),
        Backup::Copy => {
            store.close().await;
            fs::copy(files.log(), &copy).unwrap();
        }
        Backup::Vacuum => {
            let mine = Connection::open(files.log()).unwrap();
            mine.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
        }
    }
    drop(store);
    Process::crash(&files.log(), &[&format!("append {} {}", sizes.backup, sizes.end)]);
    assert!(fs::metadata(files.beside("-wal")).unwrap().len() > 0);
}

/// Copies the backup to a new file with the name of the log, or over the content of the file there.
fn restore(files: &Files, same_file: bool) {
    if same_file {
        let content = fs::read(files.named("backup.db")).unwrap();
        let mut file = File::options().write(true).truncate(true).open(files.log()).unwrap();
        file.write_all(&content).unwrap();
    } else {
        fs::copy(files.named("backup.db"), files.named("new")).unwrap();
        fs::rename(files.named("new"), files.log()).unwrap();
    }
}

async fn is_refused(files: &Files) {
    let file = fs::read(files.log()).unwrap();
    let wal = fs::read(files.beside("-wal")).unwrap();
    let error = refusal(files.log()).await;
    assert!(matches!(error, SqliteOpenError::StaleWal { .. }), "{error:?}");
    let to_read = SqliteStore::builder(files.log()).read_only(true).open().await.unwrap_err();
    assert!(matches!(to_read, SqliteOpenError::StaleWal { .. }), "{to_read:?}");
    assert!(fs::read(files.log()).unwrap() == file, "the file was changed");
    assert!(fs::read(files.beside("-wal")).unwrap() == wal, "the write-ahead log was changed");
}

async fn is_refused_until_the_wal_is_gone(backup: Backup, sizes: Sizes) {
    for same_file in [false, true] {
        let files = Files::new();
        killed(&files, backup, sizes).await;
        restore(&files, same_file);
        is_refused(&files).await;
        fs::rename(files.beside("-wal"), files.named("moved-away")).unwrap();
        assert_holds(&open(files.log()).await, sizes.backup).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_backup_is_not_mixed() {
    for backup in [Backup::Store, Backup::Vacuum] {
        is_refused_until_the_wal_is_gone(backup, SMALL).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_log_with_checkpoints_is_not_mixed() {
    for backup in [Backup::Store, Backup::Copy, Backup::Vacuum] {
        is_refused_until_the_wal_is_gone(backup, CHECKPOINTED).await;
    }
}

/// The copy is byte for byte what the file alone still is, so that the write-ahead log makes it whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_file_as_it_still_is_becomes_the_whole_log() {
    for same_file in [false, true] {
        let files = Files::new();
        killed(&files, Backup::Copy, SMALL).await;
        assert!(fs::read(files.log()).unwrap() == fs::read(files.named("backup.db")).unwrap());
        restore(&files, same_file);
        assert_holds(&open(files.log()).await, SMALL.end).await;
    }
}

/// What the write-ahead log brings makes the log whole, and not the other tables in the file.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_from_before_changes_of_other_tables_is_not_mixed() {
    let files = Files::new();
    let store = open(files.log()).await;
    append_at_once(&store, 0..20).await;
    drop(store);
    let mine = Connection::open(files.log()).unwrap();
    mine.execute_batch("CREATE TABLE mine (number, padding); INSERT INTO mine VALUES (1, zeroblob(9000)), (1, '')")
        .unwrap();
    drop(mine);
    fs::copy(files.log(), files.named("backup.db")).unwrap();
    let commands = ["append 20 21", "sql UPDATE mine SET number = 2", "close", "open", "append 21 22"];
    Process::crash(&files.log(), &commands);
    restore(&files, false);
    is_refused(&files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_another_log_is_not_mixed() {
    for end in [15, 25, 35] {
        let files = Files::new();
        let store = open(files.named("backup.db")).await;
        append_at_once(&store, 100..100 + end).await;
        store.close().await;
        let store = open(files.log()).await;
        append_at_once(&store, 0..20).await;
        store.close().await;
        Process::crash(&files.log(), &["append 20 30"]);
        restore(&files, false);
        is_refused(&files).await;
    }
}

/// Both logs have a part in common.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_used_as_a_log_of_its_own_is_not_mixed() {
    let files = Files::new();
    let store = open(files.log()).await;
    append_at_once(&store, 0..20).await;
    store.close().await;
    fs::copy(files.log(), files.named("backup.db")).unwrap();
    let copy = open(files.named("backup.db")).await;
    append_at_once(&copy, 200..205).await;
    copy.close().await;
    Process::crash(&files.log(), &["append 20 30"]);
    restore(&files, false);
    is_refused(&files).await;
}

/// It still says of itself that it is a backup, if only its write-ahead log says otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_is_used_again_after_a_crash() {
    for (backup, end) in [(Backup::Store, 21), (Backup::Vacuum, 21), (Backup::Copy, 40)] {
        let files = Files::new();
        killed(&files, backup, SMALL).await;
        restore(&files, false);
        fs::rename(files.beside("-wal"), files.named("moved-away")).unwrap();
        Process::crash(&files.log(), &[&format!("append {} {end}", SMALL.backup)]);
        assert_holds(&open(files.log()).await, end).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_copied_after_a_crash_is_the_whole_log() {
    for sizes in [SMALL, CHECKPOINTED] {
        let files = Files::new();
        killed(&files, Backup::Store, sizes).await;
        for suffixes in [&["", "-wal", "-shm", "-lock"][..], &["", "-wal"]] {
            let elsewhere = Files::new();
            for suffix in suffixes {
                fs::copy(files.beside(suffix), elsewhere.beside(suffix)).unwrap();
            }
            assert_holds(&open(elsewhere.log()).await, sizes.end).await;
        }
        assert_holds(&open(files.log()).await, sizes.end).await;
    }
}

/// A checkpoint writes the pages in order. What it has written when the power fails makes no whole file without its
/// write-ahead log.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_checkpoint_was_cut_short_is_the_whole_log() {
    for sizes in [Sizes { backup: 0, end: 60 }, SMALL, Sizes { backup: 300, end: 360 }] {
        let files = Files::new();
        killed(&files, Backup::Store, sizes).await;
        let (before, wal) = (fs::read(files.log()).unwrap(), fs::read(files.beside("-wal")).unwrap());
        open(files.log()).await.close().await;
        let after = fs::read(files.log()).unwrap();
        let pages = after.len() / 4096;
        for written in (0..=pages).step_by(pages.div_ceil(12)) {
            let elsewhere = Files::new();
            let mut torn = after[..written * 4096].to_owned();
            torn.extend(before.iter().skip(torn.len()));
            fs::write(elsewhere.log(), torn).unwrap();
            fs::write(elsewhere.beside("-wal"), &wal).unwrap();
            assert_holds(&open(elsewhere.log()).await, sizes.end).await;
        }
    }
}
