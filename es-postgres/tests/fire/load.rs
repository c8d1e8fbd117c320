//! Load: many tasks for a while, many subscribers in one process, and one that is slow.
//!
//! `ES_FIRE_SECONDS=600 cargo test -p es-postgres --test fire load -- --nocapture` is the long run.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use es_core::{
    Append, EventName, EventStore, EventStoreExt, Expected, Filter, NewEvent, Position, SchemaVersion, StreamId,
};
use futures_util::StreamExt;
use test_postgres::Database;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::ledger;
use crate::seed::{self, Chance};
use crate::trial::{Trial, builder, connect, stores};
use crate::workload::event;

/// The memory of this process in MiB, as the system counts it.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// How many rows the table's statistics say were read by their index.
async fn read(url: &str) -> i64 {
    let client = connect(url).await;
    let query = "SELECT coalesce(sum(idx_tup_fetch), 0)::bigint FROM pg_stat_user_tables WHERE relname = 'events'";
    client.query_one(query, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_tasks_leave_connections_and_lag_flat() {
    let mut chance = Chance::new("load");
    let database = Database::fresh().unwrap();
    let url = database.url();
    let trial = Trial::start(&url, stores(&[&url]).await, 200, &mut chance);
    let client = connect(&url).await;
    let began = Instant::now();
    let last = seed::duration(Duration::from_secs(3));
    let (mut sessions, mut lag, mut memories) = (0, 0, Vec::new());
    while began.elapsed() < last {
        tokio::time::sleep((last / 20).min(Duration::from_secs(5))).await;
        let query = "SELECT count(*), (SELECT count(*) FROM es.events) FROM pg_stat_activity \
                     WHERE application_name LIKE 'es-fire-%' AND datname = current_database()";
        let row = client.query_one(query, &[]).await.unwrap();
        let (now, events): (i64, i64) = (row.get(0), row.get(1));
        sessions = sessions.max(now);
        lag = lag.max(usize::try_from(events).unwrap().saturating_sub(trial.followed()));
        memories.push(memory());
    }
    let seconds = began.elapsed().as_secs();
    let report = trial.end().await.unwrap();
    println!("{seconds} s, {report}; at most {sessions} sessions, a lag of {lag} events; MiB {memories:?}");
    // what a store may open: readers, the writer, the patient lane, the listener, one to start
    assert!(sessions <= 16 + 1 + 8 + 2, "{sessions} sessions");
    // a subscriber that falls behind for good is behind by all there is
    assert!(lag < 3_000.max(report.events / 2), "{lag} events behind of {}", report.events);
    assert_eq!(report.failed, 0, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_subscribers_share_their_reading_and_a_slow_one_slows_nobody() {
    const SUBSCRIBERS: u64 = 1_000;
    const EVENTS: u64 = 200;
    let database = Database::fresh().unwrap();
    let url = database.url();
    let store = Arc::new(builder(&url).connect().await.unwrap());
    let (seen, mut subscribers) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
    for _ in 0..SUBSCRIBERS {
        let (store, seen): (Arc<dyn EventStore>, _) =
            (Arc::<es_postgres::PostgresStore>::clone(&store), Arc::clone(&seen));
        subscribers.spawn(async move {
            let mut events = store.into_subscription(Position::START, Filter::all());
            let mut last = Position::START;
            for _ in 0..EVENTS {
                let event = events.next().await.unwrap().unwrap();
                assert!(event.position > last, "out of order");
                last = event.position;
                seen.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    // it takes one event, and does not come back
    let slow: Arc<dyn EventStore> = Arc::<es_postgres::PostgresStore>::clone(&store);
    let mut slow = slow.into_subscription(Position::START, Filter::all());
    for number in 0..EVENTS {
        let stream = StreamId::new("fire", (number % 7).to_string()).unwrap();
        store.append(vec![Append::new(stream, Expected::Any, vec![event()])]).await.unwrap();
        if number == 0 {
            slow.next().await.unwrap().unwrap();
        }
    }
    let all = async {
        while let Some(subscriber) = subscribers.join_next().await {
            subscriber.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_mins(1), all).await.expect("subscribers wait");
    assert_eq!(seen.load(Ordering::Relaxed), SUBSCRIBERS * EVENTS);
    // the server's statistics arrive with a delay
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let rows = read(&url).await;
    println!("{} events given, {rows} rows read", SUBSCRIBERS * EVENTS);
    // each on its own would have read 200,000; the writer's look-ups count, too
    assert!(rows < i64::try_from(EVENTS * 50).unwrap(), "{rows} rows were read");
    let mut late = 1;
    while late < EVENTS {
        slow.next().await.unwrap().unwrap();
        late += 1;
    }
    assert_eq!(ledger::log(&url).await.events.len() as u64, EVENTS);
}

/// The figure of the operations page: what an event with a payload of 155 bytes takes, with all its indexes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_takes_about_five_hundred_bytes() {
    const EVENTS: i64 = 20_000;
    let database = Database::fresh().unwrap();
    let store = builder(&database.url()).connect().await.unwrap();
    for call in 0..EVENTS / 500 {
        let appends = (0..100).map(|number| {
            let stream = StreamId::new("account", format!("{:020}", call % 10 * 100 + number)).unwrap();
            let payload = format!(r#"{{"text":"{}"}}"#, "x".repeat(155 - 11));
            let event = || {
                let name = EventName::from_static("account.deposited").unwrap();
                NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, payload.clone()).unwrap()
            };
            Append::new(stream, Expected::Any, (0..5).map(|_| event()).collect())
        });
        store.append(appends.collect()).await.unwrap();
    }
    let query = format!("SELECT pg_total_relation_size('es.events') / {EVENTS}, count(*) FROM es.events");
    let row = connect(&database.url()).await.query_one(&query, &[]).await.unwrap();
    let (bytes, events): (i64, i64) = (row.get(0), row.get(1));
    println!("{bytes} bytes an event");
    assert_eq!(events, EVENTS);
    assert!((300..700).contains(&bytes), "{bytes} bytes an event");
}
