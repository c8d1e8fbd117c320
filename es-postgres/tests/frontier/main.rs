//! Readers that stop at the frontier skip no event, and every wrong way to compute it is caught skipping some.
//!
//! The writers' transactions pause, roll back and use savepoints. Appends through the coalescing writer alone would
//! hide every mistake. `ES_FIRE=full` runs the correct variants ten times as long. Seeds are printed.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed `unwrap` fails the test, and the seed is printed"
)]

mod foreign_locks;
mod readers;
mod variants;
mod writers;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use es_contract::Effort;
use es_core::{Checkpoint, EventStore, Filter};
use es_postgres::PostgresStore;
use futures_util::StreamExt;
use readers::Reading;
use test_postgres::Database;
use tokio_postgres::Client;
use variants::Variant;
use writers::{Child, Fence, Writers};

/// A test with no more events than this has tested nothing.
const MIN_EVENTS: usize = 50;
/// A test that has seen too few events after this time fails.
const LONGEST: Duration = Duration::from_mins(5);

/// How long a test runs: for this time, and until the reader has received more than this number of events.
#[derive(Debug, Clone, Copy)]
struct Length {
    time: Duration,
    events: usize,
}

/// The length within which a wrong variant must be caught. It usually takes a second or two, and some hundred events: a
/// busy machine delivers fewer in the same time.
const CAUGHT_WITHIN: Length = Length { time: Duration::from_secs(20), events: 4_000 };

/// The length of a test of a correct variant.
fn correct() -> Length {
    Length { time: test_duration(), events: MIN_EVENTS }
}

/// The time for which a test of a correct variant runs.
fn test_duration() -> Duration {
    Effort::from_env().unwrap().lasting(Duration::from_secs(4))
}

/// A database, and a store that is opened before the test breaks the database, since the start-up checks would notice.
async fn database() -> (Database, PostgresStore) {
    let database = Database::fresh().unwrap();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    (database, store)
}

/// Runs writers beside a reader, and returns the first positions that the reader skipped.
async fn run_and_find_skipped(
    database: &Database,
    store: PostgresStore,
    fence: Fence,
    reading: Reading,
    few_writers: bool,
    length: Length,
) -> BTreeSet<i64> {
    let url = database.url();
    let writers = Writers::start(&store, &url, fence, if few_writers { 3 } else { 12 });
    let mut reader = readers::Reader::start(&url, reading).await;
    let began = Instant::now();
    let mut skipped = BTreeSet::new();
    let too_few_events = |reader: &readers::Reader| reader.delivered() <= length.events && began.elapsed() < LONGEST;
    while (began.elapsed() < length.time || too_few_events(&reader)) && skipped.is_empty() {
        let look_again = Instant::now() + Duration::from_millis(200);
        while Instant::now() < look_again {
            reader.read().await;
        }
        skipped = reader.skipped().await;
    }
    writers.stop().await;
    if skipped.is_empty() {
        reader.read().await;
        skipped = reader.skipped().await;
    }
    assert!(!skipped.is_empty() || reader.delivered() > MIN_EVENTS, "too few events: {}", reader.delivered());
    skipped
}

