//! Append alone.

use std::time::{Duration, Instant};

use es::{
    Append, AppendRequest, EventName, EventStore, Expected, NewEvent, PostgresStore, SchemaVersion, StreamId, Version,
};
use uuid::Uuid;

use crate::Ground;
use crate::bank::{CATEGORY, Deposited};
use crate::execute::concurrently;
use crate::table::{Row, median};

const TASKS: usize = 64;

pub(crate) async fn many_streams(ground: &Ground) -> Row {
    let count = ground.scaled(20_000);
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    let per_task = 5_000 / TASKS;
    let turns = (count / TASKS / per_task).max(1);
    let (mut raw_version, mut version) = (0, 0);
    for _ in 0..=ground.rounds {
        let from = raw_version;
        raw.push(
            concurrently(TASKS, |task| async move {
                for turn in 0..turns {
                    for number in 0..per_task {
                        ground.raw.insert(task, &format!("{task}-{number}"), from + turn.cast_signed() as i64, 1).await;
                    }
                }
            })
            .await,
        );
        raw_version += turns.cast_signed() as i64;
        ours.push(spread(&ground.store, "", per_task, turns, version).await);
        version += turns as u64;
    }
    Row::rates(per_task * turns * TASKS, &raw[1..], &ours[1..], "at least 2 times raw")
}

/// 64 tasks append to streams of their own, behind versions they know.
async fn spread(store: &PostgresStore, prefix: &str, streams: usize, turns: usize, from: u64) -> Duration {
    concurrently(TASKS, |task| async move {
        for turn in 0..turns {
            for number in 0..streams {
                let expected = Expected::Exact(Version::new(from + turn as u64));
                store.append(one(&format!("{prefix}{task}-{number}"), expected)).await.unwrap();
            }
        }
    })
    .await
}

pub(crate) async fn hot_stream(ground: &Ground) -> Row {
    let each = ground.scaled(10_000) / TASKS;
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..=ground.rounds {
        raw.push(
            concurrently(TASKS, |task| async move {
                for _ in 0..each {
                    ground.raw.append(task, "hot", 1).await;
                }
            })
            .await,
        );
        ours.push(
            concurrently(TASKS, |_| async move {
                for _ in 0..each {
                    ground.store.append(one("hot", Expected::Any)).await.unwrap();
                }
            })
            .await,
        );
    }
    Row::rates(each * TASKS, &raw[1..], &ours[1..], "at least 2 times raw")
}

pub(crate) async fn at_one_million(ground: &Ground) -> Row {
    at(ground, 1_000_000).await
}

pub(crate) async fn at_five_million(ground: &Ground) -> Row {
    at(ground, 5_000_000).await
}

/// The rate of appends into a log of `stored` events, against an empty one.
async fn at(ground: &Ground, stored: usize) -> Row {
    let empty = test_postgres::Database::fresh().unwrap();
    let store = PostgresStore::connect(&empty.url()).await.unwrap();
    fill(ground, ground.scaled(stored)).await;
    let count = ground.scaled(20_000);
    let (streams, turns) = (5_000 / TASKS, (count / 5_000).max(1));
    let (mut baseline, mut ours) = (Vec::new(), Vec::new());
    for round in 0..=ground.rounds {
        let prefix = format!("{round}-");
        baseline.push(spread(&store, &prefix, streams, turns, 0).await);
        ours.push(spread(&ground.store, &prefix, streams, turns, 0).await);
    }
    Row::rates(streams * turns * TASKS, &baseline[1..], &ours[1..], "at least 0.8 of an empty log")
}

/// Puts events into both logs, past everything: only their number matters.
pub(crate) async fn fill(ground: &Ground, count: usize) {
    let data = serde_json::to_string(&Deposited::sample(1)).unwrap();
    let began = Instant::now();
    let client = ground.raw.client().await;
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

fn one(id: &str, expected: Expected) -> AppendRequest {
    let payload = serde_json::to_vec(&Deposited::sample(1)).unwrap();
    let name = EventName::from_static("account.deposited").unwrap();
    let event = NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, payload).unwrap();
    Append::new(StreamId::new(CATEGORY, id).unwrap(), expected, vec![event]).into()
}

/// The rate of 64 tasks, or a part of them, on streams of their own: what a process of several does.
pub(crate) async fn share(store: &PostgresStore, name: &str, tasks: usize, each: usize) -> Duration {
    let times = concurrently(tasks, |task| async move {
        for number in 0..each {
            store.append(one(&format!("{name}-{task}-{number}"), Expected::NoStream)).await.unwrap();
        }
    });
    median(&[times.await])
}
