//! A thousand subscribers in one process, and a slow one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use es_core::{Append, EventStore, EventStoreExt, Expected, Position, StreamId};
use test_postgres::Database;
use tokio::task::JoinSet;

use crate::{
    faults::wasteful_store::{Waste, WastefulStore},
    tools::{
        ledger, recovery,
        trial::{builder, connect},
        workload::event,
    },
};

const EVENTS: u64 = 200;

/// The rows that were read by index according to the server's statistics, after all sessions have ended.
///
/// # Errors
/// The sessions that are left.
async fn rows_read(url: &str) -> Result<u64, String> {
    // An idle session reports its counts after up to ten seconds, and an ending session at once.
    recovery::no_session_is_left(url, recovery::TIMEOUT).await?;
    // Before version 15 a collector receives the counts and publishes them half a second later.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let client = connect(url).await;
    let query = "SELECT coalesce(sum(idx_tup_fetch), 0)::bigint FROM pg_stat_user_tables WHERE relname = 'events'";
    Ok(client.query_one(query, &[]).await.unwrap().get::<_, i64>(0).unsigned_abs())
}

/// A subscriber that asks for each event as soon as it has the one before.
async fn follow(store: Arc<dyn EventStore>, seen: Arc<AtomicU64>) {
    let mut events = store.stored_events().owned().subscribe();
    let mut last = Position::START;
    for _ in 0..EVENTS {
        let event = events.next().await.unwrap().unwrap();
        assert!(event.position > last);
        last = event.position;
        seen.fetch_add(1, Ordering::Relaxed);
    }
}

/// Appends while `subscribers` receive every event, and one more pauses after its first until all is appended.
///
/// # Errors
/// Writers or subscribers waited for the slow one, or each subscriber read the rows separately.
async fn append_under_subscribers(waste: Option<Waste>, subscribers: u64, limit: Duration) -> Result<u64, String> {
    let database = Database::fresh().unwrap();
    let url = database.url();
    let mut store: Arc<dyn EventStore> = Arc::new(builder(&url).connect().await.unwrap());
    if let Some(waste) = waste {
        store = Arc::new(WastefulStore::new(store, waste, &url));
    }
    let (seen, mut tasks) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
    for _ in 0..subscribers {
        tasks.spawn(follow(Arc::clone(&store), Arc::clone(&seen)));
    }
    let mut slow = store.stored_events().owned().subscribe();
    let append = |number: u64| {
        let stream = StreamId::new("fire", (number % 7).to_string()).unwrap();
        store.append(Append::new(stream, Expected::Any, vec![event()]).into())
    };
    append(0).await.unwrap();
    slow.next().await.unwrap().unwrap();
    let writing = async {
        for number in 1..EVENTS {
            append(number).await.unwrap();
        }
    };
    tokio::time::timeout(limit, writing).await.map_err(|_| "writers wait for a slow subscriber")?;
    let all = async {
        while let Some(subscriber) = tasks.join_next().await {
            subscriber.unwrap();
        }
    };
    tokio::time::timeout(limit, all).await.map_err(|_| "subscribers wait for a slow subscriber")?;
    assert_eq!(seen.load(Ordering::Relaxed), subscribers * EVENTS);
    for _ in 1..EVENTS {
        slow.next().await.unwrap().unwrap();
    }
    drop((slow, store));
    let rows = rows_read(&url).await?;
    assert_eq!(ledger::log(&url).await.events.len() as u64, EVENTS);
    // Separate readers would each read all rows; the writer's lookups count too.
    if rows >= EVENTS * 50 {
        return Err(format!("{rows} rows were read"));
    }
    Ok(rows)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_subscribers_share_reads_and_a_slow_one_blocks_nobody() {
    let rows = append_under_subscribers(None, 1_000, Duration::from_mins(1)).await.unwrap();
    println!("1000 subscribers: {} events given, {rows} rows read", 1_000 * EVENTS);
}

/// Checks that the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn separate_reads_and_blocked_writers_are_caught() {
    let caught = append_under_subscribers(Some(Waste::SeparateReads), 100, Duration::from_mins(1)).await.unwrap_err();
    assert!(caught.contains("rows were read"), "{caught}");
    let caught = append_under_subscribers(Some(Waste::BlockedWriters), 5, Duration::from_secs(5)).await.unwrap_err();
    assert!(caught.contains("writers wait"), "{caught}");
}