async fn assert_caught(variant: Variant) {
    let (database, store) = database().await;
    let (fence, reading) = variant.set_up(&database);
    let skipped =
        run_and_find_skipped(&database, store, fence, reading, variant.needs_few_writers(), CAUGHT_WITHIN).await;
    assert!(!skipped.is_empty(), "{variant:?} was not caught");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_in_the_correct_order_skips_nothing() {
    let (database, store) = database().await;
    let (fence, reading) = Variant::Correct.set_up(&database);
    let skipped = run_and_find_skipped(&database, store, fence, reading, false, correct()).await;
    assert!(skipped.is_empty(), "skipped {skipped:?}");
}

/// Tests the function that stores call; the test above runs its steps one by one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_frontier_function_skips_nothing() {
    let (database, store) = database().await;
    let (fence, reading) = Variant::CorrectFunction.set_up(&database);
    let skipped = run_and_find_skipped(&database, store, fence, reading, false, correct()).await;
    assert!(skipped.is_empty(), "skipped {skipped:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_subscriptions_skip_nothing_while_two_processes_write() {
    let (database, store) = database().await;
    let stores = [store.clone(), PostgresStore::connect(&database.url()).await.unwrap()];
    let child = Child::start(&database.url(), test_duration());
    let writers = Writers::start(&store, &database.url(), Fence::ByFunction, 8);
    let subscribers = stores.clone().map(|store| {
        tokio::spawn(async move {
            let mut events = store.subscribe(Checkpoint::START, &Filter::all());
            let mut seen = Vec::new();
            // Five seconds without an event mean that the writers have stopped.
            while let Ok(Some(event)) = tokio::time::timeout(Duration::from_secs(5), events.next()).await {
                seen.push(event.unwrap().position);
            }
            seen
        })
    });
    tokio::time::sleep(test_duration()).await;
    let (client, began) = (writers::connect(&database.url()).await, Instant::now());
    while count(&client).await <= MIN_EVENTS && began.elapsed() < LONGEST {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    writers.stop().await;
    child.wait();
    let mut log = Vec::new();
    let mut events = stores[0].read_all(Checkpoint::START, &Filter::all(), None);
    while let Some(event) = events.next().await {
        log.push(event.unwrap().position);
    }
    assert!(log.len() > MIN_EVENTS, "too few events: {}", log.len());
    for subscriber in subscribers {
        assert!(subscriber.await.unwrap() == log, "a subscription did not receive exactly the log");
    }
    check_log(&database, log.len()).await;
}

/// Versions have no gaps, positions and times rise with them, and the table holds `events` events.
async fn check_log(database: &Database, events: usize) {
    let client = writers::connect(&database.url()).await;
    let broken = "SELECT category, id FROM es.events GROUP BY 1, 2 HAVING max(version) <> count(*)
                  UNION ALL
                  SELECT category, id FROM (
                      SELECT *, lag(position) OVER s AS p, lag(recorded_at) OVER s AS r FROM es.events
                      WINDOW s AS (PARTITION BY category, id ORDER BY version)) e WHERE p > position OR r > recorded_at";
    assert!(client.query(broken, &[]).await.unwrap().is_empty());
    assert_eq!(count(&client).await, events);
}

/// The number of stored events.
async fn count(client: &Client) -> usize {
    let count: i64 = client.query_one("SELECT count(*) FROM es.events", &[]).await.unwrap().get(0);
    usize::try_from(count).unwrap()
}

/// The entry point of the second process, not a test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "another test runs it in a second process"]
async fn child() {
    let Some((url, time)) = Child::arguments() else { return };
    let writers = Writers::start(&PostgresStore::connect(&url).await.unwrap(), &url, Fence::ByFunction, 8);
    tokio::time::sleep(time).await;
    writers.stop().await;
}

macro_rules! caught {
    ($($name:ident: $variant:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            assert_caught(Variant::$variant).await;
        }
    )+};
}

caught! {
    one_statement_for_the_frontier_and_the_events_is_caught: OneStatement,
    reading_locks_before_the_sequence_is_caught: LocksFirst,
    a_cached_sequence_is_caught: CachedSequence,
    drawing_a_position_before_taking_the_fence_is_caught: DrawBeforeLock,
    a_repeatable_read_reader_is_caught: RepeatableRead,
    reading_without_a_frontier_is_caught: NoFrontier,
    a_fence_flag_kept_in_the_client_is_caught: ClientGuard,
    a_frontier_function_that_reads_locks_first_is_caught: FunctionLocksFirst,
    an_append_of_one_event_without_a_fence_is_caught: UnfencedAlone,
    an_append_of_several_events_without_a_fence_is_caught: UnfencedTogether,
    an_append_that_looks_for_repeats_without_a_fence_is_caught: UnfencedRepeatLookup,
    locking_the_table_after_drawing_a_position_is_caught: TableAfterDraw,
}
