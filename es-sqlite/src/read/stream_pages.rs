//! Reads the pages of a stream: the next ones while the consumer handles the last one.

use std::{collections::VecDeque, ops::ControlFlow, sync::Arc};

use es_core::{Direction, ReadError, StoredEvent, StreamId, Version, Visitor};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};

use crate::read::{
    open_readers::OpenReader,
    sizes::Sizes,
    stream::{StreamCursor, StreamPage},
    threads::{Answer, ReaderThreads, answered},
};

/// Reads a page on this thread; `None` where that would have to wait.
type ReadHere<'a> = &'a (dyn Fn(&StreamCursor, usize) -> Option<Result<StreamPage, ReadError>> + Send + Sync);

/// A page that is read, or was.
struct StartedPage {
    /// The version that it begins at.
    from: Version,
    size: usize,
    state: State,
}

enum State {
    Read(Result<StreamPage, ReadError>),
    Started(Answer<Result<StreamPage, ReadError>>),
}

/// A stream that is read page by page.
struct StreamPages {
    threads: Arc<ReaderThreads>,
    /// Where the next page begins that is to be started.
    cursor: StreamCursor,
    sizes: Sizes,
    started: VecDeque<StartedPage>,
}

impl StreamPages {
    /// Reads the first page on this thread where that needs no wait.
    fn new(threads: Arc<ReaderThreads>, cursor: StreamCursor, limit: Option<usize>, here: ReadHere<'_>) -> Self {
        let mut pages = Self { threads, cursor, sizes: Sizes::new(limit), started: VecDeque::new() };
        if let Some(size) = pages.sizes.take(0, 0) {
            let read = here(&pages.cursor, size);
            let state = read.map_or_else(|| pages.start(size), State::Read);
            pages.started.push_back(StartedPage { from: pages.cursor.from, size, state });
        }
        pages
    }

    fn start(&self, size: usize) -> State {
        let cursor = self.cursor.clone();
        State::Started(
            self.threads.start_task(move |reader| cursor.read(&reader.connection, &mut reader.decoder, size)),
        )
    }

    async fn page(&mut self) -> Result<Option<Vec<StoredEvent>>, ReadError> {
        let Some(StartedPage { size, state, .. }) = self.started.pop_front() else { return Ok(None) };
        let page = match state {
            State::Read(page) => page,
            State::Started(answer) => answered(answer).await,
        };
        let StreamPage { events, more } = page?;
        match events.last() {
            Some(last) if self.sizes.count(events.len()) && more => {
                if events.len() < size {
                    self.sizes.one_at_a_time();
                }
                self.start_after(last);
            }
            _ => self.started.clear(),
        }
        Ok(Some(events))
    }

    /// Starts the pages that follow `last`, unless they were started already.
    fn start_after(&mut self, last: &StoredEvent) {
        let after = self.cursor.after(last.version);
        if self.started.front().is_none_or(|page| page.from != after.from) {
            self.started.clear();
            self.cursor = after;
        }
        let promised = |started: &VecDeque<StartedPage>| started.iter().map(|page| page.size).sum();
        while let Some(size) = self.sizes.take(self.started.len(), promised(&self.started)) {
            let page = StartedPage { from: self.cursor.from, size, state: self.start(size) };
            self.started.push_back(page);
            if self.cursor.direction == Direction::Backward {
                // The first version ends the stream, and not the first event of another page.
                return;
            }
            self.cursor.from = self.cursor.from.plus(size as u64);
        }
    }
}

/// Reads the events of a stream. Nothing is read before the first poll.
pub(crate) fn read_stream<'a>(
    threads: Arc<ReaderThreads>,
    open: OpenReader,
    cursor: StreamCursor,
    limit: Option<usize>,
    here: impl Fn(&StreamCursor, usize) -> Option<Result<StreamPage, ReadError>> + Send + Sync + 'a,
) -> BoxStream<'a, Result<StoredEvent, ReadError>> {
    let pages = stream::unfold(None, move |pages: Option<StreamPages>| {
        let mut pages = pages.unwrap_or_else(|| StreamPages::new(Arc::clone(&threads), cursor.clone(), limit, &here));
        let _open = &open;
        async move { pages.page().await.transpose().map(|page| (page, Some(pages))) }
    });
    let events = pages.flat_map(|page| match page {
        Ok(events) => stream::iter(events).map(Ok).left_stream(),
        Err(error) => stream::iter([Err(error)]).right_stream(),
    });
    Box::pin(events)
}

/// Passes the events of a stream from version `from` to `visitor`.
pub(crate) async fn visit_stream(
    threads: &Arc<ReaderThreads>,
    stream: &StreamId,
    from: Version,
    visitor: Visitor<'_>,
    here: ReadHere<'_>,
) -> Result<(), ReadError> {
    let cursor = StreamCursor::new(stream, from, Direction::Forward);
    let mut pages = StreamPages::new(Arc::clone(threads), cursor, None, here);
    while let Some(events) = pages.page().await? {
        for event in &events {
            if let ControlFlow::Break(()) = visitor(event)? {
                return Ok(());
            }
        }
    }
    Ok(())
}
