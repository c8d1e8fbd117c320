//! Reads page after page: the next one while the consumer handles the last one.

use std::{ops::ControlFlow, sync::Arc};

use es_core::{Checkpoint, Direction, Filter, Page, ReadError, StoredEvent, StreamId, Version, Visitor, limits};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};

use crate::read::{
    all::LogCursor,
    open_readers::OpenReader,
    stream::{StreamCursor, StreamPage},
    threads::{Answer, ReaderThreads, answered},
};

/// How many events the first page holds at most. Each page may hold four times as many as the one before, up to the last.
const FIRST_PAGE: usize = 128;
const LAST_PAGE: usize = 2_048;

/// How many events the next pages hold at most.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    next: usize,
    left: usize,
}

impl Sizes {
    fn new(limit: Option<usize>) -> Self {
        Self { next: FIRST_PAGE, left: limit.unwrap_or(usize::MAX) }
    }

    fn take(&mut self) -> usize {
        let size = self.next.min(self.left);
        self.next = (self.next * 4).min(LAST_PAGE);
        size
    }

    /// Counts the events of a page; false when no more are asked for.
    fn count(&mut self, events: usize) -> bool {
        self.left -= events.min(self.left);
        self.left > 0
    }
}

/// The next page of a stream.
enum NextPage {
    Read(Result<StreamPage, ReadError>),
    Started(Answer<Result<StreamPage, ReadError>>),
}

/// A stream that is read page by page.
struct StreamPages {
    threads: Arc<ReaderThreads>,
    cursor: StreamCursor,
    sizes: Sizes,
    next: Option<NextPage>,
}

impl StreamPages {
    fn new(threads: Arc<ReaderThreads>, cursor: StreamCursor, limit: Option<usize>) -> Self {
        let mut pages = Self { threads, cursor, sizes: Sizes::new(limit), next: None };
        if pages.sizes.left > 0 {
            let size = pages.sizes.take();
            match pages.threads.run_here(|reader| pages.cursor.read(reader, size)) {
                Some(page) => pages.next = Some(NextPage::Read(page)),
                None => pages.start(size),
            }
        }
        pages
    }

    fn start(&mut self, size: usize) {
        let cursor = self.cursor.clone();
        self.next = Some(NextPage::Started(self.threads.start_task(move |reader| cursor.read(reader, size))));
    }

    async fn page(&mut self) -> Result<Option<Vec<StoredEvent>>, ReadError> {
        let page = match self.next.take() {
            None => return Ok(None),
            Some(NextPage::Read(page)) => page,
            Some(NextPage::Started(answer)) => answered(answer).await,
        };
        let StreamPage { events, more } = page?;
        if self.sizes.count(events.len())
            && more
            && let Some(last) = events.last()
        {
            self.cursor.go_on_after(last);
            let size = self.sizes.take();
            self.start(size);
        }
        Ok(Some(events))
    }
}

/// Reads the events of a stream. Nothing is read before the first poll.
pub(crate) fn read_stream(
    threads: Arc<ReaderThreads>,
    open: OpenReader,
    cursor: StreamCursor,
    limit: Option<usize>,
) -> BoxStream<'static, Result<StoredEvent, ReadError>> {
    let pages = stream::unfold(None, move |pages: Option<StreamPages>| {
        let mut pages = pages.unwrap_or_else(|| StreamPages::new(Arc::clone(&threads), cursor.clone(), limit));
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
) -> Result<(), ReadError> {
    let cursor = StreamCursor::new(stream, from, Direction::Forward);
    let mut pages = StreamPages::new(Arc::clone(threads), cursor, None);
    while let Some(events) = pages.page().await? {
        for event in &events {
            if let ControlFlow::Break(()) = visitor(event)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

type LogAnswer = Answer<Result<(Page, bool), ReadError>>;

/// The log, read page by page.
struct LogPages {
    threads: Arc<ReaderThreads>,
    cursor: LogCursor,
    sizes: Sizes,
    next: Option<LogAnswer>,
}

impl LogPages {
    fn start(&mut self) {
        let (cursor, size) = (self.cursor.clone(), self.sizes.take());
        self.next = Some(self.threads.start_task(move |reader| cursor.read(reader, size)));
    }

    async fn page(&mut self) -> Result<Option<Page>, ReadError> {
        let Some(next) = self.next.take() else { return Ok(None) };
        let (page, more) = answered(next).await?;
        if self.sizes.count(page.events.len()) && more {
            self.cursor.is_checked = true;
            self.cursor.from = page.checkpoint();
            self.start();
        }
        Ok(Some(page))
    }
}

/// Reads the log. Nothing is read before the first poll.
pub(crate) fn read_log(
    threads: Arc<ReaderThreads>,
    open: OpenReader,
    (from, direction): (Checkpoint, Direction),
    filter: &Filter,
    limit: Option<usize>,
) -> BoxStream<'static, Result<Page, ReadError>> {
    if let Err(error) = limits::check_filter(filter) {
        return Box::pin(stream::iter([Err(error.into())]));
    }
    let cursor = LogCursor { from, direction, filter: filter.clone(), is_checked: false };
    let pages = LogPages { threads, cursor, sizes: Sizes::new(limit), next: None };
    let pages = stream::unfold((pages, false), move |(mut pages, started)| {
        let _open = &open;
        if !started && pages.sizes.left > 0 {
            pages.start();
        }
        async move { pages.page().await.transpose().map(|page| (page, (pages, true))) }
    });
    Box::pin(pages)
}
