//! A subscriber that records every event it receives.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use es_contract::torture::Seen;
use es_core::{EventStore, EventStoreExt, Filter, Position};
use tokio::task::AbortHandle;
use uuid::Uuid;

/// A subscription from the start; it ends when this is dropped.
pub(crate) struct RecordingSubscriber {
    received: Arc<Mutex<Received>>,
    task: AbortHandle,
}

#[derive(Debug, Default)]
struct Received {
    events: Vec<(Position, Uuid)>,
    /// How often the subscription ended with an error and was restarted after its last event.
    restarts: u64,
}

impl RecordingSubscriber {
    /// Subscribes from the start.
    pub(crate) fn start(store: Arc<dyn EventStore>) -> Self {
        let received = Arc::<Mutex<Received>>::default();
        let shared = Arc::clone(&received);
        let task = tokio::spawn(async move {
            loop {
                let after = shared.lock().unwrap().events.last().map_or(Position::START, |(position, _)| *position);
                let mut events = store.stored_events().after(after).owned().subscribe();
                while let Some(Ok(event)) = events.next().await {
                    shared.lock().unwrap().events.push((event.position, event.id));
                }
                shared.lock().unwrap().restarts += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        Self { received, task: task.abort_handle() }
    }

    /// How often the subscription ended with an error.
    pub(crate) fn restarts(&self) -> u64 {
        self.received.lock().unwrap().restarts
    }

    /// The number of events received.
    pub(crate) fn received(&self) -> usize {
        self.received.lock().unwrap().events.len()
    }

    /// The events received, once there are `events` of them or 30 seconds have passed.
    pub(crate) async fn seen(&self, events: usize) -> Seen {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.received() < events && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Waits for events that are delivered twice.
        tokio::time::sleep(Duration::from_millis(50)).await;
        seen(self.received.lock().unwrap().events.clone())
    }
}

impl Drop for RecordingSubscriber {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// `events` as received by an unfiltered subscription from the start.
pub(crate) fn seen(events: Vec<(Position, Uuid)>) -> Seen {
    Seen { after: Position::START, filter: Filter::all(), events }
}
