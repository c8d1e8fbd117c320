//! Reading: pages by keyset, in bounded memory.
//!
//! The first page goes over a few connections that all readers share, pipelined, so a short stream is read in one
//! round trip. What comes after it goes over the pool, a page at a time and one page ahead of who takes them; of a log that
//! is read whole, two windows of positions at once. No connection is held while nobody takes a page.

mod all;
mod cursor;
pub(crate) mod frontier;
pub(crate) mod incarnation;
pub(crate) mod open;
mod page;
mod row;
mod stream;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_stream::try_stream;
use es_core::{Checkpoint, Direction, Filter, Page, Position, ReadError, StoredEvent, StreamId, Version, Visitor};
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql};
use uuid::Uuid;

use cursor::AllCursor;
pub(crate) use cursor::Cursor;

use crate::PostgresError;
use crate::error::BoxError;
use crate::read::frontier::{Frontier, Settled};
use crate::read::open::OpenReaders;
use crate::server::pool::Pool;
use crate::server::schema_name::SchemaName;
use crate::server::shared::SharedConnections;
use page::{Answer, PageSize, Way};
use row::Decoder;

/// How long to wait before a broken connection is replaced, at first and at last.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LAST_PAUSE: Duration = Duration::from_millis(500);

/// Pages that are read ahead.
type Pages = mpsc::Receiver<Result<Page, ReadError>>;

/// What it takes to read.
#[derive(Debug)]
pub(crate) struct Reader {
    pool: Pool,
    shared: SharedConnections,
    schema: SchemaName,
    sql: Sql,
    settled: Settled,
    /// For how long a read is tried again after its connection was lost.
    persistence: Duration,
    open: OpenReaders,
}

/// The texts of the statements.
#[derive(Debug)]
struct Sql {
    frontier: String,
    stream: stream::Sql,
    all: all::Sql,
}

impl Reader {
    pub(crate) fn new(pool: Pool, schema: &SchemaName, incarnation: Uuid, persistence: Duration) -> Self {
        let sql = Sql {
            frontier: schema.render(include_str!("frontier.sql")),
            stream: stream::Sql::new(schema),
            all: all::Sql::new(schema),
        };
        let (shared, settled) = (SharedConnections::new(pool.clone()), Settled::new(incarnation));
        Self { shared, pool, schema: schema.clone(), sql, settled, persistence, open: OpenReaders::default() }
    }

    /// The schema that holds the log.
    pub(crate) fn schema(&self) -> &SchemaName {
        &self.schema
    }

    /// The incarnation of the log as far as this store knows.
    pub(crate) fn incarnation(&self) -> Uuid {
        self.settled.now().incarnation
    }

    /// Today's incarnation was asked for when the store knew that `before`: it is this one.
    pub(crate) fn found_in(&self, before: Uuid, incarnation: Uuid) {
        self.settled.found_in(before, incarnation);
    }

    /// How many readers are open.
    pub(crate) fn open(&self) -> usize {
        self.open.count()
    }

    /// The frontier, by a statement of its own: what is read up to it must be read by a later one.
    pub(crate) async fn frontier(&self) -> Result<Frontier, ReadError> {
        let mut patience = Patience::new(self.persistence);
        loop {
            match self.ask_frontier().await {
                Ok(frontier) => return Ok(frontier),
                Err(error) => patience.wait(error).await?,
            }
        }
    }

    async fn ask_frontier(&self) -> Result<Frontier, PostgresError> {
        let before = self.settled.now();
        let rows = self.query(&self.sql.frontier, &[&i64::from(before.position)]).await?;
        let row = rows.first();
        let position = |index| place::<Position>(row, index);
        let answered = Frontier { decided: position(0)?, position: position(1)?, incarnation: column(row, 3)? };
        Ok(self.settled.answered(before, answered, column(row, 2)?))
    }

