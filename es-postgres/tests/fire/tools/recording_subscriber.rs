//! A subscriber that writes down what it is given.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use es_contract::torture::Seen;
use es_core::{EventStore, EventStoreExt, Filter, Position};
use tokio::task::AbortHandle;
use uuid::Uuid;

/// A subscription from the start; it ends when this is dropped.
pub(crate) struct Follower {
    given: Arc<Mutex<Given>>,
    task: AbortHandle,
}

#[derive(Debug, Default)]
struct Given {
    events: Vec<(Position, Uuid)>,
    /// How often the subscription ended with an error and was begun anew from where it stood.
    begun_anew: u64,
}

impl Follower {
    /// Subscribes from the start.
    pub(crate) fn start(store: Arc<dyn EventStore>) -> Self {
        let given = Arc::<Mutex<Given>>::default();
        let writing = Arc::clone(&given);
        let task = tokio::spawn(async move {
            loop {
                let after = writing.lock().unwrap().events.last().map_or(Position::START, |(position, _)| *position);
                let mut events = store.stored_events().after(after).owned().subscribe();
                while let Some(Ok(event)) = events.next().await {
                    writing.lock().unwrap().events.push((event.position, event.id));
                }
                writing.lock().unwrap().begun_anew += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        Self { given, task: task.abort_handle() }
    }

    /// How often the subscription ended with an error.
    pub(crate) fn begun_anew(&self) -> u64 {
        self.given.lock().unwrap().begun_anew
    }

    /// How many events it was given.
    pub(crate) fn count(&self) -> usize {
        self.given.lock().unwrap().events.len()
    }

    /// What it was given, when that are `events`, or when it has had time enough.
    pub(crate) async fn seen(&self, events: usize) -> Seen {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.count() < events && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // one more would be one too many
        tokio::time::sleep(Duration::from_millis(50)).await;
        seen(self.given.lock().unwrap().events.clone())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Everything from the start.
pub(crate) fn seen(events: Vec<(Position, Uuid)>) -> Seen {
    Seen { after: Position::START, filter: Filter::all(), events }
}
