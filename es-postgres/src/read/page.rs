//! Reads one page: runs a statement and takes as many of its rows as fit.

use std::{pin::pin, time::Duration};

use deadpool_postgres::ClientWrapper;
use es_core::{Page, ReadError};
use futures_util::TryStreamExt;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use crate::{
    read::{
        cursor::{Cursor, Sql},
        error::{PostgresReadError, read_error},
        row::Decoder,
    },
    server::{back_off::Retry, pool::Pool, schema_name::SchemaName, shared_connections::SharedConnections},
};

/// How many bytes of events a page may hold before it must be sent.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// How many events a page holds before it is sent to a reader that is waiting.
const PAGE_EVENTS: usize = 1024;
/// How old a statement may become while it waits for a slow reader. An open statement holds its snapshot, and the server
/// cancels it when it takes too long.
const STATEMENT_AGE: Duration = Duration::from_secs(1);

/// Reads pages, and retries a page whose connection was lost.
#[derive(Debug)]
pub(crate) struct Pager {
    pool: Pool,
    shared: SharedConnections,
    sql: Sql,
    /// How long a page is retried after its connection was lost.
    retry_for: Duration,
}

/// How a page is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReadMode<'a> {
    /// Over a connection that all readers share. A page that grows too large ends early, so that it does not block others.
    Shared,
    /// Over a connection from the pool. A page that grows too large ends early.
    Pooled,
    /// Over a connection from the pool, sending parts of the page as soon as the reader takes them. A page that grows too
    /// large waits for the reader until the statement is too old, and then ends early.
    Streamed(&'a mpsc::Sender<Result<Page, ReadError>>),
}

/// The result of reading one page.
#[derive(Debug)]
pub(super) struct FetchedPage {
    /// The events that were not sent in parts.
    pub(super) page: Page,
    /// How many rows the statement returned, and the bytes of their events.
    pub(super) rows: usize,
    pub(super) bytes: usize,
    /// Whether this is the last page.
    pub(super) last: bool,
}

impl FetchedPage {
    /// An empty last page.
    pub(super) fn nothing(cursor: &Cursor) -> Self {
        Self { page: cursor.page(Vec::new()), rows: 0, bytes: 0, last: true }
    }
}

/// Why a page could not be read.
#[derive(Debug)]
enum Failure {
    Server(PostgresReadError),
    Event(ReadError),
}

impl From<PostgresReadError> for Failure {
    fn from(error: PostgresReadError) -> Self {
        Self::Server(error)
    }
}

impl Pager {
    pub(crate) fn new(pool: Pool, shared: SharedConnections, schema: &SchemaName, retry_for: Duration) -> Self {
        Self { pool, shared, sql: Sql::new(schema), retry_for }
    }

    /// Reads the next page of up to `rows` events, and subtracts their number from `rows`.
    pub(super) async fn page(
        &self,
        cursor: &mut Cursor,
        decoder: &mut Decoder,
        mode: ReadMode<'_>,
        rows: &mut usize,
    ) -> Result<FetchedPage, ReadError> {
        if cursor.is_at_end() {
            return Ok(FetchedPage::nothing(cursor));
        }
        let mut retry = Retry::new(self.retry_for);
        loop {
            let page = match mode {
                ReadMode::Shared => match self.shared.least_busy().await {
                    Ok(client) => read(&client, &self.sql, cursor, decoder, mode, rows).await,
                    Err(error) => Err(Failure::Server(error.into())),
                },
                ReadMode::Pooled | ReadMode::Streamed(_) => match self.pool.get().await {
                    Ok(client) => read(&client, &self.sql, cursor, decoder, mode, rows).await,
                    Err(error) => Err(Failure::Server(error.into())),
                },
            };
            match page {
                Ok(page) => return Ok(page),
                Err(Failure::Server(PostgresReadError::Server(error))) => {
                    retry.after(error).await.map_err(read_error)?;
                }
                Err(Failure::Server(error)) => return Err(read_error(error)),
                Err(Failure::Event(error)) => return Err(error),
            }
        }
    }
}

/// Reads up to `rows` events, moves the cursor behind those that were returned or sent, and subtracts their number from
/// `rows`. A retry after a failure must not read again what was sent.
async fn read(
    client: &ClientWrapper,
    sql: &Sql,
    cursor: &mut Cursor,
    decoder: &mut Decoder,
    mode: ReadMode<'_>,
    rows: &mut usize,
) -> Result<FetchedPage, Failure> {
    let statement = client.prepare_cached(cursor.sql(sql)).await.map_err(PostgresReadError::statement)?;
    let requested = *rows;
    let deadline = Instant::now() + STATEMENT_AGE;
    let limit = i64::try_from(requested).unwrap_or(i64::MAX);
    let answer = client.query_raw(&statement, cursor.parameters(&limit)).await.map_err(PostgresReadError::statement)?;
    let mut stream = pin!(answer);
    let mut events = Vec::with_capacity(requested.min(PAGE_EVENTS));
    let (mut count, mut total, mut pending_bytes) = (0, 0, 0);
    while let Some(row) = stream.try_next().await.map_err(PostgresReadError::statement)? {
        let event = match decoder.event(&row, cursor.stream_id()) {
            Ok(event) => event,
            // The events before a damaged one are good: return them first.
            Err(error) if events.is_empty() => return Err(Failure::Event(error)),
            Err(_) => break,
        };
        let bytes = event.payload.len() + event.metadata.as_ref().map_or(0, bytes::Bytes::len) + 128;
        (total, pending_bytes) = (total + bytes, pending_bytes + bytes);
        count += 1;
        events.push(event);
        let room = match mode {
            ReadMode::Shared | ReadMode::Pooled if pending_bytes > PAGE_BYTES => break,
            ReadMode::Streamed(sender) if pending_bytes > PAGE_BYTES => {
                match timeout_at(deadline, sender.reserve()).await {
                    Ok(room) => Some(room),
                    Err(_) => break,
                }
            }
            ReadMode::Streamed(sender) if events.len() >= PAGE_EVENTS => sender.try_reserve().ok().map(Ok),
            _ => None,
        };
        match room {
            Some(Ok(room)) => {
                cursor.advance_past(&events);
                *rows -= events.len();
                pending_bytes = 0;
                room.send(Ok(cursor.page(std::mem::replace(&mut events, Vec::with_capacity(PAGE_EVENTS)))));
            }
            Some(Err(_)) => return Ok(FetchedPage::nothing(cursor)),
            None => {}
        }
    }
    cursor.advance_past(&events);
    *rows -= events.len();
    let complete = stream.rows_affected().is_some();
    if complete && count < requested {
        cursor.skip_to_window_end();
    }
    Ok(FetchedPage { page: cursor.page(events), rows: count, bytes: total, last: cursor.is_at_end() })
}

/// Chooses how many rows the next page requests, by the size of the rows before.
#[derive(Debug)]
pub(super) struct PageSize(usize);

impl PageSize {
    /// The size of the first page of a read.
    pub(super) const FIRST: usize = 128;
    /// The next page may be this many times larger than the last. A caller that stops early has then read little in vain.
    pub(super) const GROWTH: usize = 4;
    const MAX: usize = 8192;

    pub(super) fn rows(&self) -> usize {
        self.0
    }

    pub(super) fn learn(&mut self, count: usize, bytes: usize) {
        if let Some(each) = bytes.checked_div(count) {
            self.0 = (PAGE_BYTES / 2 / each.max(1)).clamp(8, Self::MAX.min(self.0 * Self::GROWTH));
        }
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(Self::FIRST * 4)
    }
}
