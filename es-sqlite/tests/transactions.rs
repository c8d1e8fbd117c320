//! Appends in a transaction of the caller: what is refused, what they do, and what they block.

#![expect(clippy::unwrap_used, reason = "a failed `unwrap` fails the test")]

#[path = "shared/process.rs"]
#[expect(dead_code, reason = "these tests start no process")]
mod process;
#[path = "shared/random.rs"]
mod random;
#[path = "shared/record.rs"]
#[expect(dead_code, reason = "these tests record no process")]
mod record;

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::Duration,
};

use es_core::{AppendError, AppendRequest, EventStore, Expected, IdempotencyKey, StoreErrorKind, StreamId, Version};
use es_sqlite::{
    SqliteError, SqliteStore, SqliteTransactionError, Synchronous,
    rusqlite::{Connection, Transaction, TransactionBehavior},
};
use record::{append, check_log, event, log};
use tempfile::TempDir;

/// A store in a new file, which also holds a table of the caller.
struct Fresh {
    folder: TempDir,
    store: SqliteStore,
}

impl Fresh {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("log.db")).await.unwrap();
        mine(store.path()).execute_batch("CREATE TABLE invoices (number INTEGER)").unwrap();
        Self { folder, store }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How many events and how many invoices are stored.
    fn stored(&self) -> (usize, i64) {
        let log = log(self.store.path());
        check_log(&log).unwrap();
        (log.len(), invoices(&mine(self.store.path())))
    }

    /// Asserts that an append in the transaction is refused, that nothing was appended, and that the transaction still works.
    fn refuses(&self, transaction: Transaction<'_>) -> SqliteTransactionError {
        let refused = self.store.append_in(&transaction, &one("0")).unwrap_err();
        transaction.execute_batch("CREATE TABLE still_works (number INTEGER)").unwrap();
        transaction.commit().unwrap();
        assert_eq!(self.stored().0, 0);
        refused
    }
}

fn mine(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

fn immediate(connection: &mut Connection) -> Transaction<'_> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap()
}

fn invoices(connection: &Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM invoices", [], |row| row.get(0)).unwrap()
}

fn add_invoice(connection: &Connection) {
    connection.execute("INSERT INTO invoices VALUES (4711)", []).unwrap();
}

fn one(stream: &str) -> AppendRequest {
    append(stream, Expected::Any, 1).into()
}

#[tokio::test]
async fn a_transaction_without_the_write_lock_is_refused() {
    let fresh = Fresh::new().await;
    let mut connection = mine(fresh.store.path());
    let refused = fresh.refuses(connection.transaction().unwrap());
    assert!(matches!(refused, SqliteTransactionError::NoWriteLock), "{refused}");
    connection.execute_batch("DROP TABLE still_works").unwrap();
    let reads = connection.transaction().unwrap();
    assert_eq!(invoices(&reads), 0);
    let refused = fresh.refuses(reads);
    assert!(matches!(refused, SqliteTransactionError::NoWriteLock), "{refused}");
    // One that has written holds the lock.
    let writes = connection.transaction().unwrap();
    add_invoice(&writes);
    fresh.store.append_in(&writes, &one("0")).unwrap();
    writes.commit().unwrap();
    assert_eq!(fresh.stored(), (1, 1));
}

#[tokio::test]
async fn a_transaction_on_another_file_is_refused() {
    let fresh = Fresh::new().await;
    let copy = fresh.path("copy.db");
    mine(fresh.store.path()).execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    let other = SqliteStore::open(fresh.path("other.db")).await.unwrap();
    other.close().await;
    for path in [copy, fresh.path("other.db"), fresh.path("plain.db"), PathBuf::from(":memory:")] {
        let refused = fresh.refuses(immediate(&mut mine(&path)));
        assert!(matches!(refused, SqliteTransactionError::OtherFile), "{}: {refused}", path.display());
    }
}

