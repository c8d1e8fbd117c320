//! All subscriptions of a store.

use std::sync::Arc;

use es_core::{Checkpoint, Filter, Page, ReadError};
use futures_core::stream::BoxStream;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::{
    read::{Reader, log_state::LogState, open_readers::OpenReaders},
    subscribe::{
        follower::Follower,
        recent::RecentEvents,
        subscription::{Subscription, closed},
    },
};

/// All subscriptions of a store.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    log: Arc<LogState>,
    reader: Arc<Reader>,
    /// The follower holds the sender: when its task ends with the runtime, every wait ends with an error.
    recent: watch::Receiver<RecentEvents>,
    /// Notified when a caller subscribes.
    subscribed: Arc<Notify>,
    open_readers: OpenReaders,
}

impl Subscriptions {
    /// Creates an empty set for a log in this incarnation, and the follower to run for it.
    pub(crate) fn new(log: Arc<LogState>, reader: Arc<Reader>, incarnation: Uuid) -> (Self, Follower) {
        let (sender, recent) = watch::channel(RecentEvents::start(incarnation));
        let (subscribed, open_readers) = (Arc::<Notify>::default(), OpenReaders::default());
        let follower =
            Follower { recent: sender, subscribed: Arc::clone(&subscribed), subscriptions: open_readers.clone() };
        (Self { log, reader, recent, subscribed, open_readers }, follower)
    }

    /// How many subscriptions are open.
    pub(crate) fn count(&self) -> usize {
        self.open_readers.count()
    }

    /// Waits until the frontier is above `seen`, or in another incarnation.
    pub(crate) async fn changed(&self, seen: Checkpoint) -> Result<Checkpoint, ReadError> {
        let mut recent = self.watch();
        // Fail even where the frontier is above `seen` already: a closed store must not answer.
        recent.has_changed().map_err(|_| closed())?;
        let changed = recent.wait_for(|recent| recent.frontier.checkpoint().is_news_after(seen)).await;
        changed.map(|recent| recent.frontier.checkpoint()).map_err(|_| closed())
    }

    /// Catches up after `after` and then follows the log live, page by page.
    pub(crate) fn subscribe(&self, after: Checkpoint, filter: Filter) -> BoxStream<'static, Result<Page, ReadError>> {
        let (log, reader) = (Arc::clone(&self.log), Arc::clone(&self.reader));
        Subscription::new(log, reader, self.watch(), self.open_readers.register()).pages(after, filter)
    }

    /// Returns a receiver of what the follower publishes, and wakes the follower.
    fn watch(&self) -> watch::Receiver<RecentEvents> {
        let mut recent = self.recent.clone();
        recent.mark_unchanged();
        self.subscribed.notify_one();
        recent
    }
}
