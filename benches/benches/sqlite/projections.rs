//! Measures projections: catching up on the long log, and how soon a row shows what was appended.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use benches::{
    bank::{Account, AccountEvent, Deposited, Opened},
    table::{Row, median},
};
use es::{
    EventBatch, EventStore, Expected, Fault, Projections, ReadModelState, Row as ReadRow, SqliteStore,
    prelude::*,
    sqlite::{SqliteTx, SqliteTxError, Synchronous, rusqlite::params},
};

use crate::{Setup, append::append, cpu::CpuTimes, raw::Raw};

/// Longer than any round takes.
const LONG: Duration = Duration::from_mins(10);

/// Counts in memory.
#[derive(Default)]
struct Counted(usize);

#[es::project(name = "counted", every(Account))]
impl Counted {
    fn opened(&mut self, _: Opened) {
        self.0 += 1;
    }

    fn deposited(&mut self, _: Deposited) {
        self.0 += 1;
    }
}

const SET_UP: &str =
    "CREATE TABLE {balances} (account TEXT PRIMARY KEY, balance INTEGER NOT NULL) STRICT, WITHOUT ROWID";
const ADD: &str = "INSERT INTO {balances} (account, balance) VALUES (?1, ?2)
                   ON CONFLICT (account) DO UPDATE SET balance = balance + excluded.balance";

/// Adds each deposit to a table.
struct OneByOne;

#[es::project(name = "one-by-one", every(Account), ignores(Opened))]
impl OneByOne {
    fn set_up(&self, db: &mut SqliteTx) -> Result<(), SqliteTxError> {
        db.execute_batch(SET_UP)
    }

    fn deposited(&self, event: Recorded<&Deposited>, db: &mut SqliteTx) -> Result<(), SqliteTxError> {
        db.execute(ADD, params![event.stream.id(), event.event.amount]).map(drop)
    }
}

/// Adds up whole batches first.
struct InBatches;

#[es::project(name = "in-batches", every(Account), ignores(Opened))]
impl InBatches {
    fn set_up(&self, db: &mut SqliteTx) -> Result<(), SqliteTxError> {
        db.execute_batch(SET_UP)
    }

    fn deposited(&self, _: Deposited, _: &mut SqliteTx) {}

    #[batch]
    fn many(&self, batch: &mut EventBatch<InBatchesEvent>, db: &mut SqliteTx) -> Result<(), Fault> {
        let mut sums = HashMap::new();
        while let Some(event) = batch.try_next()? {
            let InBatchesEvent::Deposited(Deposited { amount, .. }) = event.event;
            *sums.entry(event.stream).or_insert(0) += amount;
        }
        for (stream, sum) in sums {
            db.execute(ADD, params![stream.id(), sum])?;
        }
        Ok(())
    }
}

/// A sum for each account, under one of many names.
#[derive(Default, Serialize, Deserialize)]
struct Sum<const N: usize> {
    balance: i64,
}

const NAMES: [&str; 20] = [
    "sum-0", "sum-1", "sum-2", "sum-3", "sum-4", "sum-5", "sum-6", "sum-7", "sum-8", "sum-9", "sum-10", "sum-11",
    "sum-12", "sum-13", "sum-14", "sum-15", "sum-16", "sum-17", "sum-18", "sum-19",
];

impl<const N: usize> ReadRow for Sum<N> {
    const NAME: &'static str = NAMES[N];
    type Key = String;
    type Events = AccountEvent;

    fn keys(event: &Recorded<AccountEvent>, each: &mut dyn FnMut(String)) -> Result<(), Fault> {
        each(event.stream.id().to_owned());
        Ok(())
    }

    fn apply(&mut self, event: &Recorded<AccountEvent>) -> Result<(), Fault> {
        if let AccountEvent::Deposited(Deposited { amount, .. }) = &event.event {
            self.balance += amount;
        }
        Ok(())
    }
}

