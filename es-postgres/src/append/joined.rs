//! Appends in transactions of callers: nobody tells the store when these end, so it looks.
//!
//! Their events show when the frontier passes them, after a commit or a rollback alike. From then on they are like
//! any others: readers of this process are woken at once, those of others by a notification.

use std::sync::Arc;

use es_core::{Appended, Position};
use tokio::sync::watch;

use crate::read::log::Log;
use crate::server::back_off::BackOff;
use crate::subscribe::notify::WakeUp;

/// The highest position that transactions of callers were given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Joined(watch::Sender<Position>);

impl Joined {
    /// A transaction that may still be open appended this.
    pub(crate) fn appended(&self, appended: &[Appended]) {
        let new = appended.iter().filter(|appended| !appended.repeated);
        let Some(last) = new.filter_map(|appended| appended.positions.last().copied()).max() else { return };
        self.0.send_if_modified(|highest| {
            let higher = last > *highest;
            *highest = last.max(*highest);
            higher
        });
    }

    /// Wakes readers when such transactions end, for ever.
    pub(crate) async fn follow(self, log: Arc<Log>, wake_up: WakeUp) {
        let mut given = self.0.subscribe();
        // the sender lives in this very task
        while given.changed().await.is_ok() {
            let mut back_off = BackOff::watching();
            loop {
                if given.has_changed().unwrap_or(false) {
                    back_off.reset();
                }
                let highest = *given.borrow_and_update();
                match log.frontier().await {
                    Ok(frontier) if frontier.finished >= highest => break,
                    Ok(_) => {}
                    // the follower says so in the log
                    Err(error) => tracing::debug!(%error, "cannot look whether a transaction of a caller's ended"),
                }
                back_off.wait().await;
            }
            wake_up.appended();
        }
    }
}
