//! All who wait for events.

use std::sync::Arc;

use es_core::{Checkpoint, Filter, Page, ReadError};
use futures_core::stream::BoxStream;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::follower::Follower;
use super::newest::Newest;
use super::subscription::{Subscription, closed};
use crate::read::Reader;
use crate::read::log::Log;
use crate::read::open::OpenReaders;

/// All who wait for events.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    log: Arc<Log>,
    reader: Arc<Reader>,
    /// The sender is the follower's: when that one has ended with its runtime, nobody waits any more.
    newest: watch::Receiver<Newest>,
    /// Somebody began to wait.
    joined: Arc<Notify>,
    open: OpenReaders,
}

impl Subscriptions {
    /// None yet, of a log in this incarnation; and who has to follow it for them.
    pub(crate) fn new(log: Arc<Log>, reader: Arc<Reader>, incarnation: Uuid) -> (Self, Follower) {
        let (sender, newest) = watch::channel(Newest::start(incarnation));
        let (joined, open) = (Arc::<Notify>::default(), OpenReaders::default());
        let follower = Follower { newest: sender, joined: Arc::clone(&joined), subscriptions: open.clone() };
        (Self { log, reader, newest, joined, open }, follower)
    }

    /// How many subscriptions are open.
    pub(crate) fn count(&self) -> usize {
        self.open.count()
    }

    /// Waits until the frontier is above `seen`, or in another incarnation.
    pub(crate) async fn changed(&self, seen: Checkpoint) -> Result<Checkpoint, ReadError> {
        let mut newest = self.join();
        // also where the frontier was above `seen` already: a store that is closed answers nothing
        newest.has_changed().map_err(|_| closed())?;
        let news = newest.wait_for(|newest| newest.frontier.checkpoint().is_news_after(seen)).await;
        news.map(|newest| newest.frontier.checkpoint()).map_err(|_| closed())
    }

    /// Catches up after `after` and goes on live, a page at a time.
    pub(crate) fn subscribe(&self, after: Checkpoint, filter: Filter) -> BoxStream<'static, Result<Page, ReadError>> {
        let (log, reader) = (Arc::clone(&self.log), Arc::clone(&self.reader));
        Subscription::new(log, reader, self.join(), self.open.open()).pages(after, filter)
    }

    fn join(&self) -> watch::Receiver<Newest> {
        let mut newest = self.newest.clone();
        newest.mark_unchanged();
        self.joined.notify_one();
        newest
    }
}
