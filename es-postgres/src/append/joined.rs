//! Appends in transactions of callers: nobody tells the store when these end, so it looks.
//!
//! Their events show when the frontier passes them, after a commit or a rollback alike. From then on they are like
//! any others: readers of this process are woken at once, those of others by a notification.

use std::sync::Arc;
use std::time::{Duration, Instant};

use es_core::{Appended, Position};
use tokio::sync::watch;

use crate::read::Reader;
use crate::subscribe::notify::Wake;

/// How long to wait before the frontier is asked for again: a tenth of what the transaction took so far, between these.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LAST_PAUSE: Duration = Duration::from_millis(250);

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
    pub(crate) async fn follow(self, reader: Arc<Reader>, wake: Wake) {
        let mut given = self.0.subscribe();
        // the sender lives in this very task
        while given.changed().await.is_ok() {
            let mut began = Instant::now();
            loop {
                if given.has_changed().unwrap_or(false) {
                    began = Instant::now();
                }
                let highest = *given.borrow_and_update();
                match reader.frontier().await {
                    Ok(frontier) if frontier.decided >= highest => break,
                    Ok(_) => {}
                    // who follows the head says so in the log
                    Err(error) => tracing::debug!(%error, "cannot look whether a transaction of a caller's ended"),
                }
                tokio::time::sleep((began.elapsed() / 10).clamp(FIRST_PAUSE, LAST_PAUSE)).await;
            }
            wake.appended();
        }
    }
}
