//! One page: a statement, and as many of its rows as fit.

use std::pin::pin;

use deadpool_postgres::ClientWrapper;
use es_core::{ReadError, StoredEvent};
use futures_util::TryStreamExt;
use tokio::sync::mpsc;

use super::row::Decoder;
use super::{Cursor, Sql};
use crate::PostgresError;

/// How many bytes of events are gathered before they are passed on.
const BYTES: usize = 2 * 1024 * 1024;

/// How a page is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way<'a> {
    /// Over a connection that others share: it must not be held up, so a page that grows too big ends early.
    Shared,
    /// Over a connection of its own; a page that grows too big goes to the reader in parts.
    Pool(&'a mpsc::Sender<Result<Vec<StoredEvent>, ReadError>>),
}

/// Events, and what is known behind them.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) events: Vec<StoredEvent>,
    /// How many events there were with those that were passed on already.
    pub(super) count: usize,
    pub(super) bytes: usize,
    /// Whether nothing comes after it.
    pub(super) last: bool,
}

impl Default for Page {
    fn default() -> Self {
        Self { events: Vec::new(), count: 0, bytes: 0, last: true }
    }
}

/// Why a page could not be read.
#[derive(Debug)]
pub(super) enum Failure {
    Server(PostgresError),
    Event(ReadError),
}

impl From<PostgresError> for Failure {
    fn from(error: PostgresError) -> Self {
        Self::Server(error)
    }
}

/// Reads up to `rows` events and moves the cursor behind those that are answered or passed on.
pub(super) async fn read(
    client: &ClientWrapper,
    sql: &Sql,
    cursor: &mut Cursor,
    decoder: &mut Decoder,
    way: Way<'_>,
    rows: usize,
) -> Result<Page, Failure> {
    let statement = client.prepare_cached(cursor.sql(sql)).await.map_err(PostgresError::statement)?;
    let limit = i64::try_from(rows).unwrap_or(i64::MAX);
    let answer = client.query_raw(&statement, cursor.parameters(&limit)).await.map_err(PostgresError::statement)?;
    let mut answer = pin!(answer);
    let mut page = Page { events: Vec::with_capacity(rows.min(256)), count: 0, bytes: 0, last: false };
    let mut gathered = 0;
    while let Some(row) = answer.try_next().await.map_err(PostgresError::statement)? {
        let event = match decoder.event(&row, cursor.of_stream()) {
            Ok(event) => event,
            // what stands before a damaged event is good: it goes out first
            Err(error) if page.events.is_empty() => return Err(Failure::Event(error)),
            Err(_) => break,
        };
        let bytes = event.payload.len() + event.metadata.as_ref().map_or(0, bytes::Bytes::len) + 128;
        (page.bytes, gathered) = (page.bytes + bytes, gathered + bytes);
        page.count += 1;
        page.events.push(event);
        if gathered > BYTES {
            match way {
                Way::Shared => break,
                Way::Pool(taken) => {
                    cursor.pass_all(&page.events);
                    gathered = 0;
                    if taken.send(Ok(std::mem::take(&mut page.events))).await.is_err() {
                        return Ok(Page::default());
                    }
                }
            }
        }
    }
    cursor.pass_all(&page.events);
    let complete = answer.rows_affected().is_some();
    if complete && page.count < rows {
        cursor.exhaust();
    }
    page.last = cursor.is_at_end();
    Ok(page)
}

/// How many rows the next page asks for: as many as fit, judged by those before.
#[derive(Debug)]
pub(super) struct PageSize(usize);

impl PageSize {
    /// The first page of a read.
    pub(super) const FIRST: usize = 128;
    const MOST: usize = 2048;

    pub(super) fn rows(&self) -> usize {
        self.0
    }

    pub(super) fn learn(&mut self, count: usize, bytes: usize) {
        if let Some(each) = bytes.checked_div(count) {
            self.0 = (BYTES / 2 / each.max(1)).clamp(8, Self::MOST);
        }
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(Self::FIRST * 4)
    }
}
