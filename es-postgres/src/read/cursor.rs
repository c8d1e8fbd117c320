//! The cursor of a reader.

use es_core::{Checkpoint, Direction, Filter, Page, Position, StoredEvent, StreamId, Version};
use tokio_postgres::types::ToSql;

use crate::{
    read::{
        all::{self, AllCursor},
        frontier::Frontier,
        stream::{self, StreamCursor},
    },
    server::schema_name::SchemaName,
};

/// The SQL of the statements.
#[derive(Debug)]
pub(super) struct Sql {
    stream: stream::Sql,
    all: all::Sql,
}

impl Sql {
    pub(super) fn new(schema: &SchemaName) -> Self {
        Self { stream: stream::Sql::new(schema), all: all::Sql::new(schema) }
    }
}

/// What a reader reads, and how far it has come.
#[derive(Debug, Clone)]
pub(crate) enum Cursor {
    Stream(StreamCursor),
    All(AllCursor),
}

impl Cursor {
    pub(crate) fn stream(stream: &StreamId, from: Version, direction: Direction) -> Self {
        Self::Stream(StreamCursor::new(stream, from, direction))
    }

    /// Creates a cursor from `after` up to a known frontier.
    pub(crate) fn until(after: Position, filter: &Filter, frontier: Frontier) -> Self {
        let mut cursor = AllCursor::new(after, Direction::Forward, filter);
        cursor.stop_at(frontier);
        Self::All(cursor)
    }

    /// Wraps events in a page, with the position up to which the reader has looked.
    pub(super) fn page(&self, events: Vec<StoredEvent>) -> Page {
        match self {
            // Readers of a stream get the events without the page.
            Self::Stream(_) => Page::new(events, Position::START, Checkpoint::START),
            Self::All(cursor) => cursor.page(events),
        }
    }

    /// The stream, when the reader reads only one.
    pub(super) fn stream_id(&self) -> Option<&StreamId> {
        match self {
            Self::Stream(cursor) => Some(&cursor.stream),
            Self::All(_) => None,
        }
    }

    pub(super) fn sql<'a>(&self, sql: &'a Sql) -> &'a str {
        match self {
            Self::Stream(cursor) => cursor.sql(&sql.stream),
            Self::All(cursor) => cursor.sql(&sql.all),
        }
    }

    pub(super) fn parameters<'a>(&'a self, rows: &'a i64) -> Vec<&'a (dyn ToSql + Sync)> {
        match self {
            Self::Stream(cursor) => cursor.parameters(rows),
            Self::All(cursor) => cursor.parameters(rows),
        }
    }

    /// Moves the cursor behind the last of these events.
    pub(super) fn advance_past(&mut self, events: &[StoredEvent]) {
        let Some(event) = events.last() else { return };
        match self {
            Self::Stream(cursor) => cursor.advance_past(event),
            Self::All(cursor) => cursor.advance_past(event),
        }
    }

    /// Moves the cursor behind everything the last statement scanned. Called when it returned fewer rows than its limit.
    pub(super) fn skip_to_window_end(&mut self) {
        match self {
            Self::Stream(cursor) => cursor.ended = true,
            Self::All(cursor) => cursor.skip_to_window_end(),
        }
    }

    pub(super) fn is_at_end(&self) -> bool {
        match self {
            Self::Stream(cursor) => cursor.ended,
            Self::All(cursor) => cursor.is_at_end(),
        }
    }
}