pub(crate) async fn in_memory(setup: &Setup) -> Row {
    let count = setup.filled().await.events;
    let by_hand = Raw::open(&setup.path("filled-raw"), Synchronous::Full);
    let store = SqliteStore::open(setup.path("filled")).await.unwrap();
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..=setup.effort.rounds {
        let began = Instant::now();
        assert_eq!(by_hand.fold().0, count);
        raw.push(began.elapsed());
        let (projections, frontier) = (store.projections(), store.frontier().await.unwrap());
        let counted = projections.live::<Counted>();
        let began = Instant::now();
        let running = tokio::spawn(projections.run());
        counted.not_older_than(frontier, LONG).await.unwrap();
        ours.push(began.elapsed());
        assert_eq!(counted.read(|counted| counted.0).unwrap(), count);
        projections.stop().await;
        running.await.unwrap().unwrap();
    }
    Row::rates(count, &raw[1..], &ours[1..], "at least 0.85 of raw")
}

pub(crate) async fn one_by_one(setup: &Setup) -> Row {
    into_a_table(setup, "one-by-one", |projections| projections.follow(OneByOne), "at least 0.5 of raw").await
}

pub(crate) async fn in_batches(setup: &Setup) -> Row {
    into_a_table(setup, "in-batches", |projections| projections.follow(InBatches), "at least 1.0 of raw").await
}

pub(crate) async fn rows_by_key(setup: &Setup) -> Row {
    let follow = |projections: Projections<_>| projections.follow(Sum::<0>::default());
    into_a_table(setup, NAMES[0], follow, "at least 0.6 of raw").await
}

/// Compares with a loop that reads the log, and adds to a table in transactions of 1,000 that wait for the disk.
async fn into_a_table(
    setup: &Setup,
    name: &str,
    follow: impl Fn(Projections<SqliteStore>) -> Projections<SqliteStore>,
    target: &'static str,
) -> Row {
    let count = setup.filled().await.events;
    let by_hand = Raw::open(&setup.path("filled-raw"), Synchronous::Full);
    let written = Raw::open(&setup.path("filled-raw"), Synchronous::Full);
    let store = SqliteStore::open(setup.path("filled")).await.unwrap();
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..=setup.effort.rounds {
        written.0.execute_batch("DROP TABLE IF EXISTS balances").unwrap();
        let began = Instant::now();
        by_hand.fold_into_a_table(&written);
        raw.push(began.elapsed());
        let projections = follow(store.projections());
        // Nothing is there to rebuild in the first round.
        drop(projections.rebuild(name).await);
        let frontier = store.frontier().await.unwrap();
        let began = Instant::now();
        let running = tokio::spawn(projections.run());
        projections.wait_for(&[name], frontier, LONG).await.unwrap();
        ours.push(began.elapsed());
        projections.stop().await;
        running.await.unwrap().unwrap();
    }
    Row::rates(count, &raw[1..], &ours[1..], target)
}

/// Follows one set of rows, in this process and in another one.
pub(crate) async fn visible_here(setup: &Setup) -> Row {
    let (_, store) = setup.both("visible-here", Synchronous::Full).await;
    let projections = store.projections().follow(Sum::<0>::default());
    let running = tokio::spawn(projections.run());
    let row = visible(setup, &store, "p99 below 10 ms").await;
    projections.stop().await;
    running.await.unwrap().unwrap();
    row
}

pub(crate) async fn visible_elsewhere(setup: &Setup) -> Row {
    let (_, store) = setup.both("visible-elsewhere", Synchronous::Full).await;
    let path = setup.path("visible-elsewhere");
    let (mut worker, _output) = benches::measure::start_worker(&format!("follow {}", path.display()));
    let row = visible(setup, &store, "p99 below 30 ms").await;
    worker.kill().unwrap();
    worker.wait().unwrap();
    row
}

/// What the other process does until it is killed.
pub(crate) async fn follow(path: &str) {
    let store = SqliteStore::open(path).await.unwrap();
    let projections = store.projections().follow(Sum::<0>::default());
    let running = tokio::spawn(projections.run());
    benches::measure::wait_for_start();
    running.await.unwrap().unwrap();
}

