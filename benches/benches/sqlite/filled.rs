//! A long log: 1,000,000 events in 100,000 streams, on both sides, and what it needs of the disk and of time to open.

use std::{fs, time::Instant};

use benches::table::{Row, median};
use es::{Append, AppendRequest, EventStore, Expected, SqliteStore, StreamId, sqlite::Synchronous};
use uuid::Uuid;

use crate::{Setup, append::event, raw::Raw};

/// The log of both sides, closed.
pub(crate) struct Filled {
    pub(crate) events: usize,
}

impl Filled {
    pub(crate) async fn new(setup: &Setup) -> Self {
        let events = setup.effort.scaled(1_000_000);
        fill_ours(setup, "filled", events, Uuid::now_v7).await;
        let raw = Raw::open(&setup.path("filled-raw"), Synchronous::Full);
        let numbers: Vec<_> = (0..events).collect();
        for numbers in numbers.chunks(1_000) {
            raw.in_transaction(|| {
                for number in numbers {
                    let (stream, version) = place(*number, events);
                    raw.insert(&stream, version, 1);
                }
            });
        }
        Self { events }
    }
}

/// The stream and the version of an event: each stream gets one after the other, as in a log that many work on.
fn place(number: usize, events: usize) -> (String, i64) {
    let streams = (events / 10).max(1);
    (format!("{:08}", number % streams), (number / streams).cast_signed() as i64 + 1)
}

async fn fill_ours(setup: &Setup, name: &str, events: usize, id: fn() -> Uuid) {
    let store = SqliteStore::open(setup.path(name)).await.unwrap();
    let numbers: Vec<_> = (0..events).collect();
    for numbers in numbers.chunks(1_000) {
        let appends = numbers.iter().map(|number| {
            let stream = StreamId::new(benches::bank::CATEGORY, place(*number, events).0).unwrap();
            Append::new(stream, Expected::Any, vec![event(id())])
        });
        store.append(AppendRequest::new(appends)).await.unwrap();
    }
}

pub(crate) async fn bytes_per_event_with_sorted_ids(setup: &Setup) -> Row {
    let events = setup.filled().await.events;
    size(setup, "filled", events)
}

pub(crate) async fn bytes_per_event(setup: &Setup) -> Row {
    let events = setup.filled().await.events;
    fill_ours(setup, "random", events, random_id).await;
    size(setup, "random", events)
}

/// An id in no order, as of version 4: the random bytes of a v7 come first.
fn random_id() -> Uuid {
    let mut bytes = Uuid::now_v7().into_bytes();
    bytes.reverse();
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// The files were closed, and so hold what was in their write-ahead logs.
fn size(setup: &Setup, name: &str, events: usize) -> Row {
    let bytes = |name: &str| fs::metadata(setup.path(name)).unwrap().len() as f64 / events as f64;
    let (raw, ours) = (bytes("filled-raw"), bytes(name));
    Row {
        baseline: format!("{raw:.0} bytes"),
        ours: format!("{ours:.0} bytes"),
        ratio: Some(ours / raw),
        target: "at most 290 bytes",
    }
}

pub(crate) async fn open(setup: &Setup) -> Row {
    let events = setup.filled().await.events.cast_signed() as i64;
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..=setup.effort.rounds * 4 {
        let began = Instant::now();
        let opened = Raw::open(&setup.path("filled-raw"), Synchronous::Full);
        let last: i64 = opened.0.query_row("SELECT max(position) FROM events", [], |row| row.get(0)).unwrap();
        raw.push(began.elapsed());
        assert_eq!(last, events);
        let began = Instant::now();
        let store = SqliteStore::open(setup.path("filled")).await.unwrap();
        let frontier = store.frontier().await.unwrap();
        ours.push(began.elapsed());
        assert_eq!(frontier.position().get().cast_signed(), events);
    }
    let worst = ours[1..].iter().max().copied().unwrap_or_default();
    Row {
        baseline: format!("{:.1?}", median(&raw[1..])),
        ours: format!("{:.1?}, worst {worst:.1?}", median(&ours[1..])),
        ratio: None,
        target: "within 20 ms",
    }
}
