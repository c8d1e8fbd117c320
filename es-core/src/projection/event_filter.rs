//! The event filter: which events a projection wants.

use futures_util::StreamExt;

use crate::{
    event::EventSet,
    store::{Checkpoint, Direction, EventStore, Filter, Page, Position, ReadError, StoredEvent},
};

/// Which events a projection wants. A store selects by categories and names only, so it may give more.
#[derive(Clone, Debug)]
pub(crate) struct EventFilter {
    at_store: Filter,
    wants: fn(&str, &str) -> bool,
}

impl EventFilter {
    /// The events that a projection over `S` wants.
    pub(crate) fn of<S: EventSet>() -> Self {
        let at_store = if S::EVERY.is_empty() {
            Filter::events::<S>()
        } else {
            // By categories alone, since no list of names has those that only a newer program knows.
            S::CATEGORIES.iter().copied().fold(Filter::all(), Filter::category)
        };
        Self { at_store, wants: S::wants }
    }

    /// The events that a store is asked for.
    pub(crate) const fn at_store(&self) -> &Filter {
        &self.at_store
    }

    /// Whether the projection wants `event`, which was read for this projection or for several.
    pub(crate) fn accepts(&self, event: &StoredEvent) -> bool {
        (self.wants)(event.stream.category(), &event.name)
    }

    /// Finds the first event behind `from` that the projection wants, and notes in `nothing_up_to` up to where there is none. Looks
    /// no further when that is at or behind `enough`.
    pub(crate) async fn first_behind(
        &self,
        store: &dyn EventStore,
        mut from: Checkpoint,
        enough: Position,
        nothing_up_to: &mut Position,
    ) -> Result<Option<StoredEvent>, ReadError> {
        // Most often the first that the store gives is wanted.
        let mut limit = 1;
        loop {
            let mut pages = store.read_pages(from, Direction::Forward, &self.at_store, Some(limit));
            let mut is_end = true;
            while let Some(page) = pages.next().await.transpose()? {
                if let Some(event) = page.events.iter().find(|event| self.accepts(event)) {
                    let before = Position::new(event.position.get().saturating_sub(1));
                    *nothing_up_to = before.max(*nothing_up_to);
                    return Ok(Some(event.clone()));
                }
                *nothing_up_to = page.up_to.max(*nothing_up_to);
                if *nothing_up_to >= enough {
                    return Ok(None);
                }
                is_end = page.is_live() || page.events.is_empty();
                from = page.checkpoint();
            }
            if is_end {
                return Ok(None);
            }
            limit = (4 * limit).min(Page::EVENTS);
        }
    }
}
