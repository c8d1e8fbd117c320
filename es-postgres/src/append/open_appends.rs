//! Appends in callers' transactions: the store is not told when such a transaction ends, so it watches the frontier.
//!
//! The frontier passes the events of a transaction when the transaction has ended, by a commit or a rollback. Then the
//! watcher wakes the readers of this process, and those of others by a notification.

use std::sync::Arc;

use es_core::{Appended, Position};
use tokio::sync::watch;

use crate::{read::log_state::LogState, server::back_off::BackOff, subscribe::notify::WakeUp};

/// The highest position of an event that was appended in a caller's transaction.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenAppends(watch::Sender<Position>);

impl OpenAppends {
    /// Records an append in a caller's transaction that may still be open.
    pub(crate) fn appended(&self, appended: &[Appended]) {
        let new = appended.iter().filter(|appended| !appended.repeated);
        let Some(last) = new.filter_map(|appended| appended.positions.last().copied()).max() else { return };
        self.0.send_if_modified(|highest| {
            let higher = last > *highest;
            *highest = last.max(*highest);
            higher
        });
    }

    /// Wakes readers whenever such transactions have ended. Runs until the store is dropped.
    ///
    /// A crash of the server may set the sequence back below the positions of a transaction that was lost with it. The watcher
    /// cannot tell that from an open transaction, so it goes on asking, at the longest pause of its back-off (four small
    /// queries a second), until new appends have drawn past these positions.
    pub(crate) async fn wake_readers_when_ended(self, log: Arc<LogState>, wake_up: WakeUp) {
        let mut appended = self.0.subscribe();
        // `self` holds the sender, so the channel never closes.
        while appended.changed().await.is_ok() {
            let mut back_off = BackOff::watching();
            loop {
                if appended.has_changed().unwrap_or(false) {
                    back_off.reset();
                }
                let highest = *appended.borrow_and_update();
                match log.frontier().await {
                    Ok(frontier) if frontier.finished >= highest => break,
                    Ok(_) => {}
                    // At DEBUG only: the follower task logs the same failure as a warning.
                    Err(error) => tracing::debug!(%error, "cannot watch a caller's transaction"),
                }
                back_off.wait().await;
            }
            wake_up.appended();
        }
    }
}
