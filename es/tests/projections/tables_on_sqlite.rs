//! Tables that a projection writes in transactions of a store on SQLite.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use es::{
    Fault, FollowError, ReadModelState, SqliteStore, WaitError,
    prelude::*,
    sqlite::{SqliteTx, SqliteTxError, rusqlite},
};
use tempfile::TempDir;

use super::{
    LONG, TestResult,
    domain::{Account, Deposited, Opened, deposit, fill},
};

type Balances = BTreeMap<String, i64>;

/// The balance of each account in a table, and a mistake that the method for deposits makes.
#[derive(Clone, Default)]
struct InTable {
    mistake: Arc<Mutex<Option<Mistake>>>,
}

#[derive(Clone)]
enum Mistake {
    Swallows,
    Panics,
    Executes(&'static str),
    Waits,
    Sleeps,
    Appends(SqliteStore),
    TakesLong(Duration),
    SearchesForever,
}

#[es::project(name = "in-table", every(Account))]
impl InTable {
    fn set_up(&self, db: &mut SqliteTx) -> Result<(), SqliteTxError> {
        db.execute_batch(
            "CREATE TABLE {balances} (account TEXT PRIMARY KEY, balance INTEGER NOT NULL) STRICT;
             CREATE INDEX {by_balance} ON {balances} (balance);
             CREATE VIEW {rich} AS SELECT account FROM {balances} WHERE balance > 10;",
        )
    }

    fn opened(&self, event: Recorded<Opened>, db: &mut SqliteTx) -> Result<(), SqliteTxError> {
        db.execute("INSERT INTO {balances} VALUES (?1, 0)", [event.stream.id()])?;
        Ok(())
    }

    async fn deposited(&self, event: Recorded<&Deposited>, db: &mut SqliteTx) -> Result<(), Fault> {
        let add = "UPDATE {balances} SET balance = balance + ?2 WHERE account = ?1";
        db.execute(add, (event.stream.id(), event.event.amount.cast_signed()))?;
        let mistake = self.mistake.lock().map_err(|_| "poisoned")?.clone();
        match mistake {
            None => {}
            Some(Mistake::Swallows) => drop(db.execute("INSERT INTO {nowhere} VALUES (1)", [])),
            Some(Mistake::Panics) => panic!("on purpose"),
            Some(Mistake::Executes(sql)) => db.execute_batch(sql)?,
            Some(Mistake::Waits) => pending().await,
            Some(Mistake::Sleeps) => tokio::time::sleep(Duration::from_millis(1)).await,
            Some(Mistake::Appends(store)) => {
                store.repository::<Account>().update(&"ada".into(), |_| Deposited { amount: 1 }).await?;
            }
            Some(Mistake::TakesLong(time)) => thread::sleep(time),
            Some(Mistake::SearchesForever) => {
                let forever = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
                db.query(forever, [], |row| row.get::<_, i64>(0))?;
            }
        }
        Ok(())
    }
}

async fn open() -> Result<(SqliteStore, Arc<dyn EventStore>, TempDir), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open(folder.path().join("events.db")).await?;
    let shared: Arc<dyn EventStore> = Arc::new(store.clone());
    Ok((store, shared, folder))
}

