//! The readers: stored or decoded events, one by one.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    vec,
};

use futures_core::{Stream, stream::BoxStream};
use futures_util::StreamExt;

use crate::store::{Checkpoint, Page, ReadError, StoredEvent};

/// Decodes a stored event: gives its first part, and the others.
pub(crate) type Read<T> = fn(StoredEvent) -> Result<(Option<T>, Vec<T>), ReadError>;

macro_rules! reader {
    ($reader:ident) => {
        impl<T> $reader<'_, T> {
            /// Gives the next event; `None` at the end and after an error. Dropping the future loses no event.
            pub async fn next(&mut self) -> Option<Result<T, ReadError>> {
                poll_fn(|context| self.poll(context)).await
            }

            /// Gives the next event; `Ok(None)` at the end.
            ///
            /// # Errors
            /// [`ReadError`], after which the reader ends.
            pub async fn try_next(&mut self) -> Result<Option<T>, ReadError> {
                self.next().await.transpose()
            }

            /// Collects every event up to the end. A subscription has no end and collects for ever.
            ///
            /// # Errors
            /// [`ReadError`]; the events before it are dropped.
            pub async fn try_collect<C: Default + Extend<T>>(mut self) -> Result<C, ReadError> {
                let mut all = C::default();
                while let Some(event) = self.try_next().await? {
                    all.extend([event]);
                }
                Ok(all)
            }
        }

        impl<T> Unpin for $reader<'_, T> {}

        impl<T> fmt::Debug for $reader<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($reader)).finish_non_exhaustive()
            }
        }

        impl<T> Stream for $reader<'_, T> {
            type Item = Result<T, ReadError>;

            fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
                self.get_mut().poll(context)
            }
        }
    };
}

/// Reads events of the whole store one by one, and knows how far it has come: what
/// [`events`](crate::EventStoreExt::events) gives.
///
/// It is a [`Stream`], and its own methods read it without an extension trait.
///
/// ```
/// # use es_core::*;
/// # async fn example(store: &dyn EventStore, kept: Checkpoint) -> Result<Checkpoint, ReadError> {
/// let mut reader = store.stored_events().after(kept).category("account").read();
/// while let Some(event) = reader.try_next().await? {
///     println!("{} at {}", event.name, event.position);
/// }
/// Ok(reader.checkpoint())
/// # }
/// ```
#[must_use = "a reader does nothing unless it is asked for the next event"]
pub struct Reader<'a, T> {
    pages: BoxStream<'a, Result<Page, ReadError>>,
    read: Read<T>,
    /// The events of the page that are still to be decoded, and the checkpoint after them.
    stored: vec::IntoIter<StoredEvent>,
    page_end: Checkpoint,
    frontier: Checkpoint,
    /// The parts of the last event that are still to be given, and the checkpoint after them.
    parts: vec::IntoIter<T>,
    event_end: Checkpoint,
    checkpoint: Checkpoint,
    ended: bool,
}

impl<'a, T> Reader<'a, T> {
    pub(crate) fn new(from: Checkpoint, pages: BoxStream<'a, Result<Page, ReadError>>, read: Read<T>) -> Self {
        Self {
            pages,
            read,
            stored: Vec::new().into_iter(),
            page_end: from,
            frontier: from,
            parts: Vec::new().into_iter(),
            event_end: from,
            checkpoint: from,
            ended: false,
        }
    }

    /// Where another reader continues after this one: after the last event that it gave, or as far as it has looked when the
    /// filter accepted nothing more. Before the first event it is where the reader began.
    ///
    /// It moves past an event with several parts when the last part was given. To continue a backward reader, pass it to
    /// [`before`](crate::ReadEvents::before).
    pub const fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }

    /// Whether the reader has caught up: it has given every event that was stored when it last asked the store.
    pub fn is_live(&self) -> bool {
        self.frontier.incarnation().is_some() && self.checkpoint.position() >= self.frontier.position()
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, ReadError>>> {
        loop {
            if let Some(part) = self.parts.next() {
                return Poll::Ready(Some(Ok(self.given(part))));
            }
            if let Some(stored) = self.stored.next() {
                let end = self.frontier.at(stored.position);
                match (self.read)(stored) {
                    Ok((first, rest)) => {
                        (self.parts, self.event_end) = (rest.into_iter(), end);
                        match first {
                            Some(first) => return Poll::Ready(Some(Ok(self.given(first)))),
                            None => self.advance(),
                        }
                    }
                    Err(error) => return Poll::Ready(Some(Err(self.end(error)))),
                }
            } else if self.ended {
                return Poll::Ready(None);
            } else {
                match ready!(self.pages.poll_next_unpin(context)) {
                    Some(Ok(page)) => {
                        (self.page_end, self.frontier) = (page.checkpoint(), page.frontier);
                        self.stored = page.events.into_iter();
                        self.event_end = self.checkpoint;
                        self.advance();
                    }
                    Some(Err(error)) => return Poll::Ready(Some(Err(self.end(error)))),
                    None => self.ended = true,
                }
            }
        }
    }

    fn given(&mut self, part: T) -> T {
        self.advance();
        part
    }

    /// Moves the checkpoint past the event that was given, if it has no more parts.
    fn advance(&mut self) {
        if self.parts.len() == 0 {
            self.checkpoint = if self.stored.len() == 0 { self.page_end } else { self.event_end };
        }
    }

    fn end(&mut self, error: ReadError) -> ReadError {
        self.stored = Vec::new().into_iter();
        self.ended = true;
        error
    }
}

reader!(Reader);

/// Reads the events of one stream one by one: what [`stream`](crate::EventStoreExt::stream) gives.
///
/// It is a [`Stream`], and its own methods read it without an extension trait.
#[must_use = "a reader does nothing unless it is asked for the next event"]
pub struct StreamReader<'a, T> {
    stored: BoxStream<'a, Result<StoredEvent, ReadError>>,
    read: Read<T>,
    parts: vec::IntoIter<T>,
    ended: bool,
}

impl<'a, T> StreamReader<'a, T> {
    pub(crate) fn new(stored: BoxStream<'a, Result<StoredEvent, ReadError>>, read: Read<T>) -> Self {
        Self { stored, read, parts: Vec::new().into_iter(), ended: false }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, ReadError>>> {
        loop {
            if let Some(part) = self.parts.next() {
                return Poll::Ready(Some(Ok(part)));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            let read = self.read;
            match ready!(self.stored.poll_next_unpin(context)).map(|stored| read(stored?)) {
                Some(Ok((first, rest))) => {
                    self.parts = rest.into_iter();
                    if let Some(first) = first {
                        return Poll::Ready(Some(Ok(first)));
                    }
                }
                Some(Err(error)) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => self.ended = true,
            }
        }
    }
}

reader!(StreamReader);
