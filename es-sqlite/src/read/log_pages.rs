//! Reads the pages of the log: the next ones while the consumer handles the last one.

use std::{collections::VecDeque, sync::Arc};

use es_core::{Checkpoint, Direction, Filter, Page, ReadError, limits};
use futures_core::stream::BoxStream;
use futures_util::stream;

use crate::read::{
    all::{LogCursor, LogPage},
    open_readers::OpenReader,
    sizes::Sizes,
    threads::{Answer, ReaderThreads, answered},
};

/// A page that is read.
struct StartedPage {
    from: Checkpoint,
    size: usize,
    answer: Answer<Result<LogPage, ReadError>>,
}

/// The log, read page by page.
struct LogPages {
    threads: Arc<ReaderThreads>,
    /// Where the next page begins that is to be started.
    cursor: LogCursor,
    sizes: Sizes,
    started: VecDeque<StartedPage>,
    /// The newest frontier that a page told.
    frontier: Checkpoint,
}

impl LogPages {
    fn start_first(&mut self) {
        if let Some(size) = self.sizes.take(0, 0) {
            self.start(size);
        }
    }

    fn start(&mut self, size: usize) {
        let cursor = self.cursor.clone();
        let answer = self.threads.start_task(move |reader| cursor.read(reader, size));
        self.started.push_back(StartedPage { from: self.cursor.from, size, answer });
    }

    async fn page(&mut self) -> Result<Option<Page>, ReadError> {
        let Some(StartedPage { size, answer, .. }) = self.started.pop_front() else { return Ok(None) };
        let LogPage { mut page, more, has_each_position } = answered(answer).await?;
        // Pages that are read at once may see the log in another order.
        if page.frontier.incarnation() == self.frontier.incarnation() {
            page.frontier = page.frontier.at(page.frontier.position().max(self.frontier.position()));
        }
        self.frontier = page.frontier;
        if self.sizes.count(page.events.len()) && more {
            if page.events.len() < size {
                self.sizes.one_at_a_time();
            }
            self.start_after(page.checkpoint(), has_each_position);
        } else {
            self.started.clear();
        }
        Ok(Some(page))
    }

    /// Starts the pages that follow, unless they were started already.
    fn start_after(&mut self, checkpoint: Checkpoint, has_each_position: bool) {
        if self.started.front().is_none_or(|page| page.from.position() != checkpoint.position()) {
            self.started.clear();
            self.cursor.is_checked = true;
            self.cursor.from = checkpoint;
        }
        let knows_next = has_each_position && self.cursor.direction == Direction::Forward;
        let promised = |started: &VecDeque<StartedPage>| started.iter().map(|page| page.size).sum();
        while let Some(size) = self.sizes.take(self.started.len(), promised(&self.started)) {
            let end = self.cursor.from.position().plus(size as u64);
            // All of it is in the log already, whenever the page is read.
            if knows_next && end <= self.frontier.position() {
                self.cursor.end = Some(end);
                self.start(size);
                self.cursor.from = self.frontier.at(end);
            } else {
                if self.started.is_empty() {
                    self.cursor.end = None;
                    self.start(size);
                }
                return;
            }
        }
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
    let cursor = LogCursor { from, direction, end: None, filter: filter.clone(), is_checked: false };
    let (sizes, started) = (Sizes::new(limit), VecDeque::new());
    let pages = LogPages { threads, cursor, sizes, started, frontier: Checkpoint::START };
    let pages = stream::unfold((pages, false), move |(mut pages, has_started)| {
        let _open = &open;
        if !has_started {
            pages.start_first();
        }
        async move { pages.page().await.transpose().map(|page| (page, (pages, true))) }
    });
    Box::pin(pages)
}
