//! A subscriber that writes down what it is given.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use es_core::{EventStore, EventStoreExt, Filter, Position};
use futures_util::StreamExt;
use tokio::task::AbortHandle;
use uuid::Uuid;

use crate::ledger::Row;

/// A subscription from the start; it ends when this is dropped.
pub(crate) struct Follower {
    seen: Arc<Mutex<Seen>>,
    task: AbortHandle,
}

#[derive(Debug, Default)]
struct Seen {
    events: Vec<(u64, Uuid)>,
    /// How often the subscription ended with an error and was begun anew from where it stood.
    begun_anew: u64,
}

impl Follower {
    /// Subscribes from the start.
    pub(crate) fn start(store: Arc<dyn EventStore>) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let writing = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            loop {
                let after = writing.lock().unwrap().events.last().map_or(Position::START, |(p, _)| Position::new(*p));
                let mut events = Arc::clone(&store).into_subscription(after, Filter::all());
                while let Some(Ok(event)) = events.next().await {
                    writing.lock().unwrap().events.push((event.position.get(), event.id));
                }
                writing.lock().unwrap().begun_anew += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        Self { seen, task: task.abort_handle() }
    }

    /// How often the subscription ended with an error.
    pub(crate) fn begun_anew(&self) -> u64 {
        self.seen.lock().unwrap().begun_anew
    }

    /// How many events it was given.
    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().events.len()
    }

    /// Waits until it has had as many events as there are, and holds them against the table.
    ///
    /// # Errors
    /// What was skipped, given twice or out of order.
    pub(crate) async fn check(&self, rows: &[Row]) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.count() < rows.len() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // one more would be one too many
        tokio::time::sleep(Duration::from_millis(50)).await;
        compare(&self.seen.lock().unwrap().events, rows)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Every event exactly once, in the order of positions.
pub(crate) fn compare(seen: &[(u64, Uuid)], rows: &[Row]) -> Result<(), String> {
    if let Some(pair) = seen.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
        return Err(format!("position {} was given after {}", pair[1].0, pair[0].0));
    }
    let stored = rows.iter().map(|row| (row.position, row.id));
    match stored.zip(seen.iter().copied()).find(|(stored, seen)| stored != seen) {
        Some((stored, seen)) => Err(format!("position {} was skipped, {} came instead", stored.0, seen.0)),
        None if seen.len() != rows.len() => Err(format!("{} events were given of {}", seen.len(), rows.len())),
        None => Ok(()),
    }
}
