//! Reads one stream, forward or backward.

use es_core::{Direction, StoredEvent, StreamId, Version};
use tokio_postgres::types::ToSql;

use crate::server::schema_name::SchemaName;

/// The SQL of the statements.
#[derive(Debug)]
pub(super) struct Sql {
    forward: String,
    backward: String,
}

impl Sql {
    pub(super) fn new(schema: &SchemaName) -> Self {
        Self {
            forward: schema.render(include_str!("stream_forward.sql")),
            backward: schema.render(include_str!("stream_backward.sql")),
        }
    }
}

/// A cursor in a stream.
#[derive(Debug, Clone)]
pub(crate) struct StreamCursor {
    pub(super) stream: StreamId,
    category: String,
    id: String,
    from: i64,
    direction: Direction,
    pub(super) ended: bool,
}

impl StreamCursor {
    pub(super) fn new(stream: &StreamId, from: Version, direction: Direction) -> Self {
        let (category, id) = (stream.category().to_owned(), stream.id().to_owned());
        Self { stream: stream.clone(), category, id, from: from.into(), direction, ended: false }
    }

    pub(super) fn sql<'a>(&self, sql: &'a Sql) -> &'a str {
        match self.direction {
            Direction::Forward => &sql.forward,
            Direction::Backward => &sql.backward,
        }
    }

    pub(super) fn parameters<'a>(&'a self, rows: &'a i64) -> Vec<&'a (dyn ToSql + Sync)> {
        vec![&self.category, &self.id, &self.from, rows]
    }

    pub(super) fn advance_past(&mut self, event: &StoredEvent) {
        let version = i64::from(event.version);
        self.from = match self.direction {
            Direction::Forward => version.saturating_add(1),
            Direction::Backward => version - 1,
        };
    }
}