/// What another connection finds in the table.
fn read(store: &SqliteStore) -> Result<Balances, Box<dyn std::error::Error>> {
    let table = store.projections().table::<InTable>("balances")?;
    let connection = rusqlite::Connection::open(store.path())?;
    let mut rows = connection.prepare(&format!("SELECT account, balance FROM {table}"))?;
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn balances<const N: usize>(balances: [(&str, i64); N]) -> Balances {
    balances.into_iter().map(|(account, balance)| (account.to_owned(), balance)).collect()
}

#[tokio::test]
async fn a_table_is_the_fold_of_the_log_now_and_after_each_append() -> TestResult {
    let (store, shared, _folder) = open().await?;
    fill(&shared).await?;
    let projections = store.projections().follow(InTable::default());
    assert_eq!(projections.table::<InTable>("balances")?, "\"in-table_v1_balances\"");
    let running = tokio::spawn(projections.run());
    projections.wait_for(&["in-table"], shared.frontier().await?, LONG).await?;
    assert_eq!(read(&store)?, balances([("ada", 15), ("eve", 7)]));
    for amount in 1..=20 {
        let checkpoint = deposit(&shared, "ada", amount).await?;
        projections.wait_for(&["in-table"], checkpoint, LONG).await?;
    }
    assert_eq!(read(&store)?, balances([("ada", 225), ("eve", 7)]));
    projections.stop().await;
    running.await??;
    Ok(())
}

#[tokio::test]
async fn what_goes_wrong_in_a_method_is_a_failure_of_its_event_and_nothing_is_kept_by_halves() -> TestResult {
    let (_, _, other_folder) = open().await?;
    let other = other_folder.path().join("other.db");
    let attach: &'static str = format!("ATTACH '{}' AS other", other.display()).leak();
    let executes = |sql| (Mistake::Executes(sql), "a projection cannot do this");
    let mistakes = [
        (Mistake::Swallows, "a statement failed, and the method went on"),
        (Mistake::Panics, "a method panicked: on purpose"),
        (Mistake::Waits, "it waits for something other than the database"),
        (Mistake::Sleeps, "a method panicked: there is no reactor running"),
        (Mistake::TakesLong(Duration::from_secs(3)), "it took longer than 2s"),
        (Mistake::SearchesForever, "it took longer than 2s"),
        executes("COMMIT"),
        executes("/* really */ END; BEGIN"),
        executes("ROLLBACK"),
        executes("SAVEPOINT s"),
        executes("INSERT INTO {balances} VALUES ('zoe', 1); COMMIT; BEGIN IMMEDIATE"),
        executes("DELETE FROM events"),
        executes("UPDATE Streams SET category = 'x'"),
        executes("DROP TABLE kinds"),
        executes("CREATE TRIGGER {t} AFTER INSERT ON events BEGIN SELECT 1; END"),
        executes("ALTER TABLE read_models ADD COLUMN x"),
        executes(
            "CREATE TRIGGER {t} AFTER INSERT ON {balances} BEGIN DELETE FROM events; END; INSERT INTO {balances} VALUES ('t', 1)",
        ),
        executes("PRAGMA synchronous = OFF"),
        executes("CREATE TEMP TABLE events (x)"),
        executes(attach),
        (Mistake::Executes("INSERT OR ROLLBACK INTO {balances} VALUES ('ada', 1)"), "UNIQUE constraint failed"),
    ];
    for (mistake, message) in mistakes {
        let (store, shared, _folder) = open().await?;
        fill(&shared).await?;
        let projection = InTable::default();
        let projections =
            store.projections().follow(projection.clone()).retries(0).handler_timeout(Duration::from_secs(2));
        let running = tokio::spawn(projections.run());
        projections.wait_for(&["in-table"], shared.frontier().await?, LONG).await?;
        *projection.mistake.lock().map_err(|_| "poisoned")? = Some(mistake);
        let checkpoint = deposit(&shared, "ada", 100).await?;
        let error = projections.wait_for(&["in-table"], checkpoint, LONG).await.expect_err("it fails");
        assert!(matches!(&error, WaitError::Stopped { .. }), "{message}: {error:?}");
        assert!(error.to_string().contains(message), "{message}: {error}");
        assert_eq!(read(&store)?, balances([("ada", 15), ("eve", 7)]), "{message}");
        // The store goes on.
        deposit(&shared, "eve", 1).await?;
        *projection.mistake.lock().map_err(|_| "poisoned")? = None;
        projections.retry("in-table").await?;
        projections.wait_for(&["in-table"], shared.frontier().await?, LONG).await?;
        assert_eq!(read(&store)?, balances([("ada", 115), ("eve", 8)]), "{message}");
        projections.stop().await;
        running.await??;
        assert!(store.verify().await?.is_intact(), "{message}");
    }
    Ok(())
}

#[tokio::test]
async fn a_method_cannot_append_to_its_own_store() -> TestResult {
    let (store, shared, _folder) = open().await?;
    fill(&shared).await?;
    let projection = InTable::default();
    *projection.mistake.lock().map_err(|_| "poisoned")? = Some(Mistake::Appends(store.clone()));
    let projections = store.projections().follow(projection).retries(0);
    tokio::spawn(projections.run());
    let before = shared.frontier().await?;
    let error = projections.wait_for(&["in-table"], before, LONG).await.expect_err("it fails");
    assert!(error.to_string().contains("a projection cannot append to the store whose events it handles"), "{error}");
    assert_eq!(shared.frontier().await?, before);
    projections.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_rebuild_makes_the_tables_anew() -> TestResult {
    let (store, shared, _folder) = open().await?;
    fill(&shared).await?;
    let projections = store.projections().follow(InTable::default());
    tokio::spawn(projections.run());
    projections.wait_for(&["in-table"], shared.frontier().await?, LONG).await?;
    let table = projections.table::<InTable>("balances")?;
    let connection = rusqlite::Connection::open(store.path())?;
    connection.execute(&format!("UPDATE {table} SET balance = 0"), [])?;
    connection.execute(&format!("ALTER TABLE {table} ADD COLUMN more TEXT"), [])?;
    connection.execute("CREATE TABLE \"in-table_v11_balances\" (x)", [])?;
    projections.rebuild("in-table").await?;
    projections.wait_for(&["in-table"], shared.frontier().await?, LONG).await?;
    assert_eq!(read(&store)?, balances([("ada", 15), ("eve", 7)]));
    connection.execute("INSERT INTO \"in-table_v11_balances\" VALUES (1)", [])?;
    projections.stop().await;
    Ok(())
}

#[tokio::test]
async fn tables_of_others_are_left_as_they_are() -> TestResult {
    let (store, shared, _folder) = open().await?;
    fill(&shared).await?;
    let connection = rusqlite::Connection::open(store.path())?;
    connection.execute_batch("CREATE TABLE \"in-table_v1_Mine\" AS SELECT 1 AS one")?;
    let projections = store.projections().follow(InTable::default());
    tokio::spawn(projections.run());
    let error = projections.wait_for(&["in-table"], shared.frontier().await?, LONG).await.expect_err("it fails");
    let WaitError::Failed { cause, .. } = &error else { return Err(error.into()) };
    assert!(matches!(**cause, FollowError::Store(_)), "{cause:?}");
    assert!(format!("{cause:?}").contains("in-table_v1_Mine"), "{cause:?}");
    assert_eq!(connection.query_row("SELECT one FROM \"in-table_v1_Mine\"", [], |row| row.get(0)), Ok(1));
    projections.stop().await;
    Ok(())
}

#[tokio::test]
async fn programs_that_follow_the_same_table_apply_each_event_once() -> TestResult {
    let (store, shared, _folder) = open().await?;
    fill(&shared).await?;
    let programs: Vec<_> =
        (0..3).map(|_| store.projections().follow(InTable::default()).lease(Duration::from_millis(100))).collect();
    let mut total = 15;
    for round in 0..6 {
        let running: Vec<_> = programs.iter().map(|program| tokio::spawn(program.run())).collect();
        for amount in 0..10 {
            deposit(&shared, "ada", amount).await?;
            total += amount.cast_signed();
            tokio::task::yield_now().await;
        }
        let frontier = shared.frontier().await?;
        for program in &programs {
            program.wait_for(&["in-table"], frontier, LONG).await?;
        }
        assert_eq!(read(&store)?, balances([("ada", total), ("eve", 7)]));
        // One program ends in order, the others are cut off.
        programs[round % 3].stop().await;
        running.iter().for_each(tokio::task::JoinHandle::abort);
        for running in running {
            drop(running.await);
        }
    }
    Ok(())
}

/// Fails while it makes its tables.
struct NotSetUp;

#[es::project(name = "not-set-up", of(Account))]
impl NotSetUp {
    fn set_up(&self, db: &mut SqliteTx) -> Result<(), SqliteTxError> {
        db.execute_batch("CREATE TABLE {one} (x); CREATE TABLE {one} (x)")
    }

    fn deposited(&self, _: &Deposited, _: &mut SqliteTx) {}
}

#[tokio::test]
async fn a_projection_that_cannot_make_its_tables_says_so_and_leaves_nothing() -> TestResult {
    let (store, shared, _folder) = open().await?;
    fill(&shared).await?;
    let projections = store.projections().follow(NotSetUp);
    tokio::spawn(projections.run());
    let error = projections.wait_for(&["not-set-up"], shared.frontier().await?, LONG).await.expect_err("it fails");
    let WaitError::Failed { cause, .. } = &error else { return Err(error.into()) };
    assert!(matches!(**cause, FollowError::SetUp(_)), "{cause:?}");
    assert!(cause.to_string().contains("already exists"), "{cause}");
    let connection = rusqlite::Connection::open(store.path())?;
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name GLOB 'not-set-up*'";
    assert_eq!(connection.query_row(tables, [], |row| row.get(0)), Ok(0));
    projections.stop().await;
    Ok(())
}

/// Takes whole batches, and fails at the amount 13.
struct Batched;

#[es::project(name = "batched-table", of(Account))]
impl Batched {
    fn set_up(&self, db: &mut SqliteTx) -> Result<(), SqliteTxError> {
        db.execute_batch("CREATE TABLE {amounts} (amount INTEGER NOT NULL)")
    }

    fn deposited(&self, _: &Deposited, _: &mut SqliteTx) {}

    #[batch]
    fn many(&self, batch: &mut es::EventBatch<BatchedEvent>, db: &mut SqliteTx) -> Result<(), Fault> {
        while let Some(event) = batch.try_next()? {
            let BatchedEvent::Deposited(Deposited { amount }) = event.event;
            if amount == 13 {
                return Err("unlucky".into());
            }
            db.execute("INSERT INTO {amounts} VALUES (?1)", [amount.cast_signed()])?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_batch_that_fails_stops_at_its_event_behind_the_good_ones() -> TestResult {
    let (store, shared, _folder) = open().await?;
    for amount in 0..40 {
        deposit(&shared, "ada", amount).await?;
    }
    let projections = store.projections().follow(Batched).retries(1);
    tokio::spawn(projections.run());
    let error = projections.wait_for(&["batched-table"], shared.frontier().await?, LONG).await.expect_err("it fails");
    let WaitError::Stopped { failure: Some(failure), .. } = &error else { return Err(error.into()) };
    assert_eq!((failure.position.get(), failure.error.as_str()), (14, "unlucky"));
    let status = projections.status().await?;
    assert_eq!((status[0].state, status[0].handled.get()), (ReadModelState::Stopped, 13));
    let connection = rusqlite::Connection::open(store.path())?;
    let table = projections.table::<Batched>("amounts")?;
    let found = connection
        .query_row(&format!("SELECT count(*), sum(amount) FROM {table}"), [], |row| Ok((row.get(0)?, row.get(1)?)));
    assert_eq!(found, Ok((13, 78)));
    projections.stop().await;
    Ok(())
}