    /// A statement with few rows, over a shared connection.
    pub(crate) async fn query(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, PostgresError> {
        let client = self.shared.any().await?;
        let statement = client.prepare_cached(sql).await.map_err(PostgresError::statement)?;
        client.query(&statement, parameters).await.map_err(PostgresError::statement)
    }

    /// Up to `limit` events of a stream from `cursor` on.
    pub(crate) fn read_stream(
        self: &Arc<Self>,
        cursor: Cursor,
        limit: Option<usize>,
    ) -> BoxStream<'static, Result<StoredEvent, ReadError>> {
        let reader = Arc::clone(self);
        let open = self.open.open();
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
            let mut frontier = reader.frontier().await?;
            // until both are of one log, which may move in between
            while from.incarnation().is_some() && incarnation::resume(&reader, from).await? != frontier.incarnation {
                frontier = reader.frontier().await?;
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
        let open = self.open.open();
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
        let _open = self.open.open();
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
        let first = self.page(&mut cursor, &mut decoder, Way::Shared, &mut PageSize::FIRST.min(left)).await?;
        left -= first.page.events.len();
        let ahead = (left > 0 && !first.last).then(|| match cursor {
            Cursor::All(log) if left > usize::MAX / 2 && log.is_whole() => self.windows(log),
            cursor => self.ahead(cursor, decoder, left),
        });
        Ok((first.page, ahead))
    }

    /// Reads on, one page ahead of who takes them; ends when nobody takes them any more.
    fn ahead(self: &Arc<Self>, mut cursor: Cursor, mut decoder: Decoder, mut left: usize) -> Pages {
        let (pages, taken) = mpsc::channel(1);
        let reader = Arc::clone(self);
        let open = self.open.open();
        tokio::spawn(async move {
            let mut size = PageSize::default();
            while left > 0 {
                let asked = size.rows().min(left);
                let mut missing = asked;
                let page = reader.page(&mut cursor, &mut decoder, Way::Pool(&pages), &mut missing).await;
                let (page, last) = match page {
                    Ok(Answer { page, rows, bytes, last }) => {
                        size.learn(rows, bytes);
                        left -= asked - missing;
                        (Ok(page), last)
                    }
                    Err(error) => (Err(error), true),
                };
                if pages.send(page).await.is_err() || last {
                    break;
                }
            }
            drop(open);
        });
        taken
    }

    /// Reads the whole log on, two windows of positions at once, so that the server need not wait for the next request.
    fn windows(self: &Arc<Self>, mut log: AllCursor) -> Pages {
        let (pages, taken) = mpsc::channel(1);
        let reader = Arc::clone(self);
        let open = self.open.open();
        tokio::spawn(async move {
            let mut size = PageSize::default();
            let mut fetched = VecDeque::new();
            'log: loop {
                while fetched.len() < 2
                    && let Some(window) = log.split(size.rows())
                {
                    fetched.push_back(tokio::spawn(Arc::clone(&reader).window(window, size.rows())));
                }
                let Some(window) = fetched.pop_front() else { break };
                let Ok((mut page, mut rest)) = window.await else {
                    // only a runtime that shuts down ends it
                    drop(pages.send(Err(ReadError::Store(PostgresError::Closed.into()))).await);
                    break;
                };
                loop {
                    let last = page.is_err();
                    if let Ok(page) = &page {
                        size.learn(page.rows, page.bytes);
                    }
                    if pages.send(page.map(|answer| answer.page)).await.is_err() || last {
                        break 'log;
                    }
                    if rest.is_at_end() {
                        break;
                    }
                    page = reader.page(&mut rest, &mut Decoder::default(), Way::Alone, &mut size.rows()).await;
                }
            }
            drop(open);
        });
        taken
    }

    /// A window's first page, which is all of it unless its events are big, and where the window goes on.
    async fn window(self: Arc<Self>, window: AllCursor, mut rows: usize) -> (Result<Answer, ReadError>, Cursor) {
        let mut cursor = Cursor::All(window);
        let page = self.page(&mut cursor, &mut Decoder::default(), Way::Alone, &mut rows).await;
        (page, cursor)
    }

    async fn page(
        &self,
        cursor: &mut Cursor,
        decoder: &mut Decoder,
        way: Way<'_>,
        rows: &mut usize,
    ) -> Result<Answer, ReadError> {
        if cursor.is_at_end() {
            return Ok(Answer::nothing(cursor));
        }
        let mut patience = Patience::new(self.persistence);
        loop {
            let page = match way {
                Way::Shared => match self.shared.any().await {
                    Ok(client) => page::read(&client, &self.sql, cursor, decoder, way, rows).await,
                    Err(error) => Err(error.into()),
                },
                Way::Alone | Way::Pool(_) => match self.pool.get().await {
                    Ok(client) => page::read(&client, &self.sql, cursor, decoder, way, rows).await,
                    Err(error) => Err(PostgresError::pool(error).into()),
                },
            };
            match page {
                Ok(page) => return Ok(page),
                Err(page::Failure::Server(error)) => patience.wait(error).await?,
                Err(page::Failure::Event(error)) => return Err(error),
            }
        }
    }
}

/// A column of the row that a function answers.
pub(crate) fn column<T: for<'a> FromSql<'a>>(row: Option<&Row>, index: usize) -> Result<T, PostgresError> {
    let row = row.ok_or_else(|| PostgresError::Answer("no row".into()))?;
    row.try_get(index).map_err(|error| PostgresError::Answer(error.into()))
}

/// A column with a place: what is below 0 is none.
pub(crate) fn place<T: TryFrom<i64, Error: Into<BoxError>>>(
    row: Option<&Row>,
    index: usize,
) -> Result<T, PostgresError> {
    T::try_from(column(row, index)?).map_err(|error| PostgresError::Answer(error.into()))
}

/// How long a read is tried again.
#[derive(Debug)]
struct Patience {
    deadline: Instant,
    pause: Duration,
}

impl Patience {
    fn new(persistence: Duration) -> Self {
        Self { deadline: Instant::now() + persistence, pause: FIRST_PAUSE }
    }

    /// Waits before another try, or gives the error back when there is none.
    async fn wait(&mut self, error: PostgresError) -> Result<(), ReadError> {
        if !error.ends_session() || Instant::now() >= self.deadline {
            return Err(ReadError::Store(error.into()));
        }
        tracing::debug!(%error, "a read is tried again");
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LAST_PAUSE);
        Ok(())
    }
}