#[tokio::test]
async fn a_transaction_by_a_symbolic_link_is_accepted_and_by_a_hard_link_refused() {
    let fresh = Fresh::new().await;
    let (symbolic, hard) = (fresh.path("symbolic.db"), fresh.path("hard.db"));
    std::os::unix::fs::symlink(fresh.store.path(), &symbolic).unwrap();
    let mut connection = mine(&symbolic);
    let transaction = immediate(&mut connection);
    fresh.store.append_in(&transaction, &one("0")).unwrap();
    transaction.commit().unwrap();
    assert_eq!(fresh.stored().0, 1);
    // Nothing is written by this name: SQLite would put it into another write-ahead log.
    fresh.store.close().await;
    drop(connection);
    let store = SqliteStore::open(fresh.path("log.db")).await.unwrap();
    fs::hard_link(store.path(), &hard).unwrap();
    let mut connection = mine(&hard);
    let transaction = connection.transaction().unwrap();
    let refused = store.append_in(&transaction, &one("0")).unwrap_err();
    assert!(matches!(refused, SqliteTransactionError::NoWriteLock), "{refused}");
    drop(transaction);
    let transaction = immediate(&mut connection);
    let refused = store.append_in(&transaction, &one("0")).unwrap_err();
    assert!(matches!(refused, SqliteTransactionError::OtherFile), "{refused}");
    transaction.rollback().unwrap();
}

#[tokio::test]
async fn a_transaction_on_a_file_whose_path_is_not_utf8_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join(OsStr::from_bytes(b"b\xe4nk\xff.db"))).await.unwrap();
    let other = SqliteStore::open(folder.path().join(OsStr::from_bytes(b"b\xe4nk\xfe.db"))).await.unwrap();
    let mut connection = mine(store.path());
    let transaction = immediate(&mut connection);
    let refused = other.append_in(&transaction, &one("0")).unwrap_err();
    assert!(matches!(refused, SqliteTransactionError::OtherFile), "{refused}");
    store.append_in(&transaction, &one("0")).unwrap();
    transaction.commit().unwrap();
    assert_eq!(log(store.path()).len(), 1);
}

#[tokio::test]
async fn a_transaction_on_a_file_that_was_replaced_is_refused() {
    let fresh = Fresh::new().await;
    let (path, copy) = (fresh.store.path().to_owned(), fresh.path("copy.db"));
    let before = mine(&path);
    before.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    fs::rename(&copy, &path).unwrap();
    for suffix in ["-wal", "-shm"] {
        fs::rename(fresh.path(&format!("log.db{suffix}")), fresh.path(&format!("moved{suffix}"))).unwrap();
    }
    for mut connection in [before, mine(&path)] {
        let transaction = immediate(&mut connection);
        let refused = fresh.store.append_in(&transaction, &one("0")).unwrap_err();
        assert!(matches!(refused, SqliteTransactionError::OtherFile), "{refused}");
        transaction.rollback().unwrap();
    }
    assert_eq!(log(&path).len(), 0);
}

#[tokio::test]
async fn a_transaction_on_a_copy_that_was_at_the_path_in_between_is_refused() {
    let fresh = Fresh::new().await;
    let (path, copy) = (fresh.store.path().to_owned(), fresh.path("copy.db"));
    mine(&path).execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    // A log of its own, with a name of its own.
    SqliteStore::open(&copy).await.unwrap().close().await;
    let rename = |from: &str, to: &str| {
        for suffix in ["", "-wal", "-shm"] {
            let (from, to) = (fresh.path(&format!("{from}.db{suffix}")), fresh.path(&format!("{to}.db{suffix}")));
            if from.exists() {
                fs::rename(from, to).unwrap();
            }
        }
    };
    rename("log", "away");
    rename("copy", "log");
    let mut connection = mine(&path);
    let transaction = immediate(&mut connection);
    rename("log", "copy");
    rename("away", "log");
    let refused = fresh.store.append_in(&transaction, &one("0")).unwrap_err();
    assert!(matches!(refused, SqliteTransactionError::OtherFile), "{refused}");
    transaction.rollback().unwrap();
    fresh.store.append(one("0")).await.unwrap();
    assert_eq!(fresh.stored().0, 1);
}

