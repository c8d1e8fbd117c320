//! Reads the whole log by pages that are copied out of it, so that a slow reader holds no lock and little memory.

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use es_core::{Checkpoint, Direction, Filter, Page, Position, ReadError, StoredEvent, limits};
use futures_core::Stream;

use crate::{
    log::Log,
    shared::{OpenReader, Shared},
};

/// The most events that one lock copies.
const EVENTS: usize = 256;
/// The most events that one lock looks at.
const SCAN: usize = 16 * EVENTS;

/// Reads the log page by page. It counts as an open reader until it is dropped.
#[derive(Debug)]
pub(crate) struct Pages {
    reader: OpenReader,
    direction: Direction,
    filter: Filter,
    left: usize,
    rest: Rest,
}

#[derive(Debug)]
enum Rest {
    From(Checkpoint),
    /// The index from which, or below which, the log is still to be read.
    At(usize),
    Nothing,
}

impl Pages {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> Self {
        let left = limit.unwrap_or(usize::MAX);
        let rest = if left == 0 { Rest::Nothing } else { Rest::From(from) };
        Self { reader: OpenReader::new(shared), direction, filter: filter.clone(), left, rest }
    }

    fn next_page(&mut self) -> Result<Option<Page>, ReadError> {
        let log = self.reader.shared().read();
        let at = match mem::replace(&mut self.rest, Rest::Nothing) {
            Rest::Nothing => return Ok(None),
            Rest::At(at) => at,
            Rest::From(from) => {
                limits::check_filter(&self.filter)?;
                log.check(from)?;
                let position = usize::try_from(from.position().get()).unwrap_or(usize::MAX);
                match self.direction {
                    Direction::Forward => position.min(log.events.len()),
                    Direction::Backward => position.saturating_sub(1).min(log.events.len()),
                }
            }
        };
        let (events, at, ended) = match self.direction {
            Direction::Forward => {
                let (events, seen) = take(log.events.from(at), &self.filter, self.left);
                (events, at + seen, at + seen == log.events.len())
            }
            Direction::Backward => {
                let (events, seen) = take(log.events.back_from(at), &self.filter, self.left);
                (events, at - seen, at == seen)
            }
        };
        self.left -= events.len();
        if !ended && self.left > 0 {
            self.rest = Rest::At(at);
        }
        let up_to = match self.direction {
            Direction::Forward => at as u64,
            Direction::Backward => at as u64 + 1,
        };
        Ok(Some(Page::new(events, Position::new(up_to), log.frontier())))
    }
}

/// Copies the events that `filter` accepts, as many as fit into a page, and counts the events looked at.
fn take<'a>(events: impl Iterator<Item = &'a StoredEvent>, filter: &Filter, left: usize) -> (Vec<StoredEvent>, usize) {
    let (mut page, mut bytes, mut seen) = (Vec::new(), 0, 0);
    for event in events.take(SCAN) {
        if filter.accepts(&event.stream, &event.name) {
            bytes += event.bytes();
            if bytes > Page::BYTES && !page.is_empty() {
                break;
            }
            page.push(event.clone());
        }
        seen += 1;
        if page.len() == left.min(EVENTS) {
            break;
        }
    }
    (page, seen)
}

impl Stream for Pages {
    type Item = Result<Page, ReadError>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.get_mut().next_page().transpose())
    }
}

impl Log {
    /// Refuses a checkpoint of another log, or above the end of this log.
    pub(crate) fn check(&self, checkpoint: Checkpoint) -> Result<(), ReadError> {
        match checkpoint.incarnation() {
            None => Ok(()),
            Some(incarnation) if incarnation != self.incarnation => {
                Err(ReadError::Restored { checkpoint, common: None })
            }
            Some(_) => {
                let common = self.frontier().position();
                let held = checkpoint.position() <= common;
                if held { Ok(()) } else { Err(ReadError::Restored { checkpoint, common: Some(common) }) }
            }
        }
    }
}