/// The time from an acknowledged append until the row shows it, with a pause after each.
async fn visible(setup: &Setup, store: &SqliteStore, target: &'static str) -> Row {
    let id = "idle".to_owned();
    let rows = store.projections().rows::<Sum<0>>();
    let (mut times, mut balance) = (Vec::new(), 0);
    for _ in 0..setup.effort.scaled(500) {
        store.append(append(&id, Expected::Any, 1).into()).await.unwrap();
        balance += 1;
        let began = Instant::now();
        while !matches!(rows.get(&id).await, Ok(Some(row)) if row.balance == balance) {
            assert!(began.elapsed() < LONG, "the row never shows the append");
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        times.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    times.remove(0); // It waits for the start of the other side.
    Row { baseline: String::new(), ours: told(&mut times), ratio: None, target }
}

fn told(times: &mut [Duration]) -> String {
    times.sort_unstable();
    format!("median {:.1?}, p99 {:.1?}", median(times), times[times.len() * 99 / 100])
}

fn follow_twenty(store: &SqliteStore) -> Projections<SqliteStore> {
    macro_rules! follow {
        ($projections:expr, $($number:literal)+) => { $projections$(.follow(Sum::<$number>::default()))+ };
    }
    follow!(store.projections(), 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19)
}

pub(crate) async fn twenty_live(setup: &Setup) -> Row {
    let (_, store) = setup.both("twenty-live", Synchronous::Full).await;
    let projections = follow_twenty(&store);
    let running = tokio::spawn(projections.run());
    projections.wait_for(&NAMES, store.frontier().await.unwrap(), LONG).await.unwrap();
    let appending = {
        let store = store.clone();
        tokio::spawn(async move {
            let mut every = tokio::time::interval(Duration::from_millis(1));
            for number in 0_u64.. {
                every.tick().await;
                let append = append(&format!("{}", number % 100), Expected::Any, 1);
                store.append(append.into()).await.unwrap();
            }
        })
    };
    let (mut times, began, before) = (Vec::new(), Instant::now(), store.frontier().await.unwrap());
    for _ in 0..setup.effort.scaled(200) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let frontier = store.frontier().await.unwrap();
        let seen = Instant::now();
        projections.wait_for(&NAMES, frontier, LONG).await.unwrap();
        times.push(seen.elapsed());
    }
    appending.abort();
    let appended = store.frontier().await.unwrap().position().get() - before.position().get();
    let rate = appended as f64 / began.elapsed().as_secs_f64();
    projections.stop().await;
    running.await.unwrap().unwrap();
    let ours = format!("{} at {rate:.0} appends/s", told(&mut times));
    Row { baseline: String::new(), ours, ratio: None, target: "p99 below 50 ms at 1,000 appends/s" }
}

pub(crate) async fn twenty_idle(setup: &Setup) -> Row {
    const TIME: Duration = Duration::from_secs(10);
    let (_, store) = setup.both("twenty-idle", Synchronous::Full).await;
    store.append(append("idle", Expected::Any, 1).into()).await.unwrap();
    let projections = follow_twenty(&store);
    let running = tokio::spawn(projections.run());
    projections.wait_for(&NAMES, store.frontier().await.unwrap(), LONG).await.unwrap();
    // The last of what it did before is stored within a second.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let wal = || std::fs::metadata(format!("{}-wal", setup.path("twenty-idle").display())).map_or(0, |wal| wal.len());
    let (size, before) = (wal(), CpuTimes::now());
    tokio::time::sleep(TIME).await;
    let mut used = CpuTimes::default();
    used.add_since(&before);
    let percent = used.per(1) / TIME.as_micros() as f64 * 100.0;
    let written = wal() - size;
    let states = projections.status().await.unwrap();
    assert!(states.iter().all(|status| status.state == ReadModelState::Live));
    projections.stop().await;
    running.await.unwrap().unwrap();
    Row {
        baseline: String::new(),
        ours: format!("{percent:.2} % of a core, {written} bytes written"),
        ratio: None,
        target: "below 1 % of a core, no writes",
    }
}
