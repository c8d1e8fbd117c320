//! Reads a stream by pages that are copied out of the log, so that a slow reader holds no lock and little memory.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    vec,
};

use es_core::{Direction, ReadError, StoredEvent, StreamId, Version};
use futures_core::Stream;

use crate::{
    log::Log,
    shared::{OpenReader, Shared},
};

/// The most events that one lock copies.
pub(crate) const PAGE: usize = 256;

/// What is still to be read.
pub(crate) enum Rest {
    Stream { stream: StreamId, from: Version, direction: Direction },
    Nothing,
}

/// Reads a stream. It counts as an open reader until it is dropped.
pub(crate) struct Reader {
    open: OpenReader,
    rest: Rest,
    left: usize,
    page: vec::IntoIter<StoredEvent>,
}

impl Reader {
    pub(crate) fn new(shared: &Arc<Shared>, rest: Rest, limit: Option<usize>) -> Self {
        Self { open: OpenReader::new(shared), rest, left: limit.unwrap_or(usize::MAX), page: Vec::new().into_iter() }
    }

    fn next_page(&mut self) {
        let room = self.left.min(PAGE);
        let (page, rest) = if room == 0 {
            (Vec::new(), Rest::Nothing)
        } else {
            let log = self.open.shared().read();
            match std::mem::replace(&mut self.rest, Rest::Nothing) {
                Rest::Stream { stream, from, direction } => read_stream(&log, stream, from, direction, room),
                Rest::Nothing => (Vec::new(), Rest::Nothing),
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
                rest @ Rest::Stream { .. } => reader.rest = rest,
            }
            reader.next_page();
        }
    }
}
