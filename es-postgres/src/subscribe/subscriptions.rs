//! All who wait for events.

use std::sync::Arc;

use es_core::{Checkpoint, Filter, Page, ReadError};
use futures_core::stream::BoxStream;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::follower::Follower;
use super::recent::RecentEvents;
use super::subscription::{Subscription, closed};
use crate::read::Reader;
use crate::read::log::Log;
use crate::read::open_readers::OpenReaders;

/// All who wait for events.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    log: Arc<Log>,
    reader: Arc<Reader>,
    /// The sender is the follower's: when that one has ended with its runtime, nobody waits any more.
    recent: watch::Receiver<RecentEvents>,
    /// Somebody began to wait.
    subscribed: Arc<Notify>,
    open_readers: OpenReaders,
}

impl Subscriptions {
    /// None yet, of a log in this incarnation; and who has to follow it for them.
    pub(crate) fn new(log: Arc<Log>, reader: Arc<Reader>, incarnation: Uuid) -> (Self, Follower) {
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
        // also where the frontier was above `seen` already: a store that is closed answers nothing
        recent.has_changed().map_err(|_| closed())?;
        let news = recent.wait_for(|recent| recent.frontier.checkpoint().is_news_after(seen)).await;
        news.map(|recent| recent.frontier.checkpoint()).map_err(|_| closed())
    }

    /// Catches up after `after` and goes on live, a page at a time.
    pub(crate) fn subscribe(&self, after: Checkpoint, filter: Filter) -> BoxStream<'static, Result<Page, ReadError>> {
        let (log, reader) = (Arc::clone(&self.log), Arc::clone(&self.reader));
        Subscription::new(log, reader, self.watch(), self.open_readers.register()).pages(after, filter)
    }

    fn watch(&self) -> watch::Receiver<RecentEvents> {
        let mut recent = self.recent.clone();
        recent.mark_unchanged();
        self.subscribed.notify_one();
        recent
    }
}
