//! The reader: streams, the whole log, and pages of it.

use std::sync::Arc;

use async_stream::try_stream;
use es_core::{Checkpoint, Direction, Filter, Page, ReadError, StoredEvent, StreamId, Version, Visitor};
use futures_core::stream::BoxStream;
use futures_util::StreamExt;

use super::all::AllCursor;
use super::cursor::Cursor;
use super::log::Log;
use super::open_readers::OpenReaders;
use super::page::{PageSize, Pager, ReadMode};
use super::prefetch::{self, Pages};
use super::row::Decoder;

/// What it takes to read.
#[derive(Debug)]
pub(crate) struct Reader {
    pager: Arc<Pager>,
    log: Arc<Log>,
    /// Those who read.
    open_readers: OpenReaders,
}

impl Reader {
    pub(crate) fn new(pager: Pager, log: Arc<Log>, open_readers: OpenReaders) -> Self {
        Self { pager: Arc::new(pager), log, open_readers }
    }

    /// Up to `limit` events of a stream from `cursor` on.
    pub(crate) fn read_stream(
        self: &Arc<Self>,
        cursor: Cursor,
        limit: Option<usize>,
    ) -> BoxStream<'static, Result<StoredEvent, ReadError>> {
        let reader = Arc::clone(self);
        let open = self.open_readers.register();
        Box::pin(try_stream! {
            let left = limit.unwrap_or(usize::MAX);
            if left == 0 {
                return;
            }
            let (first, ahead) = reader.pages(cursor, left).await?;
            for event in first.events {
                yield event;
            }
            if let Some(mut pages) = ahead {
                while let Some(page) = pages.recv().await {
                    for event in page?.events {
                        yield event;
                    }
                }
            }
            drop(open);
        })
    }

    /// Pages of the whole log beyond `from`, with up to `limit` events, up to the frontier of now.
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
            // until both are of one log, which may move in between
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

    /// Pages of the whole log from a cursor that knows where to stop.
    pub(crate) fn read_until(
        self: &Arc<Self>,
        cursor: Cursor,
        limit: Option<usize>,
    ) -> BoxStream<'static, Result<Page, ReadError>> {
        let reader = Arc::clone(self);
        let open = self.open_readers.register();
        Box::pin(try_stream! {
            let (first, ahead) = reader.pages(cursor, limit.unwrap_or(usize::MAX)).await?;
            yield first;
            if let Some(mut pages) = ahead {
                while let Some(page) = pages.recv().await {
                    yield page?;
                }
            }
            drop(open);
        })
    }

    /// Shows `visitor` the events of a stream from a version on until it has seen enough, a page at a time.
    pub(crate) async fn visit(
        self: &Arc<Self>,
        stream: &StreamId,
        from: Version,
        visitor: Visitor<'_>,
    ) -> Result<(), ReadError> {
        let _open = self.open_readers.register();
        let (first, ahead) = self.pages(Cursor::stream(stream, from, Direction::Forward), usize::MAX).await?;
        let mut page = first;
        let mut pages = ahead;
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

    /// The first page, and where the others come from when there are some.
    async fn pages(self: &Arc<Self>, mut cursor: Cursor, mut left: usize) -> Result<(Page, Option<Pages>), ReadError> {
        let mut decoder = Decoder::default();
        let first =
            self.pager.page(&mut cursor, &mut decoder, ReadMode::Shared, &mut PageSize::FIRST.min(left)).await?;
        left -= first.page.events.len();
        let ahead = (left > 0 && !first.last).then(|| {
            let (pager, open) = (Arc::clone(&self.pager), self.open_readers.register());
            match cursor {
                Cursor::All(log) if left > usize::MAX / 2 && log.reads_whole_log() => {
                    prefetch::windows(pager, log, open)
                }
                cursor => prefetch::pages(pager, cursor, decoder, left, open),
            }
        });
        Ok((first.page, ahead))
    }
}
