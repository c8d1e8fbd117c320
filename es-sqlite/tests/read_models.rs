//! What is particular to the read models of this store: they wait for no writer that they need not wait for, each of several steps
//! has its own verdict, and leases are by the clock of the machine.

#![expect(clippy::unwrap_used, reason = "a failed `unwrap` fails the test")]

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use es_core::{
    Append, Claim, Claimed, EventName, EventStore, Expected, Fault, NewEvent, Position, ReadModelError, ReadModelId,
    ReadModelRequest, ReadModelState, ReadModelStep, ReadModels, SchemaVersion, StepPlan, StoreErrorKind, StoredRow,
    StreamId, TargetWork, Timestamp, Transactions, WorkError, WorkInTransaction,
};
use es_sqlite::{SqliteError, SqliteStore, SqliteTx, rusqlite::Connection};
use tempfile::TempDir;
use uuid::Uuid;

const LEASE: Duration = Duration::from_secs(5);
/// Longer than any test takes.
const HOUR: Duration = Duration::from_hours(1);

fn model(name: &str) -> ReadModelId {
    ReadModelId::new(name, 1).unwrap()
}

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    (folder, path)
}

async fn claim(store: &SqliteStore, name: &str, owner: &str, lease: Duration) -> Option<Claim> {
    match store.claim(&model(name), owner, lease).await.unwrap() {
        Claimed::Owned(claim) => Some(claim),
        Claimed::Refused(_) => None,
    }
}

/// A step to this position, with a row for each of these keys.
fn step(position: u64, keys: &[&str]) -> ReadModelStep {
    let at = Position::new(position).into();
    let mut step = ReadModelStep::new(at, at, ReadModelState::Live);
    step.rows = keys.iter().map(|key| StoredRow::new(*key, position.to_string())).collect();
    step.lease = Some(LEASE);
    step
}

