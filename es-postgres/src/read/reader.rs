//! Reads streams and the whole log, as events and as pages.

use std::sync::Arc;

use async_stream::try_stream;
use es_core::{Checkpoint, Direction, Filter, Page, ReadError, StoredEvent, StreamId, Version, Visitor};
use futures_core::stream::BoxStream;
use futures_util::StreamExt;

use crate::read::{
    all::AllCursor,
    cursor::Cursor,
    log_state::LogState,
    open_readers::OpenReaders,
    page::{PageSize, Pager, ReadMode},
    prefetch::{self, Pages},
    row::Decoder,
};

/// Reads the log on behalf of all callers.
#[derive(Debug)]
pub(crate) struct Reader {
    pager: Arc<Pager>,
    log: Arc<LogState>,
    /// The count of open readers.
    open_readers: OpenReaders,
}

impl Reader {
    pub(crate) fn new(pager: Pager, log: Arc<LogState>, open_readers: OpenReaders) -> Self {
        Self { pager: Arc::new(pager), log, open_readers }
    }

    /// Reads up to `limit` events of a stream, from `cursor` on.
    pub(crate) fn read_stream(
        self: &Arc<Self>,
        cursor: Cursor,
        limit: Option<usize>,
    ) -> BoxStream<'static, Result<StoredEvent, ReadError>> {
        let reader = Arc::clone(self);
        let open = self.open_readers.register();
        Box::pin(try_stream! {
            let remaining = limit.unwrap_or(usize::MAX);
            if remaining == 0 {
                return;
            }
            let (first, rest) = reader.pages(cursor, remaining).await?;
            for event in first.events {
                yield event;
            }
            if let Some(mut pages) = rest {
                while let Some(page) = pages.recv().await {
                    for event in page?.events {
                        yield event;
                    }
                }
            }
            drop(open);
        })
    }

    /// Reads pages of the whole log beyond `from`, with up to `limit` events, up to the current frontier.
    pub(crate) fn read_pages(
        self: &Arc<Self>,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'static, Result<Page, ReadError>> {
        let reader = Arc::clone(self);
        let mut cursor = AllCursor::new(from.position(), direction, filter);
        Box::pin(try_stream! {
            if limit == Some(0) {
                return;
            }
            let mut frontier = reader.log.frontier().await?;
            // Repeat until the incarnation and the frontier belong together: the log may move between the two queries.
            while from.incarnation().is_some() && reader.log.resume(from).await? != frontier.incarnation {
                frontier = reader.log.frontier().await?;
            }
            cursor.stop_at(frontier);
            let mut pages = reader.read_until(Cursor::All(cursor), limit);
            while let Some(page) = pages.next().await {
                yield page?;
            }
        })
    }

    /// Reads pages of the whole log from a cursor whose end is set.
    pub(crate) fn read_until(
        self: &Arc<Self>,
        cursor: Cursor,
        limit: Option<usize>,
    ) -> BoxStream<'static, Result<Page, ReadError>> {
        let reader = Arc::clone(self);
        let open = self.open_readers.register();
        Box::pin(try_stream! {
            let (first, rest) = reader.pages(cursor, limit.unwrap_or(usize::MAX)).await?;
            yield first;
            if let Some(mut pages) = rest {
                while let Some(page) = pages.recv().await {
                    yield page?;
                }
            }
            drop(open);
        })
    }

    /// Calls `visitor` with each event of a stream from a version on, until it breaks; reads page by page.
    pub(crate) async fn visit(
        self: &Arc<Self>,
        stream: &StreamId,
        from: Version,
        visitor: Visitor<'_>,
    ) -> Result<(), ReadError> {
        let _open = self.open_readers.register();
        let (first, rest) = self.pages(Cursor::stream(stream, from, Direction::Forward), usize::MAX).await?;
        let mut page = first;
        let mut pages = rest;
        loop {
            for event in &page.events {
                if visitor(event)?.is_break() {
                    return Ok(());
                }
            }
            page = match &mut pages {
                Some(pages) => match pages.recv().await {
                    Some(page) => page?,
                    None => return Ok(()),
                },
                None => return Ok(()),
            };
        }
    }

    /// Reads the first page, and starts prefetching where more pages follow.
    async fn pages(
        self: &Arc<Self>,
        mut cursor: Cursor,
        mut remaining: usize,
    ) -> Result<(Page, Option<Pages>), ReadError> {
        let mut decoder = Decoder::default();
        let first =
            self.pager.page(&mut cursor, &mut decoder, ReadMode::Shared, &mut PageSize::FIRST.min(remaining)).await?;
        remaining -= first.page.events.len();
        let rest = (remaining > 0 && !first.last).then(|| {
            let (pager, open) = (Arc::clone(&self.pager), self.open_readers.register());
            match cursor {
                Cursor::All(log) if remaining > usize::MAX / 2 && log.reads_windows() => {
                    prefetch::windows(pager, log, open)
                }
                cursor => prefetch::pages(pager, cursor, decoder, remaining, open),
            }
        });
        Ok((first.page, rest))
    }
}
