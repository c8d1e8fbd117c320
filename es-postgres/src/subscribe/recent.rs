//! What is known of the newest events.

use std::collections::VecDeque;
use std::sync::Arc;

use es_core::{Filter, Page, Position, StoredEvent};
use futures_util::TryStreamExt;
use uuid::Uuid;

use crate::read::frontier::Frontier;
use crate::read::{Cursor, Reader};

/// How many of the newest events, and bytes of them, subscriptions share.
const EVENTS: usize = 2_000;
const BYTES: usize = 4 * 1024 * 1024;

/// The frontier, and the newest events up to it.
#[derive(Debug, Clone)]
pub(super) struct RecentEvents {
    pub(super) frontier: Frontier,
    /// The events of the last advances, without a gap up to the frontier.
    advances: VecDeque<Arc<Advance>>,
}

/// The events by which the frontier advanced once.
#[derive(Debug)]
pub(super) struct Advance {
    after: Position,
    pub(super) events: Vec<StoredEvent>,
    bytes: usize,
}

impl RecentEvents {
    /// Nothing is known yet.
    pub(super) fn start(incarnation: Uuid) -> Self {
        Self { frontier: Frontier::start(incarnation), advances: VecDeque::new() }
    }

    /// The frontier advanced, by these events where they are known.
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

    /// The advances that hold everything after `after`, if they do.
    pub(super) fn since(&self, after: Position) -> Option<Vec<Arc<Advance>>> {
        let first = self.advances.iter().rposition(|advance| advance.after <= after)?;
        Some(self.advances.range(first..).cloned().collect())
    }
}

impl Advance {
    /// The events between the two frontiers; `None` when they are too many to share or cannot be read.
    pub(super) async fn read(reader: &Arc<Reader>, after: Position, frontier: Frontier) -> Option<Self> {
        let pages = reader.read_until(Cursor::until(after, &Filter::all(), frontier), Some(EVENTS + 1));
        let pages: Vec<Page> = pages.try_collect().await.ok()?;
        let events: Vec<StoredEvent> = pages.into_iter().flat_map(|page| page.events).collect();
        let bytes = events.iter().map(|event| event.payload.len() + 256).sum();
        (events.len() <= EVENTS && bytes <= BYTES).then_some(Self { after, events, bytes })
    }
}
