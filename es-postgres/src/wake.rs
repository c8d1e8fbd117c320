//! Waking up whoever waits for events.

use es_core::Position;
use tokio::sync::watch;

/// Tells the readers of this process that something was appended.
#[derive(Debug, Clone)]
pub(crate) struct Wake {
    appended: watch::Sender<Position>,
}

impl Wake {
    pub(crate) fn new() -> Self {
        Self { appended: watch::Sender::new(Position::START) }
    }

    /// Something was appended, up to this position.
    pub(crate) fn appended(&self, position: Position) {
        self.appended.send_if_modified(|last| {
            let newer = position > *last;
            *last = position.max(*last);
            newer
        });
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Position> {
        self.appended.subscribe()
    }
}