#[tokio::test]
async fn a_transaction_on_the_file_as_an_attached_database_is_refused() {
    let fresh = Fresh::new().await;
    let mut connection = mine(&fresh.path("plain.db"));
    connection.execute("ATTACH ?1 AS log", [fresh.store.path().to_str().unwrap()]).unwrap();
    let refused = fresh.refuses(immediate(&mut connection));
    assert!(matches!(refused, SqliteTransactionError::OtherFile), "{refused}");
}

/// Its pages would be written, too, if those of the log were written before the commit.
#[tokio::test]
async fn an_attached_database_is_not_locked_before_the_commit() {
    let fresh = Fresh::new().await;
    let other = fresh.path("other.db");
    mine(&other).execute_batch("CREATE TABLE articles (number INTEGER)").unwrap();
    let count = || mine(&other).query_row("SELECT count(*) FROM articles", [], |row| row.get::<_, i64>(0));
    let mut connection = mine(fresh.store.path());
    connection.execute("ATTACH ?1 AS other", [other.to_str().unwrap()]).unwrap();
    let transaction = immediate(&mut connection);
    transaction.execute("INSERT INTO other.articles VALUES (1)", []).unwrap();
    fresh.store.append_in(&transaction, &one("0")).unwrap();
    assert_eq!(count().unwrap(), 0);
    transaction.commit().unwrap();
    assert_eq!((count().unwrap(), fresh.stored().0), (1, 1));
}

#[tokio::test]
async fn a_connection_that_flushes_less_than_the_store_is_refused() {
    let fresh = Fresh::new().await;
    for (level, refuses) in [("OFF", true), ("NORMAL", true), ("FULL", false), ("EXTRA", false)] {
        let mut connection = mine(fresh.store.path());
        connection.pragma_update(None, "synchronous", level).unwrap();
        let transaction = immediate(&mut connection);
        match fresh.store.append_in(&transaction, &one(level)) {
            Err(SqliteTransactionError::Synchronous { needed: 2, .. }) => assert!(refuses, "{level}"),
            answer => assert!(answer.is_ok() && !refuses, "{level}: {answer:?}"),
        }
        transaction.rollback().unwrap();
    }
    let less = SqliteStore::builder(fresh.store.path()).synchronous(Synchronous::LosesLastEventsOnPowerLoss);
    let less = less.open().await.unwrap();
    for (level, refuses) in [("OFF", true), ("NORMAL", false)] {
        let mut connection = mine(fresh.store.path());
        connection.pragma_update(None, "synchronous", level).unwrap();
        let answer = less.append_in(&immediate(&mut connection), &one(level));
        assert_eq!(answer.is_err(), refuses, "{level}: {answer:?}");
    }
    assert_eq!(fresh.stored().0, 0);
}

#[tokio::test]
async fn a_temporary_table_with_the_name_of_one_of_the_log_is_refused() {
    for table in ["events", "Streams", "kinds", "keys", "incarnations", "wal_base"] {
        let fresh = Fresh::new().await;
        let mut connection = mine(fresh.store.path());
        let as_real = format!("CREATE TEMP TABLE {table} AS SELECT * FROM main.{table}");
        connection.execute_batch(&as_real).unwrap();
        let refused = fresh.refuses(immediate(&mut connection));
        assert!(matches!(&refused, SqliteTransactionError::HiddenTable { name } if name == table), "{refused}");
    }
}

#[tokio::test]
async fn a_store_that_is_closed_or_only_reads_appends_in_no_transaction() {
    let fresh = Fresh::new().await;
    let reads = SqliteStore::builder(fresh.store.path()).read_only(true).open().await.unwrap();
    let closed = SqliteStore::open(fresh.store.path()).await.unwrap();
    closed.close().await;
    for (store, kind) in [(reads, StoreErrorKind::Misconfigured), (closed, StoreErrorKind::Closed)] {
        let mut connection = mine(fresh.store.path());
        let answer = store.append_in(&immediate(&mut connection), &one("0"));
        let Err(SqliteTransactionError::Append(AppendError::Store(error))) = answer else { panic!("{answer:?}") };
        assert_eq!(error.kind(), kind);
    }
    assert_eq!(fresh.stored().0, 0);
}