/// Another program is in the middle of a transaction that writes.
fn hold(path: &PathBuf) -> Connection {
    let other = Connection::open(path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_claim_and_reads_wait_for_no_writer() {
    let (_folder, path) = file();
    let store = SqliteStore::builder(&path).lock_timeout(HOUR).open().await.unwrap();
    let owned = claim(&store, "balances", "one", HOUR).await.unwrap();
    store.advance(&owned, step(1, &["a"])).await.unwrap();
    claim(&store, "paused", "one", HOUR).await.unwrap();
    store.ask(&model("paused"), ReadModelRequest::Pause).await.unwrap();
    let other = hold(&path);
    let all = async {
        assert!(claim(&store, "balances", "two", HOUR).await.is_none());
        assert!(claim(&store, "paused", "one", HOUR).await.is_none());
        assert_eq!(store.statuses().await.unwrap().len(), 2);
        assert!(store.rows(&model("balances"), &["a".to_owned()]).await.unwrap()[0].is_some());
        assert_eq!(store.rows_after(&model("balances"), None, 1_000).await.unwrap().len(), 1);
        assert_eq!(store.events_after(Position::START).await.unwrap(), 0);
    };
    tokio::time::timeout(Duration::from_mins(2), all).await.unwrap();
    drop(other);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_several_steps_has_its_own_verdict() {
    let (_folder, path) = file();
    let store = SqliteStore::builder(&path).lock_timeout(HOUR).open().await.unwrap();
    let names = ["a", "b", "c", "d"];
    let mut claims = Vec::new();
    for name in names {
        claims.push(claim(&store, name, "one", HOUR).await.unwrap());
    }
    // The second one is claimed anew, and the row of the third one is damaged.
    claim(&store, "b", "one", HOUR).await.unwrap();
    let other = hold(&path);
    other.execute_batch("UPDATE read_models SET epoch = 7 WHERE name = 'c'").unwrap();
    let steps: Vec<_> = claims
        .into_iter()
        .map(|claim| {
            let store = store.clone();
            tokio::spawn(async move { store.advance(&claim, step(1, &["x", "y"])).await })
        })
        .collect();
    // Most of them wait by now; the verdicts are the same whichever do.
    tokio::time::sleep(Duration::from_millis(50)).await;
    other.execute_batch("COMMIT").unwrap();
    let mut verdicts = Vec::new();
    for step in steps {
        verdicts.push(step.await.unwrap());
    }
    let [Ok(()), Err(ReadModelError::Fenced { .. }), Err(ReadModelError::Store(damaged)), Ok(())] = &verdicts[..]
    else {
        panic!("{verdicts:?}");
    };
    assert_eq!(damaged.kind(), StoreErrorKind::Corrupt);
    for (name, rows) in names.into_iter().zip([2, 0, 0, 2]) {
        assert_eq!(store.rows_after(&model(name), None, 10).await.unwrap().len(), rows, "{name}");
    }
}

/// Also by the clock of another process.
#[tokio::test]
async fn a_lease_is_over_at_its_end_and_when_it_lies_further_ahead_than_its_length() {
    const START: i64 = 1_700_000_000_000_000;
    let (_folder, path) = file();
    let length = i64::try_from(LEASE.as_micros()).unwrap();
    let now = Arc::new(AtomicI64::new(START));
    let of_clock = Arc::clone(&now);
    let clock = move || Timestamp::from_micros(of_clock.load(Ordering::SeqCst)).unwrap();
    let one = SqliteStore::builder(&path).clock(|| Timestamp::from_micros(START).unwrap()).open().await.unwrap();
    let two = SqliteStore::builder(&path).clock(clock).open().await.unwrap();
    claim(&one, "balances", "one", LEASE).await.unwrap();
    for (moved, left) in [(0, Some(length)), (1, Some(length - 1)), (length - 1, Some(1)), (length, None), (-1, None)] {
        now.store(START + moved, Ordering::SeqCst);
        let status = two.statuses().await.unwrap().remove(0);
        let expected = left.map(|left| Duration::from_micros(left.cast_unsigned()));
        assert_eq!((status.owner.as_deref(), status.lease_left), (Some("one"), expected), "{moved}");
        assert_eq!(claim(&two, "balances", "two", LEASE).await.is_some(), left.is_none(), "{moved}");
        one.ask(&model("balances"), ReadModelRequest::Rebuild).await.unwrap();
        claim(&one, "balances", "one", LEASE).await.unwrap();
    }
}

#[tokio::test]
async fn a_lease_may_be_longer_than_the_clock_can_tell() {
    let (_folder, path) = file();
    let store = SqliteStore::open(&path).await.unwrap();
    claim(&store, "balances", "one", Duration::MAX).await.unwrap();
    assert!(claim(&store, "balances", "two", LEASE).await.is_none());
    assert!(store.statuses().await.unwrap()[0].lease_left.unwrap() > HOUR);
}

#[tokio::test]
async fn a_page_of_large_rows_is_short_and_all_rows_come_in_the_order_of_their_bytes() {
    let (_folder, path) = file();
    let store = SqliteStore::open(&path).await.unwrap();
    let owned = claim(&store, "balances", "one", HOUR).await.unwrap();
    let mut expected: Vec<_> =
        (0..300).map(|number| StoredRow::new(format!("{}ö{number}", number % 7), "1".repeat(20_000))).collect();
    let mut large = step(1, &[]);
    large.rows.clone_from(&expected);
    store.advance(&owned, large).await.unwrap();
    expected.sort_by(|one, other| one.key.as_bytes().cmp(other.key.as_bytes()));
    let (mut found, mut pages): (Vec<StoredRow>, _) = (Vec::new(), 0);
    loop {
        let page = store.rows_after(&model("balances"), found.last().map(|row| row.key.as_str()), 1_000).await.unwrap();
        if page.is_empty() {
            break;
        }
        pages += 1;
        found.extend(page);
    }
    assert!(found == expected && pages > 4, "{pages} pages of {} rows", found.len());
    let keys: Vec<_> = expected.iter().rev().map(|row| row.key.clone()).chain(["none".to_owned()]).collect();
    let states = store.rows(&model("balances"), &keys).await.unwrap();
    assert!(states.iter().zip(expected.iter().rev()).all(|(found, row)| found.as_ref() == Some(&row.state)));
    assert_eq!(states.last(), Some(&None));
}

#[tokio::test]
async fn a_store_that_only_reads_gives_rows_and_refuses_the_rest() {
    let (_folder, path) = file();
    let store = SqliteStore::open(&path).await.unwrap();
    let owned = claim(&store, "balances", "one", HOUR).await.unwrap();
    store.advance(&owned, step(1, &["a"])).await.unwrap();
    let reads = SqliteStore::builder(&path).read_only(true).open().await.unwrap();
    assert_eq!(reads.rows_after(&model("balances"), None, 10).await.unwrap().len(), 1);
    assert_eq!(reads.statuses().await.unwrap().len(), 1);
    let refused = [
        reads.claim(&model("balances"), "two", HOUR).await.map(drop),
        reads.advance(&owned, step(2, &[])).await,
        reads.ask(&model("balances"), ReadModelRequest::Pause).await,
    ];
    for refused in refused {
        let Err(ReadModelError::Store(error)) = refused else { panic!("{refused:?}") };
        assert!(matches!(error.downcast_ref(), Some(SqliteError::ReadOnly { .. })), "{error:?}");
    }
    store.close().await;
    let closed = [store.statuses().await.map(drop), store.advance(&owned, step(2, &[])).await];
    for closed in closed {
        let Err(ReadModelError::Store(error)) = closed else { panic!("{closed:?}") };
        assert_eq!(error.kind(), StoreErrorKind::Closed);
    }
}

#[tokio::test]
async fn a_backup_has_the_read_models() {
    let (folder, path) = file();
    let store = SqliteStore::open(&path).await.unwrap();
    let event =
        NewEvent::from_json(Uuid::now_v7(), EventName::from_static("opened").unwrap(), SchemaVersion::FIRST, "{}");
    let stream = StreamId::new("account", "1").unwrap();
    store.append(Append::new(stream, Expected::Any, vec![event.unwrap()]).into()).await.unwrap();
    let owned = claim(&store, "balances", "one", HOUR).await.unwrap();
    let at = store.frontier().await.unwrap();
    let mut first = step(1, &["a"]);
    (first.handled, first.seen) = (at, at);
    store.advance(&owned, first.clone()).await.unwrap();
    let copy = folder.path().join("copy.db");
    store.backup_to(&copy).await.unwrap();
    let restored = SqliteStore::open(&copy).await.unwrap();
    assert_eq!(restored.rows_after(&model("balances"), None, 10).await.unwrap(), first.rows);
    assert_eq!(restored.statuses().await.unwrap()[0].handled, at);
    assert_eq!(restored.events_after(at.position()).await.unwrap(), 0);
    assert!(restored.verify().await.unwrap().is_intact());
}

/// One statement with a parameter.
struct Statement(Option<&'static str>);

#[async_trait]
impl TargetWork<SqliteTx> for Statement {
    async fn next(&mut self, target: &mut SqliteTx) -> Option<Result<(), Fault>> {
        let sql = self.0.take()?;
        Some(target.execute(sql, [1]).map(drop).map_err(Into::into))
    }
}

/// Statements, each a part.
struct Statements(VecDeque<&'static str>);

#[async_trait]
impl TargetWork<SqliteTx> for Statements {
    async fn next(&mut self, target: &mut SqliteTx) -> Option<Result<(), Fault>> {
        Some(target.execute_batch(self.0.pop_front()?).map_err(Into::into))
    }
}

fn statements(statements: &[&'static str]) -> WorkInTransaction<SqliteTx> {
    WorkInTransaction { parts: Box::new(Statements(statements.iter().copied().collect())), timeout: HOUR }
}

/// The part of the work that failed, and why.
fn failed<T: std::fmt::Debug>(done: Result<T, WorkError>) -> (usize, String) {
    match done {
        Err(WorkError::Part { index, source }) => (index, source.to_string()),
        done => panic!("{done:?}"),
    }
}

#[tokio::test]
async fn what_cannot_be_committed_is_a_failure_of_the_work() {
    let (_folder, path) = file();
    let store = SqliteStore::open(path).await.unwrap();
    let set_up = [
        "CREATE TABLE {owners} (name TEXT PRIMARY KEY)",
        "CREATE TABLE {pets} (owner TEXT REFERENCES {owners} (name) DEFERRABLE INITIALLY DEFERRED)",
    ];
    let claimed = store.claim_with(&model("pets"), "one", HOUR, statements(&set_up)).await.unwrap();
    let Claimed::Owned(claim) = claimed else { panic!("{claimed:?}") };
    let steps = |parts: u64| {
        let handled: Vec<_> = (1..=parts).map(|at| Position::new(at).into()).collect();
        StepPlan::new(step(parts, &[]), handled, ReadModelState::CatchingUp)
    };
    let pets = ["INSERT INTO {pets} VALUES ('Ada')"; 4];
    let (index, why) = failed(store.advance_with(&claim, steps(4), statements(&pets)).await);
    assert!(index == 2 && why.contains("could not be committed: SQLite failed: FOREIGN KEY"), "{index}: {why}");
    let (index, why) = failed(store.advance_with(&claim, steps(1), statements(&pets[..1])).await);
    assert!(index == 0 && why.contains("could not be committed"), "{index}: {why}");
    let both = ["INSERT INTO {pets} VALUES ('Ada')", "INSERT INTO {owners} VALUES ('Ada')"];
    assert_eq!(store.advance_with(&claim, steps(2), statements(&both)).await.unwrap(), 2);
}

#[tokio::test]
async fn a_projection_makes_only_what_is_its_own() {
    let (_folder, path) = file();
    let store = SqliteStore::open(path).await.unwrap();
    let refused = [
        ("CREATE TABLE balances (x)", "write the name in braces"),
        ("CREATE TABLE {t} (x); CREATE INDEX by_x ON {t} (x)", "write the name in braces"),
        ("CREATE TABLE {t} (x); CREATE TRIGGER t AFTER INSERT ON {t} BEGIN SELECT 1; END", "write the name in braces"),
        ("CREATE VIEW v AS SELECT 1", "write the name in braces"),
        (
            "CREATE TABLE {t} (x REFERENCES events (position) DEFERRABLE INITIALLY DEFERRED)",
            "leave the foreign key out",
        ),
        ("nonsense 'secret'", "syntax error (at byte"),
    ];
    for (sql, message) in refused {
        let (_, why) = failed(store.claim_with(&model("own"), "one", HOUR, statements(&[sql])).await);
        assert!(why.contains(message) && !why.contains("secret"), "{sql}: {why}");
    }
    let search = [
        "CREATE VIRTUAL TABLE {notes} USING fts5 (text)",
        "CREATE VIRTUAL TABLE {places} USING rtree (id, west, east)",
        "CREATE TABLE {numbered} (id INTEGER PRIMARY KEY AUTOINCREMENT, x UNIQUE)",
        "INSERT INTO {notes} VALUES ('rent of my flat')",
        "INSERT INTO {places} VALUES (1, 2, 3)",
        "INSERT INTO {numbered} (x) SELECT rowid FROM {notes} WHERE {notes} MATCH 'flat'",
    ];
    for owner in ["one", "one"] {
        // The second claim makes all of it anew.
        let claimed = store.claim_with(&model("own"), owner, HOUR, statements(&search)).await.unwrap();
        assert!(matches!(claimed, Claimed::Owned(_)), "{claimed:?}");
    }
    assert!(store.verify().await.unwrap().is_intact());
}

#[tokio::test]
async fn the_lease_of_a_claim_begins_behind_its_work() {
    let (_folder, path) = file();
    let seconds = Arc::<AtomicI64>::default();
    let now = Arc::clone(&seconds);
    let clock = move || Timestamp::from_micros(now.fetch_add(10_000_000, Ordering::SeqCst)).unwrap();
    let store = SqliteStore::builder(path).clock(clock).open().await.unwrap();
    // Each look at the clock is ten seconds later, and the lease has fifteen.
    let lease = Duration::from_secs(15);
    let claimed = store.claim_with(&model("slow"), "one", lease, statements(&["CREATE TABLE {t} (x)"])).await.unwrap();
    assert!(matches!(claimed, Claimed::Owned(_)), "{claimed:?}");
    let status = store.statuses().await.unwrap().remove(0);
    assert_eq!(status.lease_left, Some(Duration::from_secs(5)));
}

#[tokio::test]
async fn a_statement_of_the_store_is_refused_to_a_projection() {
    let (_folder, path) = file();
    let store = SqliteStore::open(path).await.unwrap();
    let rows = claim(&store, "rows", "one", HOUR).await.unwrap();
    store.advance(&rows, step(1, &["a"])).await.unwrap();
    let work = |statement| WorkInTransaction { parts: Box::new(Statement(statement)), timeout: HOUR };
    let Claimed::Owned(tables) = store.claim_with(&model("tables"), "one", HOUR, work(None)).await.unwrap() else {
        panic!("it is claimed by nobody");
    };
    // The connection that writes prepares this statement for itself.
    store.ask(&model("rows"), ReadModelRequest::Rebuild).await.unwrap();
    let step = step(1, &[]);
    let plan = StepPlan::new(step.clone(), vec![step.handled], ReadModelState::Live);
    let done = store.advance_with(&tables, plan, work(Some("DELETE FROM read_model_rows WHERE model = ?1"))).await;
    let Err(WorkError::Part { source, .. }) = done else { panic!("{done:?}") };
    assert!(source.to_string().contains("changes a table of the store"), "{source}");
}
