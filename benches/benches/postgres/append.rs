//! Measures appends alone.

use std::time::{Duration, Instant};

use benches::{
    bank::{CATEGORY, Deposited},
    measure::concurrently,
    table::{Row, median},
};
use es::{
    Append, AppendRequest, EventName, EventStore, Expected, NewEvent, PostgresStore, SchemaVersion, StreamId, Version,
};
use uuid::Uuid;

use crate::Setup;

const TASKS: usize = 64;

pub(crate) async fn many_streams(setup: &Setup) -> Row {
    let count = setup.effort.scaled(20_000);
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    let per_task = 5_000 / TASKS;
    let turns = (count / TASKS / per_task).max(1);
    let (mut raw_version, mut version) = (0, 0);
    for _ in 0..=setup.effort.rounds {
        let from = raw_version;
        raw.push(
            concurrently(TASKS, |task| async move {
                for turn in 0..turns {
                    for number in 0..per_task {
                        setup.raw.insert(task, &format!("{task}-{number}"), from + turn.cast_signed() as i64, 1).await;
                    }
                }
            })
            .await,
        );
        raw_version += turns.cast_signed() as i64;
        ours.push(append_to_streams(&setup.store, "", per_task, turns, version).await);
        version += turns as u64;
    }
    Row::rates(per_task * turns * TASKS, &raw[1..], &ours[1..], "at least 2 times raw")
}

/// 64 tasks append to streams of their own, each at a known version.
async fn append_to_streams(store: &PostgresStore, prefix: &str, streams: usize, turns: usize, from: u64) -> Duration {
    concurrently(TASKS, |task| async move {
        for turn in 0..turns {
            for number in 0..streams {
                let expected = Expected::Exact(Version::new(from + turn as u64));
                store.append(one_event(&format!("{prefix}{task}-{number}"), expected)).await.unwrap();
            }
        }
    })
    .await
}

pub(crate) async fn hot_stream(setup: &Setup) -> Row {
    let each = setup.effort.scaled(10_000) / TASKS;
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..=setup.effort.rounds {
        raw.push(
            concurrently(TASKS, |task| async move {
                for _ in 0..each {
                    setup.raw.append(task, "hot", 1).await;
                }
            })
            .await,
        );
        ours.push(
            concurrently(TASKS, |_| async move {
                for _ in 0..each {
                    setup.store.append(one_event("hot", Expected::Any)).await.unwrap();
                }
            })
            .await,
        );
    }
    Row::rates(each * TASKS, &raw[1..], &ours[1..], "at least 2 times raw")
}

pub(crate) async fn at_one_million(setup: &Setup) -> Row {
    with_stored_events(setup, 1_000_000).await
}

pub(crate) async fn at_five_million(setup: &Setup) -> Row {
    with_stored_events(setup, 5_000_000).await
}

/// Measures appends to a log of `stored` events, compared with an empty log.
async fn with_stored_events(setup: &Setup, stored: usize) -> Row {
    let empty = test_postgres::Database::fresh().unwrap();
    let store = PostgresStore::connect(&empty.url()).await.unwrap();
    fill(setup, setup.effort.scaled(stored)).await;
    let count = setup.effort.scaled(20_000);
    let (streams, turns) = (5_000 / TASKS, (count / 5_000).max(1));
    let (mut baseline, mut ours) = (Vec::new(), Vec::new());
    for round in 0..=setup.effort.rounds {
        let prefix = format!("{round}-");
        baseline.push(append_to_streams(&store, &prefix, streams, turns, 0).await);
        ours.push(append_to_streams(&setup.store, &prefix, streams, turns, 0).await);
    }
    Row::rates(streams * turns * TASKS, &baseline[1..], &ours[1..], "at least 0.8 of an empty log")
}

/// Inserts events directly into the store's table, without the store: only their number matters.
pub(crate) async fn fill(setup: &Setup, count: usize) {
    let data = serde_json::to_string(&Deposited::sample(1)).unwrap();
    let began = Instant::now();
    let client = setup.raw.client().await;
    let ours = format!(
        "INSERT INTO es.events (position, version, recorded_at, event_id, schema_version, slice, together, category, id, name, payload)
         SELECT nextval('es.position'), (n - 1) / 50000 + 1, now(),
                (lpad(to_hex(n), 12, '0') || '7000800000000000' || lpad(to_hex(n % 65536), 4, '0'))::uuid,
                1, 0, 1, 'account', 'old-' || (n - 1) % 50000, 'account.deposited', '{data}'
         FROM generate_series(1, {count}) n"
    );
    client.batch_execute(&ours).await.unwrap();
    client.batch_execute("VACUUM ANALYZE es.events").await.unwrap();
    println!("filled with {count} events in {:.0?}", began.elapsed());
}

fn one_event(id: &str, expected: Expected) -> AppendRequest {
    let payload = serde_json::to_vec(&Deposited::sample(1)).unwrap();
    let name = EventName::from_static("account.deposited").unwrap();
    let event = NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, payload).unwrap();
    Append::new(StreamId::new(CATEGORY, id).unwrap(), expected, vec![event]).into()
}

/// Appends from this many tasks to new streams: the work of one of several processes.
pub(crate) async fn append_to_new_streams(store: &PostgresStore, name: &str, tasks: usize, each: usize) -> Duration {
    let times = concurrently(tasks, |task| async move {
        for number in 0..each {
            store.append(one_event(&format!("{name}-{task}-{number}"), Expected::NoStream)).await.unwrap();
        }
    });
    median(&[times.await])
}
