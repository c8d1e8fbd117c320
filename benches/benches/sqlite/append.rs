//! Measures appends alone.

use std::time::{Duration, Instant};

use benches::{
    bank::{CATEGORY, Deposited},
    measure::concurrently,
    table::Row,
};
use es::{
    Append, EventName, EventStore, Expected, NewEvent, SchemaVersion, SqliteStore, StreamId, Version,
    sqlite::Synchronous,
};
use uuid::Uuid;

use crate::{Setup, raw::Raw};

const TASKS: usize = 64;

pub(crate) async fn one_task(setup: &Setup) -> Row {
    let count = setup.effort.scaled(2_000);
    let (by_hand, store) = setup.both("append-one", Synchronous::Full).await;
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for round in 0..=setup.effort.rounds as u64 {
        raw.push(insert_in_batches(&by_hand, 1, count, 1, round));
        ours.push(append_to_streams(&store, 1, count, round).await);
    }
    Row::rates(count, &raw[1..], &ours[1..], "at least 0.8 of raw")
}

pub(crate) async fn many_tasks_against_single(setup: &Setup) -> Row {
    many_tasks(setup, 1, "at least 10 times raw").await
}

pub(crate) async fn many_tasks_against_batches(setup: &Setup) -> Row {
    many_tasks(setup, TASKS, "at least 0.8 of raw").await
}

/// Measures 64 tasks that append one event each time, compared with `batch` events in each transaction by hand.
async fn many_tasks(setup: &Setup, batch: usize, target: &'static str) -> Row {
    let each = setup.effort.scaled(10_000) / TASKS;
    let (by_hand, store) = setup.both(&format!("append-{batch}"), Synchronous::Full).await;
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for round in 0..=setup.effort.rounds as u64 {
        raw.push(insert_in_batches(&by_hand, TASKS, each, batch, round));
        ours.push(append_to_streams(&store, TASKS, each, round).await);
    }
    Row::rates(each * TASKS, &raw[1..], &ours[1..], target)
}

/// Inserts an event into each of `each` streams of `tasks`, `batch` of them in each transaction.
fn insert_in_batches(raw: &Raw, tasks: usize, each: usize, batch: usize, version: u64) -> Duration {
    let began = Instant::now();
    let ids: Vec<_> = (0..each).flat_map(|number| (0..tasks).map(move |task| (task, number))).collect();
    for ids in ids.chunks(batch) {
        let insert = || {
            for (task, number) in ids {
                raw.insert(&format!("{task}-{number}"), version.cast_signed() + 1, 1);
            }
        };
        if batch == 1 { insert() } else { raw.in_transaction(insert) }
    }
    began.elapsed()
}

/// Appends an event to each of `each` streams of `tasks`, at a known version.
async fn append_to_streams(store: &SqliteStore, tasks: usize, each: usize, version: u64) -> Duration {
    concurrently(tasks, |task| async move {
        for number in 0..each {
            let append = append(&format!("{task}-{number}"), Expected::Exact(Version::new(version)), 1);
            store.append(append.into()).await.unwrap();
        }
    })
    .await
}

/// An append of this many events.
pub(crate) fn append(id: &str, expected: Expected, events: usize) -> Append {
    let events = (0..events).map(|_| event(Uuid::now_v7())).collect();
    Append::new(StreamId::new(CATEGORY, id).unwrap(), expected, events)
}

/// A deposit of 1.
pub(crate) fn event(id: Uuid) -> NewEvent {
    let payload = serde_json::to_vec(&Deposited::sample(1)).unwrap();
    let name = EventName::from_static("account.deposited").unwrap();
    NewEvent::from_json(id, name, SchemaVersion::FIRST, payload).unwrap()
}
