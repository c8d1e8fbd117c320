//! One page: a statement, and as many of its rows as fit.

use std::pin::pin;
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use es_core::{Page, ReadError};
use futures_util::TryStreamExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::cursor::{Cursor, Sql};
use super::error::{PostgresReadError, read_error};
use super::row::Decoder;
use crate::server::back_off::Retry;
use crate::server::error::PostgresError;
use crate::server::pool::Pool;
use crate::server::schema_name::SchemaName;
use crate::server::shared_connections::SharedConnections;

/// How many bytes of events are gathered before they must be passed on.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// How many events are gathered before they are passed on to a reader that waits for them.
const PAGE_EVENTS: usize = 1024;
/// How old a statement may be that waits for a reader: the server ends one that takes too long, and holds its snapshot.
const STATEMENT_AGE: Duration = Duration::from_secs(1);

/// Reads pages, and again where the connection is lost over one.
#[derive(Debug)]
pub(crate) struct Pager {
    pool: Pool,
    shared: SharedConnections,
    sql: Sql,
    /// For how long a page is tried again after its connection was lost.
    retry_for: Duration,
}

/// How a page is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReadMode<'a> {
    /// Over a connection that others share: it must not be held up, so a page that grows too big ends early.
    Shared,
    /// Over a connection of its own; a page that grows too big ends early, too.
    Pooled,
    /// Over a connection of its own. A page goes to the reader in parts while that takes them; only one that grows too
    /// big waits for the reader, a short while; then it ends early, too.
    Streamed(&'a mpsc::Sender<Result<Page, ReadError>>),
}

/// What a statement gave, and what is known behind it.
#[derive(Debug)]
pub(super) struct FetchedPage {
    /// The events that were not passed on already.
    pub(super) page: Page,
    /// How many rows the last statement gave, and the bytes of their events.
    pub(super) rows: usize,
    pub(super) bytes: usize,
    /// Whether nothing comes after it.
    pub(super) last: bool,
}

impl FetchedPage {
    /// Nothing is left to read.
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

    /// The next page of up to `rows` events. `rows` becomes what is left of it.
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
                    Err(error) => Err(Failure::Server(PostgresError::pool(error).into())),
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

/// Reads up to `rows` events and moves the cursor behind those that are answered or passed on. `rows` becomes what is
/// left of it: another try after a failure must not ask for what was passed on.
async fn read(
    client: &ClientWrapper,
    sql: &Sql,
    cursor: &mut Cursor,
    decoder: &mut Decoder,
    mode: ReadMode<'_>,
    rows: &mut usize,
) -> Result<FetchedPage, Failure> {
    let statement = client.prepare_cached(cursor.sql(sql)).await.map_err(PostgresReadError::statement)?;
    let asked = *rows;
    let deadline = Instant::now() + STATEMENT_AGE;
    let limit = i64::try_from(asked).unwrap_or(i64::MAX);
    let answer = client.query_raw(&statement, cursor.parameters(&limit)).await.map_err(PostgresReadError::statement)?;
    let mut stream = pin!(answer);
    let mut events = Vec::with_capacity(asked.min(PAGE_EVENTS));
    let (mut count, mut total, mut gathered) = (0, 0, 0);
    while let Some(row) = stream.try_next().await.map_err(PostgresReadError::statement)? {
        let event = match decoder.event(&row, cursor.stream_id()) {
            Ok(event) => event,
            // what stands before a damaged event is good: it goes out first
            Err(error) if events.is_empty() => return Err(Failure::Event(error)),
            Err(_) => break,
        };
        let bytes = event.payload.len() + event.metadata.as_ref().map_or(0, bytes::Bytes::len) + 128;
        (total, gathered) = (total + bytes, gathered + bytes);
        count += 1;
        events.push(event);
        let room = match mode {
            ReadMode::Shared | ReadMode::Pooled if gathered > PAGE_BYTES => break,
            ReadMode::Streamed(taken) if gathered > PAGE_BYTES => match timeout_at(deadline, taken.reserve()).await {
                Ok(room) => Some(room),
                Err(_) => break,
            },
            ReadMode::Streamed(taken) if events.len() >= PAGE_EVENTS => taken.try_reserve().ok().map(Ok),
            _ => None,
        };
        match room {
            Some(Ok(room)) => {
                cursor.advance_past(&events);
                *rows -= events.len();
                gathered = 0;
                room.send(Ok(cursor.page(std::mem::replace(&mut events, Vec::with_capacity(PAGE_EVENTS)))));
            }
            Some(Err(_)) => return Ok(FetchedPage::nothing(cursor)),
            None => {}
        }
    }
    cursor.advance_past(&events);
    *rows -= events.len();
    let complete = stream.rows_affected().is_some();
    if complete && count < asked {
        cursor.skip_to_window_end();
    }
    Ok(FetchedPage { page: cursor.page(events), rows: count, bytes: total, last: cursor.is_at_end() })
}

/// How many rows the next page asks for: as many as fit, judged by those before.
#[derive(Debug)]
pub(super) struct PageSize(usize);

impl PageSize {
    /// The first page of a read.
    pub(super) const FIRST: usize = 128;
    /// How many times more rows than the last page the next may have: who stops early has not read much in vain.
    const GROWTH: usize = 4;
    const MOST: usize = 8192;

    pub(super) fn rows(&self) -> usize {
        self.0
    }

    pub(super) fn learn(&mut self, count: usize, bytes: usize) {
        if let Some(each) = bytes.checked_div(count) {
            self.0 = (PAGE_BYTES / 2 / each.max(1)).clamp(8, Self::MOST.min(self.0 * Self::GROWTH));
        }
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(Self::FIRST * 4)
    }
}
