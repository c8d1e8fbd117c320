//! The follower task: polls the frontier and publishes recent events for all subscriptions of a store.

use std::sync::Arc;

use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

use crate::{
    read::{Reader, frontier::Frontier, log_state::LogState, open_readers::OpenReaders},
    server::{back_off::BackOff, error::root_cause},
    subscribe::{
        notify::WakeUp,
        recent::{Advance, RecentEvents},
    },
};

/// From this many subscriptions on, the follower reads new events once for all of them. Below it, each subscription reads
/// with its own filter, so that the server sends only matching events.
const SHARED_BY: usize = 2;

/// Follows the log for all subscriptions of a store.
#[derive(Debug)]
pub(crate) struct Follower {
    pub(super) recent: watch::Sender<RecentEvents>,
    /// Notified when a caller subscribes.
    pub(super) subscribed: Arc<Notify>,
    pub(super) subscriptions: OpenReaders,
}

impl Follower {
    /// Polls the frontier while there are subscriptions. Never returns.
    pub(crate) async fn follow(self, log: Arc<LogState>, reader: Arc<Reader>, wake_up: WakeUp) {
        let mut wake_ups = wake_up.subscribe();
        let mut back_off = BackOff::polling();
        let mut failing = false;
        loop {
            // `Subscriptions` keeps one receiver to clone from.
            if self.recent.receiver_count() <= 1 {
                self.subscribed.notified().await;
                back_off.reset();
                continue;
            }
            wake_ups.mark_unchanged();
            match log.frontier().await {
                Ok(frontier) => {
                    if failing {
                        tracing::info!("the frontier can be queried again");
                    }
                    failing = false;
                    if self.advance(&reader, frontier).await {
                        back_off.reset();
                        continue;
                    }
                }
                Err(error) => {
                    if !failing {
                        tracing::warn!(error = %root_cause(&error), "cannot query the frontier; subscriptions wait");
                    }
                    failing = true;
                }
            }
            // This task holds the sender, so only a wake-up or the time-out ends the wait.
            if timeout(back_off.next_pause(), wake_ups.changed()).await.is_ok() {
                back_off.reset();
            }
        }
    }

    /// Publishes a new frontier, with the new events if several subscriptions share them. Returns whether the frontier is
    /// higher.
    async fn advance(&self, reader: &Arc<Reader>, frontier: Frontier) -> bool {
        let before = self.recent.borrow().frontier;
        if frontier.incarnation != before.incarnation {
            tracing::warn!(incarnation = %frontier.incarnation, "the log has moved to another server, or was restored");
            self.recent.send_modify(|recent| recent.advance_to(frontier, None));
            // Do not poll again at once: connections that lead to two servers would report a move each time.
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
