//! The frontier and the recent events, as the follower publishes them.

use std::{collections::VecDeque, sync::Arc};

use es_core::{Filter, Page, Position, StoredEvent};
use futures_util::TryStreamExt;
use uuid::Uuid;

use crate::read::{Cursor, Reader, frontier::Frontier};

/// How many events, and how many bytes of them, are kept for subscriptions to share.
const EVENTS: usize = 2_000;
const BYTES: usize = 4 * 1024 * 1024;

/// The frontier, and the most recent events up to it.
#[derive(Debug, Clone)]
pub(super) struct RecentEvents {
    pub(super) frontier: Frontier,
    /// The events of the last advances: contiguous, up to the frontier.
    advances: VecDeque<Arc<Advance>>,
}

/// The events of one advance of the frontier.
#[derive(Debug)]
pub(super) struct Advance {
    after: Position,
    pub(super) events: Vec<StoredEvent>,
    bytes: usize,
}

impl RecentEvents {
    /// Nothing has been read yet.
    pub(super) fn start(incarnation: Uuid) -> Self {
        Self { frontier: Frontier::start(incarnation), advances: VecDeque::new() }
    }

    /// Moves to a new frontier. Without the events in between, all earlier ones are dropped, as there would be a gap.
    pub(super) fn advance_to(&mut self, frontier: Frontier, advance: Option<Advance>) {
        self.frontier = frontier;
        match advance {
            Some(advance) => self.advances.push_back(Arc::new(advance)),
            None => self.advances.clear(),
        }
        let sum =
            |of: fn(&Advance) -> usize, all: &VecDeque<Arc<Advance>>| -> usize { all.iter().map(|a| of(a)).sum() };
        while sum(|a| a.bytes, &self.advances) > BYTES || sum(|a| a.events.len().max(1), &self.advances) > EVENTS {
            self.advances.pop_front();
        }
    }

    /// The advances with every event after `after`; `None` when some of these events are not kept.
    pub(super) fn since(&self, after: Position) -> Option<Vec<Arc<Advance>>> {
        let first = self.advances.iter().rposition(|advance| advance.after <= after)?;
        Some(self.advances.range(first..).cloned().collect())
    }
}

impl Advance {
    /// Reads the events between two frontiers; `None` when they are too many to share or cannot be read.
    pub(super) async fn read(reader: &Arc<Reader>, after: Position, frontier: Frontier) -> Option<Self> {
        let pages = reader.read_until(Cursor::until(after, &Filter::all(), frontier), Some(EVENTS + 1));
        let pages: Vec<Page> = pages.try_collect().await.ok()?;
        let events: Vec<StoredEvent> = pages.into_iter().flat_map(|page| page.events).collect();
        let bytes = events.iter().map(|event| event.payload.len() + 256).sum();
        (events.len() <= EVENTS && bytes <= BYTES).then_some(Self { after, events, bytes })
    }
}
