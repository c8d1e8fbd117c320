//! Prefetches pages, one ahead of the caller.

use std::{collections::VecDeque, sync::Arc};

use es_core::{Page, Position, ReadError};
use tokio::sync::mpsc;

use crate::{
    read::{
        all::AllCursor,
        cursor::Cursor,
        error::read_error,
        open_readers::OpenReader,
        page::{FetchedPage, PageSize, Pager, ReadMode},
        row::Decoder,
    },
    server::error::PostgresError,
};

/// Receives the prefetched pages.
pub(super) type Pages = mpsc::Receiver<Result<Page, ReadError>>;

/// Reads the pages after the first, one ahead of the caller. The task ends when the receiver is dropped.
pub(super) fn pages(
    pager: Arc<Pager>,
    mut cursor: Cursor,
    mut decoder: Decoder,
    mut remaining: usize,
    open: OpenReader,
) -> Pages {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut size = PageSize::default();
        while remaining > 0 {
            let requested = size.rows().min(remaining);
            let mut unread = requested;
            let page = pager.page(&mut cursor, &mut decoder, ReadMode::Streamed(&sender), &mut unread).await;
            let (page, last) = match page {
                Ok(FetchedPage { page, rows, bytes, last }) => {
                    size.learn(rows, bytes);
                    remaining -= requested - unread;
                    (Ok(page), last)
                }
                Err(error) => (Err(error), true),
            };
            if sender.send(page).await.is_err() || last {
                break;
            }
        }
        drop(open);
    });
    receiver
}

/// Reads the rest of the log, two windows of positions at once, so that the server is never idle between requests.
pub(super) fn windows(pager: Arc<Pager>, mut log: AllCursor, open: OpenReader) -> Pages {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut size = PageSize::default();
        let mut spread = Spread::new(log.position());
        let mut in_flight = VecDeque::new();
        'log: loop {
            while in_flight.len() < 2
                && let Some(window) = log.split(spread.positions(size.rows()))
            {
                in_flight.push_back(tokio::spawn(read_window(Arc::clone(&pager), window, size.rows())));
            }
            let Some(window) = in_flight.pop_front() else { break };
            let Ok((mut page, mut rest)) = window.await else {
                // Only the shutdown of the runtime cancels the task.
                drop(sender.send(Err(read_error(PostgresError::Closed))).await);
                break;
            };
            loop {
                let last = page.is_err();
                if let Ok(page) = &page {
                    size.learn(page.rows, page.bytes);
                    spread.learn(page);
                }
                if sender.send(page.map(|answer| answer.page)).await.is_err() || last {
                    break 'log;
                }
                if rest.is_at_end() {
                    break;
                }
                page = pager.page(&mut rest, &mut Decoder::default(), ReadMode::Pooled, &mut size.rows()).await;
            }
        }
        drop(open);
    });
    receiver
}

/// Reads a window's first page, which is the whole window unless it holds more events than estimated, or large ones. Also
/// returns the cursor behind it.
async fn read_window(
    pager: Arc<Pager>,
    window: AllCursor,
    mut rows: usize,
) -> (Result<FetchedPage, ReadError>, Cursor) {
    let mut cursor = Cursor::All(window);
    let page = pager.page(&mut cursor, &mut Decoder::default(), ReadMode::Pooled, &mut rows).await;
    (page, cursor)
}

/// How far apart the events are that the filter accepts, estimated from the last page.
#[derive(Debug)]
struct Spread {
    /// So many positions held this many events.
    positions: usize,
    events: usize,
    /// Up to where the earlier pages have looked.
    up_to: Position,
}

impl Spread {
    fn new(from: Position) -> Self {
        Self { positions: 1, events: 1, up_to: from }
    }

    /// How many positions are expected to hold `rows` events.
    fn positions(&self, rows: usize) -> usize {
        rows.saturating_mul(self.positions).div_ceil(self.events)
    }

    fn learn(&mut self, page: &FetchedPage) {
        let up_to = page.page.up_to;
        let looked = usize::try_from(up_to.get().saturating_sub(self.up_to.get())).unwrap_or(usize::MAX);
        (self.positions, self.events) = match page.rows {
            0 => (self.positions.saturating_mul(PageSize::GROWTH), self.events),
            rows => (looked.max(1), rows),
        };
        self.up_to = up_to;
    }
}
