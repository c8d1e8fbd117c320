//! An aggregate that adds up numbers.

use std::sync::Arc;

use es_core::{Aggregate, Apply, Event, EventStore, EventStoreExt, LoadError, ReadError, Repository};
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, Serialize, Deserialize)]
#[event(name = "counted")]
pub(crate) struct Counted {
    pub(crate) number: u64,
}

#[derive(Aggregate, Default, Clone, Debug)]
#[aggregate(category = "counter", id = String, events(Counted))]
pub(crate) struct Counter {
    sum: u64,
}

impl Apply<Counted> for Counter {
    fn apply(&mut self, event: Counted) {
        self.sum += event.number;
    }
}

/// Loads a counter in a separate task, so that a panic becomes an error.
pub(crate) async fn load(store: &Arc<dyn EventStore>, id: &str) -> Result<Result<u64, ReadError>, String> {
    let (counters, id) = (store.repository::<Counter>(), id.to_owned());
    match tokio::spawn(async move { counters.load(&id).await.map(|root| root.sum) }).await {
        Ok(Ok(sum)) => Ok(Ok(sum)),
        Ok(Err(LoadError::Read(error))) => Ok(Err(error)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => Err(format!("reading panicked: {panic}")),
    }
}
