//! Pages that are read ahead of who takes them.

use std::collections::VecDeque;
use std::sync::Arc;

use es_core::{Page, ReadError};
use tokio::sync::mpsc;

use super::all::AllCursor;
use super::cursor::Cursor;
use super::error::read_error;
use super::open_readers::OpenReader;
use super::page::{FetchedPage, PageSize, Pager, ReadMode};
use super::row::Decoder;
use crate::server::error::PostgresError;

/// Pages that are read ahead.
pub(super) type Pages = mpsc::Receiver<Result<Page, ReadError>>;

/// Reads on, one page ahead of who takes them; ends when nobody takes them any more.
pub(super) fn pages(
    pager: Arc<Pager>,
    mut cursor: Cursor,
    mut decoder: Decoder,
    mut left: usize,
    open: OpenReader,
) -> Pages {
    let (given, taken) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut size = PageSize::default();
        while left > 0 {
            let asked = size.rows().min(left);
            let mut missing = asked;
            let page = pager.page(&mut cursor, &mut decoder, ReadMode::Streamed(&given), &mut missing).await;
            let (page, last) = match page {
                Ok(FetchedPage { page, rows, bytes, last }) => {
                    size.learn(rows, bytes);
                    left -= asked - missing;
                    (Ok(page), last)
                }
                Err(error) => (Err(error), true),
            };
            if given.send(page).await.is_err() || last {
                break;
            }
        }
        drop(open);
    });
    taken
}

/// Reads the whole log on, two windows of positions at once, so that the server need not wait for the next request.
pub(super) fn windows(pager: Arc<Pager>, mut log: AllCursor, open: OpenReader) -> Pages {
    let (given, taken) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut size = PageSize::default();
        let mut fetched = VecDeque::new();
        'log: loop {
            while fetched.len() < 2
                && let Some(window) = log.split(size.rows())
            {
                fetched.push_back(tokio::spawn(self::window(Arc::clone(&pager), window, size.rows())));
            }
            let Some(window) = fetched.pop_front() else { break };
            let Ok((mut page, mut rest)) = window.await else {
                // only a runtime that shuts down ends it
                drop(given.send(Err(read_error(PostgresError::Closed))).await);
                break;
            };
            loop {
                let last = page.is_err();
                if let Ok(page) = &page {
                    size.learn(page.rows, page.bytes);
                }
                if given.send(page.map(|answer| answer.page)).await.is_err() || last {
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
    taken
}

/// A window's first page, which is all of it unless its events are big, and where the window goes on.
async fn window(pager: Arc<Pager>, window: AllCursor, mut rows: usize) -> (Result<FetchedPage, ReadError>, Cursor) {
    let mut cursor = Cursor::All(window);
    let page = pager.page(&mut cursor, &mut Decoder::default(), ReadMode::Pooled, &mut rows).await;
    (page, cursor)
}
