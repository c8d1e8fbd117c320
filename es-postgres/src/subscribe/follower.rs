//! The task that follows the log for all who wait.

use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::notify::WakeUp;
use super::recent::{Advance, RecentEvents};
use crate::read::Reader;
use crate::read::frontier::Frontier;
use crate::read::log::Log;
use crate::read::open_readers::OpenReaders;
use crate::server::back_off::BackOff;
use crate::server::error::root_cause;

/// Below this many subscriptions each reads for itself, and what it does not want stays on the server.
const SHARED_BY: usize = 2;

/// Follows the log for all who wait.
#[derive(Debug)]
pub(crate) struct Follower {
    pub(super) recent: watch::Sender<RecentEvents>,
    /// Somebody began to wait.
    pub(super) subscribed: Arc<Notify>,
    pub(super) subscriptions: OpenReaders,
}

impl Follower {
    /// Asks for the frontier while somebody waits, for ever.
    pub(crate) async fn follow(self, log: Arc<Log>, reader: Arc<Reader>, wake_up: WakeUp) {
        let mut wake_ups = wake_up.subscribe();
        let mut back_off = BackOff::polling();
        let mut lost = false;
        loop {
            // one of them is kept to make others
            if self.recent.receiver_count() <= 1 {
                self.subscribed.notified().await;
                back_off.reset();
                continue;
            }
            wake_ups.mark_unchanged();
            match log.frontier().await {
                Ok(frontier) => {
                    if lost {
                        tracing::info!("the frontier is known again");
                    }
                    lost = false;
                    if self.advance(&reader, frontier).await {
                        back_off.reset();
                        continue;
                    }
                }
                Err(error) => {
                    if !lost {
                        tracing::warn!(error = %root_cause(&error), "the frontier cannot be asked for; subscriptions wait");
                    }
                    lost = true;
                }
            }
            // the sender lives in this task's own store, so only a change or the pause ends the wait
            if timeout(back_off.next_pause(), wake_ups.changed()).await.is_ok() {
                back_off.reset();
            }
        }
    }

    /// Publishes a new frontier, with the events up to it where they are few and many wait for them.
    async fn advance(&self, reader: &Arc<Reader>, frontier: Frontier) -> bool {
        let before = self.recent.borrow().frontier;
        if frontier.incarnation != before.incarnation {
            tracing::warn!(incarnation = %frontier.incarnation, "the log has moved to another server, or was restored");
            self.recent.send_modify(|recent| recent.advance_to(frontier, None));
            // not at once again: connections to two servers would be told of a move each time
            return false;
        }
        if frontier.position <= before.position {
            return false;
        }
        let shared = self.subscriptions.count() >= SHARED_BY;
        let advance = if shared { Advance::read(reader, before.position, frontier).await } else { None };
        self.recent.send_modify(|recent| recent.advance_to(frontier, advance));
        true
    }
}
