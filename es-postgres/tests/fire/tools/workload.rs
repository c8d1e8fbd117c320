//! Tasks that append until they are stopped.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use es_core::{
    Append, AppendError, Direction, EncodeError, EventName, EventStore, Expected, NewEvent, SchemaVersion, StreamId,
    Version,
};
use futures_util::StreamExt;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::tools::{ledger::Ledger, seed::Random};

/// Writers on one or more stores, and the answers that they received.
pub(crate) struct Workload {
    pub(crate) ledger: Arc<Ledger>,
    stop: Arc<AtomicBool>,
    writers: JoinSet<Errors>,
}

/// How often an append ended in a conflict or another error.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Errors {
    pub(crate) store: u64,
    pub(crate) conflicts: u64,
}

impl Workload {
    /// Starts `tasks` writers for each store, which all append to the same `streams` streams.
    pub(crate) fn start(stores: &[Arc<dyn EventStore>], tasks: u64, streams: u64, random: &mut Random) -> Self {
        let ledger = Arc::<Ledger>::default();
        let stop = Arc::<AtomicBool>::default();
        let mut writers = JoinSet::new();
        for store in stores {
            for _ in 0..tasks {
                writers.spawn(write(Arc::clone(store), Arc::clone(&ledger), Arc::clone(&stop), random.fork(), streams));
            }
        }
        Self { ledger, stop, writers }
    }

    /// Stops the writers, and waits for them.
    pub(crate) async fn stop(mut self) -> (Arc<Ledger>, Errors) {
        self.stop.store(true, Ordering::Release);
        let mut errors = Errors::default();
        let all = async {
            while let Some(writer) = self.writers.join_next().await {
                let one = writer.expect("a writer does not panic");
                errors.store += one.store;
                errors.conflicts += one.conflicts;
            }
        };
        tokio::time::timeout(Duration::from_mins(2), all).await.expect("every append ends");
        (self.ledger, errors)
    }
}

async fn write(
    store: Arc<dyn EventStore>,
    ledger: Arc<Ledger>,
    stop: Arc<AtomicBool>,
    mut random: Random,
    streams: u64,
) -> Errors {
    let mut errors = Errors::default();
    while !stop.load(Ordering::Acquire) {
        let appends = appends(&*store, &mut random, streams).await;
        match ledger.append(&*store, appends).await {
            Ok(_) => {}
            Err(AppendError::Conflict(_)) => errors.conflicts += 1,
            Err(_) => {
                errors.store += 1;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
    errors
}

/// An append to one stream, sometimes to two, with any kind of expectation.
pub(crate) async fn appends(store: &dyn EventStore, random: &mut Random, streams: u64) -> Vec<Append> {
    let first = random.below(streams);
    let second = (first + 1 + random.below(streams.max(2) - 1)) % streams;
    let mut appends = Vec::new();
    for number in if random.one_in(8) && first != second { vec![first, second] } else { vec![first] } {
        let stream = StreamId::new("fire", number.to_string()).unwrap();
        let expected = match random.below(4) {
            0 => Expected::Any,
            1 => Expected::Exists,
            _ => last(store, &stream).await,
        };
        let count = 1 + random.below(4);
        appends.push(Append::new(stream, expected, (0..count).map(|_| event()).collect()));
    }
    appends
}

/// What a caller that has just loaded the stream expects.
async fn last(store: &dyn EventStore, stream: &StreamId) -> Expected {
    match store.read_stream(stream, Version::MAX, Direction::Backward, Some(1)).next().await {
        Some(Ok(event)) => Expected::Exact(event.version),
        None => Expected::NoStream,
        // The server is away, so any expectation will do.
        Some(Err(_)) => Expected::Any,
    }
}

/// An event with a unique payload.
pub(crate) fn event() -> NewEvent {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let payload = format!(r#"{{"process":{},"number":{number}}}"#, std::process::id());
    NewEvent::from_json(Uuid::now_v7(), EventName::from_static("fire.happened").unwrap(), SchemaVersion::FIRST, payload)
        .unwrap()
}

/// An event with this name and payload, or the refusal of them.
pub(crate) fn named(name: &str, payload: &str) -> Result<NewEvent, EncodeError> {
    NewEvent::from_json(Uuid::now_v7(), EventName::new(name)?, SchemaVersion::FIRST, payload.to_owned())
}