#[tokio::test]
async fn events_and_tables_of_the_caller_are_committed_or_rolled_back_together() {
    let fresh = Fresh::new().await;
    let mut connection = mine(fresh.store.path());
    for (commits, stored) in [(false, (0, 0)), (true, (1, 1)), (false, (1, 1)), (true, (2, 2))] {
        let transaction = immediate(&mut connection);
        add_invoice(&transaction);
        let answer = fresh.store.append_in(&transaction, &one("0")).unwrap();
        // A rollback frees the position.
        assert_eq!(answer[0].positions[0].get(), fresh.stored().0 as u64 + 1);
        if commits {
            transaction.commit().unwrap();
        } else {
            transaction.rollback().unwrap();
        }
        assert_eq!(fresh.stored(), stored);
    }
    let answer = fresh.store.append(append("0", Expected::Exact(Version::new(2)), 1).into()).await.unwrap();
    assert_eq!(answer[0].positions[0].get(), 3);
    assert!(fresh.store.verify().await.unwrap().is_intact());
}

#[tokio::test]
async fn a_refused_request_leaves_the_transaction_usable_and_nothing_of_itself() {
    let fresh = Fresh::new().await;
    let mut connection = mine(fresh.store.path());
    let transaction = immediate(&mut connection);
    add_invoice(&transaction);
    fresh.store.append_in(&transaction, &one("0")).unwrap();
    // Its first append could be done, its second one conflicts.
    let half = AppendRequest::new([append("1", Expected::NoStream, 2), append("0", Expected::NoStream, 1)]);
    let refused = fresh.store.append_in(&transaction, &half).unwrap_err();
    assert!(matches!(refused, SqliteTransactionError::Append(AppendError::Conflict(_))), "{refused}");
    // A statement of this one fails after others have written.
    transaction
        .execute_batch(
            "CREATE TRIGGER fails BEFORE INSERT ON events WHEN new.id = 'fails' BEGIN SELECT raise(ABORT, 'x'); END",
        )
        .unwrap();
    let half = AppendRequest::new([append("2", Expected::NoStream, 2), append("fails", Expected::NoStream, 1)]);
    let failed = fresh.store.append_in(&transaction, &half).unwrap_err();
    assert!(matches!(failed, SqliteTransactionError::Append(AppendError::Store(_))), "{failed}");
    transaction.execute_batch("DROP TRIGGER fails").unwrap();
    let again = event();
    let twice = es_core::Append::new(StreamId::new("life", "3").unwrap(), Expected::Any, vec![again.clone(), again]);
    let refused = fresh.store.append_in(&transaction, &twice.into()).unwrap_err();
    assert!(matches!(refused, SqliteTransactionError::Append(AppendError::DuplicateEventId { .. })), "{refused}");
    add_invoice(&transaction);
    fresh.store.append_in(&transaction, &one("0")).unwrap();
    transaction.commit().unwrap();
    assert_eq!(fresh.stored(), (2, 2));
    assert!(fresh.store.verify().await.unwrap().is_intact());
}

