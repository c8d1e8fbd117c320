//! Backups while writers go on, what restores them, and a program that replicates the write-ahead log.

#![expect(clippy::unwrap_used, reason = "a failed `unwrap` fails the test")]

#[path = "../shared/process.rs"]
#[expect(dead_code, reason = "these tests send no signals")]
mod process;
#[path = "../shared/random.rs"]
mod random;
#[path = "../shared/record.rs"]
#[expect(dead_code, reason = "these tests record no process")]
mod record;
mod replication;
mod restore;

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use es_core::{AppendRequest, EventStore, Expected, StoreErrorKind};
use es_sqlite::{SqliteBackupError, SqliteStore, rusqlite::Connection};
use process::{Process, role, say};
use record::{Row, append, check_log, log};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// A store in a new file.
async fn fresh() -> (TempDir, PathBuf, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let store = SqliteStore::open(&path).await.unwrap();
    (folder, path, store)
}

/// Appends of four events each, to two streams.
fn four() -> AppendRequest {
    AppendRequest::new([append("a", Expected::Any, 2), append("b", Expected::Any, 2)])
}

/// Appends until it is told to end.
struct Writers {
    ends: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Writers {
    fn start(store: &SqliteStore) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let tasks = (0..4).map(|_| {
            let (store, ends) = (store.clone(), Arc::clone(&ends));
            tokio::spawn(async move {
                while !ends.load(Ordering::SeqCst) {
                    store.append(four()).await.unwrap();
                }
            })
        });
        Self { tasks: tasks.collect(), ends }
    }

