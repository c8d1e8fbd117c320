//! Streams of events: pages copied out of the log, so that a slow reader holds no lock and little memory.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
    vec,
};

use es_core::{Direction, Filter, LimitError, Position, ReadError, StoredEvent, StreamId, Version};
use futures_core::Stream;

use crate::{log::Log, store::Shared};

/// The most events copied under one lock, and the most events looked at.
pub(crate) const PAGE: usize = 256;
const SCAN: usize = 16 * PAGE;

/// What is still to be read.
pub(crate) enum Rest {
    Stream { stream: StreamId, from: Version, direction: Direction },
    All { after: Position, filter: Filter },
    Refused(LimitError),
    Nothing,
}

/// A reader of the log; counted as open until it is dropped.
pub(crate) struct Reader {
    shared: Arc<Shared>,
    rest: Rest,
    left: usize,
    page: vec::IntoIter<StoredEvent>,
}

impl Reader {
    pub(crate) fn new(shared: Arc<Shared>, rest: Rest, limit: Option<usize>) -> Self {
        shared.readers.fetch_add(1, Ordering::Relaxed);
        Self { shared, rest, left: limit.unwrap_or(usize::MAX), page: Vec::new().into_iter() }
    }

    fn turn(&mut self) {
        let room = self.left.min(PAGE);
        let (page, rest) = if room == 0 {
            (Vec::new(), Rest::Nothing)
        } else {
            let log = self.shared.read();
            match std::mem::replace(&mut self.rest, Rest::Nothing) {
                Rest::Stream { stream, from, direction } => read_stream(&log, stream, from, direction, room),
                Rest::All { after, filter } => read_all(&log, after, filter, room),
                Rest::Refused(_) | Rest::Nothing => (Vec::new(), Rest::Nothing),
            }
        };
        self.left -= page.len();
        self.page = page.into_iter();
        self.rest = rest;
    }
}

fn read_stream(
    log: &Log,
    stream: StreamId,
    from: Version,
    direction: Direction,
    room: usize,
) -> (Vec<StoredEvent>, Rest) {
    let indexes = log.streams.get(&stream).map_or(&[][..], Vec::as_slice);
    let from = usize::try_from(from.get()).unwrap_or(usize::MAX);
    let copy = |index: &usize| log.events[*index].clone();
    let page: Vec<_> = match direction {
        Direction::Forward => {
            let start = from.saturating_sub(1).min(indexes.len());
            indexes[start..].iter().take(room).map(copy).collect()
        }
        Direction::Backward => indexes[..from.min(indexes.len())].iter().rev().take(room).map(copy).collect(),
    };
    let rest = match (page.last(), direction) {
        (Some(last), _) if page.len() == room => {
            let next = match direction {
                Direction::Forward => last.version.plus(1),
                Direction::Backward => Version::new(last.version.get() - 1),
            };
            Rest::Stream { stream, from: next, direction }
        }
        _ => Rest::Nothing,
    };
    (page, rest)
}

fn read_all(log: &Log, after: Position, filter: Filter, room: usize) -> (Vec<StoredEvent>, Rest) {
    let start = usize::try_from(after.get()).unwrap_or(usize::MAX).min(log.events.len());
    let mut page = Vec::new();
    let mut seen = start;
    for event in log.events.from(start).take(SCAN) {
        seen += 1;
        if filter.accepts(event.stream.category(), &event.name) {
            page.push(event.clone());
            if page.len() == room {
                break;
            }
        }
    }
    let rest =
        if seen < log.events.len() { Rest::All { after: Position::new(seen as u64), filter } } else { Rest::Nothing };
    (page, rest)
}

impl Stream for Reader {
    type Item = Result<StoredEvent, ReadError>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let reader = self.get_mut();
        loop {
            if let Some(event) = reader.page.next() {
                return Poll::Ready(Some(Ok(event)));
            }
            match std::mem::replace(&mut reader.rest, Rest::Nothing) {
                Rest::Nothing => return Poll::Ready(None),
                Rest::Refused(error) => return Poll::Ready(Some(Err(error.into()))),
                rest => reader.rest = rest,
            }
            reader.turn();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.readers.fetch_sub(1, Ordering::Relaxed);
    }
}
