//! The page: events in order, how far the reader has looked, and the frontier then.

use std::{
    collections::VecDeque,
    task::{Poll, ready},
};

use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream::poll_fn};

use crate::store::{Checkpoint, Position, ReadError, StoredEvent};

/// Events in the order of their positions, how far the reader has looked, and the frontier then.
///
/// A page is empty when the filter accepts none of the events that the reader has looked at.
///
/// ```
/// # use es_core::{Page, StoredEvent};
/// fn handle(page: &Page) {
///     for event in &page.events {
///         println!("{} was handled up to {}", event.name, page.checkpoint_of(event));
///     }
///     println!("everything was looked at up to {}; live: {}", page.checkpoint(), page.is_live());
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The events that the filter accepts.
    pub events: Vec<StoredEvent>,
    /// Where the reader stopped: it has looked at every event up to here; backward, at every event from here on. Never above
    /// the last event.
    pub up_to: Position,
    /// The frontier when the page was read.
    pub frontier: Checkpoint,
}

impl Page {
    /// The most bytes of payloads and metadata that a page holds, unless it holds a single event.
    pub const BYTES: usize = 16 * 1024 * 1024;
    /// The most events that a page holds.
    pub const EVENTS: usize = 4096;

    /// Creates a page of these events.
    pub const fn new(events: Vec<StoredEvent>, up_to: Position, frontier: Checkpoint) -> Self {
        Self { events, up_to, frontier }
    }

    /// Where to continue after the whole page.
    pub const fn checkpoint(&self) -> Checkpoint {
        self.frontier.at(self.up_to)
    }

    /// Where to continue after `event`, which must be one of this page.
    pub const fn checkpoint_of(&self, event: &StoredEvent) -> Checkpoint {
        self.frontier.at(event.position)
    }

    /// Whether the page ends at the frontier: the reader has caught up.
    pub fn is_live(&self) -> bool {
        self.up_to >= self.frontier.position()
    }
}

/// Gives the events of pages one by one, and ends after an error.
pub(crate) fn events(
    mut pages: BoxStream<'_, Result<Page, ReadError>>,
) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
    let mut events = VecDeque::new();
    let mut ended = false;
    Box::pin(poll_fn(move |context| {
        loop {
            if let Some(event) = events.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            if ended {
                return Poll::Ready(None);
            }
            match ready!(pages.poll_next_unpin(context)) {
                Some(Ok(page)) => events = page.events.into(),
                Some(Err(error)) => {
                    ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => ended = true,
            }
        }
    }))
}
