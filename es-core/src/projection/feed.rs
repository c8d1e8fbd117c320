//! The feed: one reader of the log for all that follows it in one program.

use std::{convert::Infallible, sync::Arc};

use async_stream::try_stream;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use tokio::{
    select,
    sync::{broadcast, watch},
};

use crate::{
    projection::back_off::BackOff,
    store::{Checkpoint, Direction, EventStore, Filter, Page, ReadError, StoreErrorKind, yield_once},
};

/// How many pages wait for the slowest follower. One that is further behind reads the log by itself.
const WAITING: usize = 64;

/// One reader of the log, from which followers that have caught up take their pages.
pub(crate) struct Feed {
    wanted: watch::Sender<Wanted>,
    pages: broadcast::Sender<Fed>,
}

/// What the followers want, all together.
#[derive(Clone, Default)]
struct Wanted {
    filter: Option<Filter>,
    /// How many filters it consists of.
    filters: usize,
}

/// What the feed tells its followers.
#[derive(Clone)]
enum Fed {
    /// A page of the log.
    Page {
        /// How many filters it was read for.
        filters: usize,
        /// Where the page before ended.
        from: Checkpoint,
        page: Arc<Page>,
    },
    /// The log cannot be read, and will not be by trying again: each follower looks for itself.
    Failed,
}

impl Feed {
    pub(crate) fn new() -> Self {
        Self { wanted: watch::Sender::default(), pages: broadcast::Sender::new(WAITING) }
    }

    /// Adds what a follower wants. It calls this before it [follows](Self::follow).
    pub(crate) fn add(&self, filter: &Filter) {
        self.wanted.send_modify(|wanted| {
            wanted.filters += 1;
            wanted.filter = Some(match wanted.filter.take() {
                Some(before) => before.or(filter),
                None => filter.clone(),
            });
        });
    }

    /// Reads the log from its end on, as soon as a follower is there.
    pub(crate) async fn run<S: EventStore + ?Sized>(&self, store: &S) -> Infallible {
        let (mut wanted, mut back_off) = (self.wanted.subscribe(), BackOff::new());
        let mut reached = None;
        loop {
            let Wanted { filter, filters } = wanted.borrow_and_update().clone();
            let read = async {
                let Some(filter) = &filter else { return std::future::pending().await };
                let from = match reached {
                    Some(reached) => reached,
                    None => store.frontier().await?,
                };
                // A follower that subscribed before, and has looked less far, learns that it missed something.
                self.pass_on(filters, from, Page::new(Vec::new(), from.position(), from), &mut reached);
                let mut pages = store.subscribe_pages(from, filter);
                while let Some(page) = pages.next().await {
                    let page = page?;
                    back_off = BackOff::new();
                    self.pass_on(filters, reached.unwrap_or(from), page, &mut reached);
                    yield_once().await;
                }
                Ok(()) // No store ends a subscription without an error.
            };
            let ended: Result<(), ReadError> = select! {
                biased;
                _ = wanted.changed() => continue,
                ended = read => ended,
            };
            if let Err(error) = ended {
                tracing::warn!(%error, "the reader of the log for projections begins anew");
                if !passes(&error) {
                    // An event that is damaged stops only those that want it; a store that is closed stops all.
                    drop(self.pages.send(Fed::Failed));
                    reached = None;
                }
            }
            back_off.wait().await;
        }
    }

    /// Sends a page to the followers, if there are any.
    fn pass_on(&self, filters: usize, from: Checkpoint, page: Page, reached: &mut Option<Checkpoint>) {
        *reached = Some(page.checkpoint());
        drop(self.pages.send(Fed::Page { filters, from, page: Arc::new(page) }));
    }

    /// Reads what `filter` accepts behind `from`: from the log until it has caught up, and then from the feed. The pages of the
    /// feed hold more than that, and may hold events that were given before. There is at least one page; it ends after an
    /// error.
    pub(crate) fn follow<'a, S: EventStore + ?Sized>(
        &'a self,
        store: &'a S,
        from: Checkpoint,
        filter: Filter,
    ) -> BoxStream<'a, Result<Arc<Page>, ReadError>> {
        let filters = self.wanted.borrow().filters;
        Box::pin(try_stream! {
            let mut at = from;
            loop {
                // Before it reads: so what the log gets meanwhile is in the feed, or the feed tells that it began later.
                let mut fed = self.pages.subscribe();
                {
                    let mut pages = store.read_pages(at, Direction::Forward, &filter, None);
                    while let Some(page) = pages.next().await {
                        let page = page?;
                        at = page.frontier.at(page.up_to.max(at.position()));
                        yield Arc::new(page);
                    }
                }
                while let Ok(Fed::Page { filters: known, from, page }) = fed.recv().await {
                    // A page that was read without this filter may lack events; the feed begins anew with it.
                    if known < filters {
                        continue;
                    }
                    if page.frontier.is_of_another_log_than(at) || from.position() > at.position() {
                        break;
                    }
                    if page.up_to > at.position() {
                        at = page.checkpoint();
                        yield page;
                    }
                }
                yield_once().await;
            }
        })
    }
}

/// Whether the log can be read on from the same place after `error`.
pub(crate) fn passes(error: &ReadError) -> bool {
    matches!(error, ReadError::Store(source) if source.is_transient() || source.kind() == StoreErrorKind::Moved)
}