    async fn end(self) {
        self.ends.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

async fn frontier(store: &SqliteStore) -> u64 {
    store.frontier().await.unwrap().position().get()
}

/// Waits until so many events more are stored.
async fn grows(store: &SqliteStore, by: u64) {
    let end = frontier(store).await + by;
    let mut seen = store.frontier().await.unwrap();
    while seen.position().get() < end {
        seen = store.changed(seen).await.unwrap();
    }
}

/// Asserts that `copy` has whole appends, all that were acknowledged before it was begun, and nothing that `log` has not.
fn is_copy(copy: &[Row], log: &[Row], acknowledged: u64) {
    check_log(copy).unwrap();
    assert_eq!(copy, &log[..copy.len()]);
    assert!(copy.len() as u64 >= acknowledged && copy.len().is_multiple_of(4), "{} events", copy.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_has_whole_appends_and_all_that_were_acknowledged_while_writers_go_on() {
    let (folder, path, store) = fresh().await;
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE mine AS SELECT 4711 AS number").unwrap();
    let writers = Writers::start(&store);
    let mut backups = Vec::new();
    for number in 0..5 {
        grows(&store, 40).await;
        let (acknowledged, backup) = (frontier(&store).await, folder.path().join(format!("backup-{number}.db")));
        store.backup_to(&backup).await.unwrap();
        backups.push((backup, acknowledged));
        // The writers were not stopped by it.
        grows(&store, 4).await;
    }
    writers.end().await;
    let whole = log(&path);
    for (backup, acknowledged) in backups {
        is_copy(&log(&backup), &whole, acknowledged);
        let mine = "SELECT number FROM mine";
        let number: i64 = Connection::open(&backup).unwrap().query_row(mine, [], |row| row.get(0)).unwrap();
        assert_eq!(number, 4711);
        assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
        let restored = SqliteStore::open(&backup).await.unwrap();
        assert!(restored.verify().await.unwrap().is_intact());
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_str().unwrap().contains("partial")), "{left:?}");
}

#[tokio::test]
async fn a_store_that_only_reads_makes_a_backup() {
    let (folder, path, store) = fresh().await;
    store.append(four()).await.unwrap();
    let reads = SqliteStore::builder(&path).read_only(true).open().await.unwrap();
    let backup = folder.path().join("backup.db");
    reads.backup_to(&backup).await.unwrap();
    assert_eq!(log(&backup), log(&path));
}

#[tokio::test]
async fn a_backup_is_refused_where_something_is_at_its_path() {
    let (folder, _, store) = fresh().await;
    store.append(four()).await.unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("file"), "mine").unwrap();
    fs::create_dir(at("folder")).unwrap();
    symlink(at("nowhere"), at("link")).unwrap();
    fs::write(at("old.db-wal"), "mine").unwrap();
    fs::write(at("older.db-journal"), "mine").unwrap();
    fs::write(at("begun.db-partial"), "mine").unwrap();
    for (name, found) in [
        ("file", "file"),
        ("folder", "folder"),
        ("link", "link"),
        ("log.db", "log.db"),
        ("old.db", "old.db-wal"),
        ("older.db", "older.db-journal"),
        ("begun.db", "begun.db-partial"),
    ] {
        let refused = store.backup_to(at(name)).await.unwrap_err();
        assert!(matches!(&refused, SqliteBackupError::Exists { path } if *path == at(found)), "{name}: {refused}");
        assert_eq!(refused.kind(), StoreErrorKind::Misconfigured);
    }
    for name in ["file", "old.db-wal", "older.db-journal", "begun.db-partial"] {
        assert_eq!(fs::read_to_string(at(name)).unwrap(), "mine");
    }
    for name in ["nowhere", "old.db", "older.db", "begun.db"] {
        assert!(!at(name).exists(), "{name}");
    }
    assert!(store.verify().await.unwrap().is_intact());
}

/// Where the other process begins. Does nothing in the process that runs the tests.
#[tokio::test]
async fn entry() {
    let Some((role, path)) = role() else { return };
    let store = SqliteStore::builder(&path).checkpoints(role == "back up").open().await.unwrap();
    if role == "append for ever" {
        loop {
            store.append(four()).await.unwrap();
            say("appended");
        }
    }
    match store.backup_to(format!("{path}-backup")).await {
        Ok(()) => say("done"),
        Err(error) => say(&format!("{:?}", error.kind())),
    }
}

#[tokio::test]
async fn a_backup_that_fails_leaves_nothing() {
    let (folder, path, store) = fresh().await;
    let missing = folder.path().join("missing").join("backup.db");
    let refused = store.backup_to(&missing).await.unwrap_err();
    assert!(matches!(refused, SqliteBackupError::Io { .. }), "{refused}");
    for _ in 0..40 {
        store.append(append("a", Expected::Any, 100).into()).await.unwrap();
    }
    store.close().await;
    let names = || {
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    // The process may write no file above 100 or 200 KiB, which is less than the backup needs.
    let limited = r#"trap "" XFSZ; ulimit -f 200; exec "$0" --exact entry --nocapture"#;
    let binary = std::env::current_exe().unwrap();
    let process = Process::spawn(Command::new("sh").args(["-c", limited]).arg(binary), "back up", &path, &[]);
    assert_eq!(process.line(), "Unavailable");
    assert!(process.rest().is_empty());
    assert_eq!(names(), before);
    let process = Process::start("entry", "back up", &path, &[]);
    assert_eq!(process.line(), "done");
    assert!(process.rest().is_empty());
    assert_eq!(log(&folder.path().join("log.db-backup")), log(&path));
}

/// As on a file system without them, such as FAT.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_backup_needs_no_hard_links() {
    let (folder, path, store) = fresh().await;
    store.append(four()).await.unwrap();
    let library = folder.path().join("no_links.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/backups/no_links.c");
    let cc = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).status();
    assert!(cc.unwrap().success(), "`cc` builds {source}");
    let process = Process::start("entry", "back up", &path, &[("LD_PRELOAD", library.to_str().unwrap())]);
    assert_eq!(process.line(), "done");
    assert!(process.rest().is_empty());
    assert_eq!(log(&folder.path().join("log.db-backup")), log(&path));
    assert!(!folder.path().join("log.db-backup-partial").exists());
}
