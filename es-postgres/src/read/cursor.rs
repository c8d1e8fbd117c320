//! Where a reader stands.

use es_core::{Checkpoint, Direction, Filter, Page, Position, StoredEvent, StreamId, Version};
use tokio_postgres::types::ToSql;

use super::all::{self, AllCursor};
use super::stream::{self, StreamCursor};
use crate::read::frontier::Frontier;
use crate::server::schema_name::SchemaName;

/// The texts of the statements.
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

/// Where a reader stands, and what it reads.
#[derive(Debug, Clone)]
pub(crate) enum Cursor {
    Stream(StreamCursor),
    All(AllCursor),
}

impl Cursor {
    pub(crate) fn stream(stream: &StreamId, from: Version, direction: Direction) -> Self {
        Self::Stream(StreamCursor::new(stream, from, direction))
    }

    /// Up to a frontier that is known already.
    pub(crate) fn until(after: Position, filter: &Filter, frontier: Frontier) -> Self {
        let mut cursor = AllCursor::new(after, Direction::Forward, filter);
        cursor.stop_at(frontier);
        Self::All(cursor)
    }

    /// Events that were read, and how far the reader has looked.
    pub(super) fn page(&self, events: Vec<StoredEvent>) -> Page {
        match self {
            // what is read of a stream leaves this module without it
            Self::Stream(_) => Page::new(events, Position::START, Checkpoint::START),
            Self::All(cursor) => cursor.page(events),
        }
    }

    /// The stream that is read, if it is one.
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

    /// Moves behind events that were read.
    pub(super) fn advance_past(&mut self, events: &[StoredEvent]) {
        let Some(event) = events.last() else { return };
        match self {
            Self::Stream(cursor) => cursor.advance_past(event),
            Self::All(cursor) => cursor.advance_past(event),
        }
    }

    /// Moves behind everything the last statement looked at: it gave fewer rows than it might.
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
