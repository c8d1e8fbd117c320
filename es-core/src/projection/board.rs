//! The board: what the store says of the read models, asked for all followers of one program at once.

use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use tokio::{
    select,
    sync::{Notify, watch},
    time::sleep,
};

use crate::store::{ReadModelId, ReadModelStatus, ReadModels};

/// How long a request may go unheard, half of what is promised.
const PAUSE: Duration = Duration::from_millis(500);

/// What the store said last.
pub(crate) type Statuses = Arc<HashMap<ReadModelId, ReadModelStatus>>;

/// What the store says of its read models, half a second old at most while it runs.
pub(crate) struct Board {
    statuses: watch::Sender<Statuses>,
    /// Somebody of this program has asked for something.
    asked: Notify,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self { statuses: watch::Sender::default(), asked: Notify::new() }
    }

    /// Asks the store again and again.
    pub(crate) async fn run(&self, read_models: &dyn ReadModels) -> Infallible {
        loop {
            match read_models.statuses().await {
                Ok(statuses) => {
                    let statuses: HashMap<_, _> =
                        statuses.into_iter().map(|status| (status.model.clone(), status)).collect();
                    self.statuses.send_if_modified(|known| {
                        let changed = **known != statuses;
                        if changed {
                            *known = Arc::new(statuses);
                        }
                        changed
                    });
                }
                // Who needs the store to go on meets the error itself.
                Err(error) => tracing::debug!(%error, "the store does not say how far its read models have come"),
            }
            select! {
                () = sleep(PAUSE) => {}
                () = self.asked.notified() => {}
            }
        }
    }

    /// Lets it ask at once.
    pub(crate) fn refresh(&self) {
        self.asked.notify_one();
    }

    /// Waits until `model` has an epoch above `epoch`, because somebody claimed it or asked something of it, and gives its status.
    pub(crate) async fn moved_on(&self, model: &ReadModelId, epoch: u64) -> ReadModelStatus {
        let mut statuses = self.statuses.subscribe();
        loop {
            if let Some(status) = statuses.borrow_and_update().get(model).filter(|status| status.epoch > epoch) {
                return status.clone();
            }
            if statuses.changed().await.is_err() {
                return std::future::pending().await; // The sender is `self`.
            }
        }
    }
}