#[tokio::test]
async fn several_requests_in_one_transaction_see_each_other_and_repeats_get_the_first_answer() {
    let fresh = Fresh::new().await;
    let earlier: AppendRequest = append("0", Expected::NoStream, 2).into();
    let first = fresh.store.append(earlier.clone()).await.unwrap();
    let mut connection = mine(fresh.store.path());
    let transaction = immediate(&mut connection);
    let again = fresh.store.append_in(&transaction, &earlier).unwrap();
    assert_eq!(again[0].clone().with_repeated(false), first[0]);
    assert!(again[0].repeated);
    let request: AppendRequest = append("0", Expected::Exact(Version::new(2)), 2).into();
    let inside = fresh.store.append_in(&transaction, &request).unwrap();
    assert_eq!(inside[0].positions.iter().map(|position| position.get()).collect::<Vec<_>>(), [3, 4]);
    let next = fresh.store.append_in(&transaction, &append("0", Expected::Exact(Version::new(4)), 1).into()).unwrap();
    assert_eq!((next[0].version, next[0].positions[0].get()), (Version::new(5), 5));
    let repeated = fresh.store.append_in(&transaction, &request).unwrap();
    assert!(repeated[0].repeated && repeated[0].positions == inside[0].positions);
    let stale = fresh.store.append_in(&transaction, &append("0", Expected::Exact(Version::new(2)), 1).into());
    assert!(matches!(stale, Err(SqliteTransactionError::Append(AppendError::Conflict(_)))), "{stale:?}");
    transaction.commit().unwrap();
    let repeated = fresh.store.append(request).await.unwrap();
    assert!(repeated[0].repeated && repeated[0].positions == inside[0].positions);
    assert_eq!(fresh.stored().0, 5);
}

#[tokio::test]
async fn a_key_is_taken_when_the_transaction_is_committed() {
    let fresh = Fresh::new().await;
    let key = |digest| IdempotencyKey::new("pay-4711", [digest; 32], b"paid".to_vec()).unwrap();
    let request = AppendRequest::new([append("0", Expected::Any, 1)]).with_key(key(1));
    let other = AppendRequest::new([append("0", Expected::Any, 1)]).with_key(key(2));
    let mut connection = mine(fresh.store.path());
    let transaction = immediate(&mut connection);
    fresh.store.append_in(&transaction, &request).unwrap();
    transaction.rollback().unwrap();
    let transaction = immediate(&mut connection);
    fresh.store.append_in(&transaction, &request).unwrap();
    let taken = fresh.store.append_in(&transaction, &other);
    assert!(matches!(taken, Err(SqliteTransactionError::Append(AppendError::KeyTaken(_)))), "{taken:?}");
    transaction.commit().unwrap();
    let taken = fresh.store.append(other).await;
    assert!(matches!(taken, Err(AppendError::KeyTaken(_))), "{taken:?}");
    assert!(fresh.store.append(request).await.unwrap()[0].repeated);
    assert_eq!(fresh.stored().0, 1);
}

#[tokio::test]
async fn readers_that_wait_see_the_events_after_the_commit_and_not_before() {
    let fresh = Fresh::new().await;
    let store = &fresh.store;
    let frontier = store.frontier().await.unwrap();
    let mut connection = mine(store.path());
    let transaction = immediate(&mut connection);
    store.append_in(&transaction, &one("0")).unwrap();
    let early = tokio::time::timeout(Duration::from_millis(100), store.changed(frontier)).await;
    assert!(early.is_err(), "{early:?}");
    transaction.commit().unwrap();
    let after = tokio::time::timeout(Duration::from_secs(10), store.changed(frontier)).await.unwrap().unwrap();
    assert_eq!(after.position().get(), 1);
}

#[tokio::test]
async fn other_appends_wait_for_the_end_of_the_transaction_and_reads_go_on() {
    let fresh = Fresh::new().await;
    let hurried =
        SqliteStore::builder(fresh.store.path()).lock_timeout(Duration::from_millis(50)).open().await.unwrap();
    let mut connection = mine(fresh.store.path());
    let transaction = immediate(&mut connection);
    fresh.store.append_in(&transaction, &one("0")).unwrap();
    let patient = fresh.store.clone();
    let waits = tokio::spawn(async move { patient.append(one("0")).await });
    let Err(AppendError::Store(busy)) = hurried.append(one("0")).await else { panic!("the lock is held") };
    assert!(matches!(busy.downcast_ref(), Some(SqliteError::Locked { .. })), "{busy:?}");
    assert_eq!(fresh.store.frontier().await.unwrap().position().get(), 0);
    assert!(!waits.is_finished());
    transaction.commit().unwrap();
    assert_eq!(waits.await.unwrap().unwrap()[0].version, Version::new(2));
    assert_eq!(hurried.append(one("0")).await.unwrap()[0].version, Version::new(3));
    assert_eq!(fresh.stored().0, 3);
}
