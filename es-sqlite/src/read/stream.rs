//! Reads a page of a stream.

use es_core::{Direction, ReadError, StoredEvent, StreamId, Version};
use rusqlite::{Connection, params};

use crate::{
    codec::row::{RowDecoder, columns, damaged},
    error::SqliteError,
};

/// The most bytes of payloads and metadata of a page, unless it holds a single event.
pub(super) const PAGE_BYTES: usize = 1024 * 1024;

/// The events of the stream with this category and id.
macro_rules! of_stream {
    () => {
        "streams CROSS JOIN events INDEXED BY events_of_stream USING (stream)
         WHERE streams.category = ?1 AND streams.id = ?2"
    };
}

const FORWARD: &str =
    concat!("SELECT ", columns!(), " FROM ", of_stream!(), " AND version >= ?3 ORDER BY version ASC LIMIT ?4");
const BACKWARD: &str =
    concat!("SELECT ", columns!(), " FROM ", of_stream!(), " AND version <= ?3 ORDER BY version DESC LIMIT ?4");
/// The first version after one.
const NEXT_VERSION: &str = concat!("SELECT min(version) FROM ", of_stream!(), " AND version > ?3");

/// A part of a stream: from a version on, inclusive.
#[derive(Clone, Debug)]
pub(crate) struct StreamCursor {
    pub(crate) stream: StreamId,
    pub(crate) from: Version,
    pub(crate) direction: Direction,
    /// Whether `from` follows an event that was read.
    pub(crate) goes_on: bool,
}

/// Events of a stream, and whether there may be more.
#[derive(Debug)]
pub(crate) struct StreamPage {
    pub(crate) events: Vec<StoredEvent>,
    pub(crate) more: bool,
}

impl StreamCursor {
    pub(crate) fn new(stream: &StreamId, from: Version, direction: Direction) -> Self {
        Self { stream: stream.clone(), from, direction, goes_on: false }
    }

    /// Continues after the event with this version.
    pub(crate) fn after(&self, last: Version) -> Self {
        let from = match self.direction {
            Direction::Forward => last.plus(1),
            Direction::Backward => Version::new(last.get().saturating_sub(1)),
        };
        Self { from, goes_on: true, ..self.clone() }
    }

    /// Reads at most `limit` events: forward with one statement, which needs no transaction, and backward in a transaction.
    pub(crate) fn read(
        &self,
        connection: &Connection,
        decoder: &mut RowDecoder,
        limit: usize,
    ) -> Result<StreamPage, ReadError> {
        let mut page = StreamPage { events: Vec::with_capacity(limit.min(16)), more: false };
        let sql = match self.direction {
            Direction::Forward => FORWARD,
            Direction::Backward => BACKWARD,
        };
        let from = i64::try_from(self.from.get()).unwrap_or(i64::MAX);
        let rows = i64::try_from(limit).unwrap_or(i64::MAX);
        let (category, id) = (self.stream.category(), self.stream.id());
        let mut statement = connection.prepare_cached(sql).map_err(SqliteError::from)?;
        let mut rows = statement.query(params![category, id, from, rows]).map_err(SqliteError::from)?;
        let (mut bytes, mut before) = (0, None);
        while bytes <= PAGE_BYTES
            && let Some(row) = rows.next().map_err(SqliteError::from)?
        {
            let event = decoder.event(connection, row)?;
            let at = (event.version, event.position);
            if event.stream != self.stream {
                return Err(damaged(self.stream.clone(), at, "it is an event of another stream"));
            }
            self.check_order(before, event.version)?;
            before = Some(event.version);
            bytes += event.bytes();
            page.events.push(event);
        }
        page.more = bytes > PAGE_BYTES || page.events.len() == limit;
        drop(rows);
        drop(statement);
        if self.direction == Direction::Backward {
            self.check_ends(connection, &page)?;
        }
        Ok(page)
    }

    /// Refuses a version that does not follow the one before.
    fn check_order(&self, before: Option<Version>, found: Version) -> Result<(), ReadError> {
        let first = || if self.goes_on { Some(self.from) } else { None };
        let (expected, hole) = match (self.direction, before) {
            (Direction::Forward, None) => {
                let expected = self.from.max(Version::FIRST);
                (Some(expected), (Version::new(expected.get() - 1), found))
            }
            (Direction::Forward, Some(before)) => (Some(before.plus(1)), (before, found)),
            (Direction::Backward, None) => (first(), (found, self.from.plus(1))),
            (Direction::Backward, Some(before)) => (Some(Version::new(before.get() - 1)), (found, before)),
        };
        match expected {
            Some(expected) if expected != found => {
                Err(ReadError::Hole { stream: self.stream.clone(), after: hole.0, found: hole.1 })
            }
            _ => Ok(()),
        }
    }

    /// Refuses a page that begins below the version that was asked for although the stream goes on above it, or that ends
    /// before the first event.
    fn check_ends(&self, connection: &Connection, page: &StreamPage) -> Result<(), ReadError> {
        let hole = |after, found| Err(ReadError::Hole { stream: self.stream.clone(), after, found });
        let first = page.events.first().map_or(Version::NONE, |event| event.version);
        if first < self.from && !self.goes_on {
            let next = connection.prepare_cached(NEXT_VERSION).and_then(|mut next| {
                let after = params![self.stream.category(), self.stream.id(), first.get().cast_signed()];
                next.query_row(after, |row| row.get::<_, Option<i64>>(0))
            });
            if let Some(next) = next.map_err(SqliteError::from)? {
                return hole(first, Version::new(next.cast_unsigned()));
            }
        }
        match page.events.last() {
            Some(last) if !page.more && last.version != Version::FIRST => hole(Version::NONE, last.version),
            None if self.goes_on && self.from > Version::NONE => hole(Version::NONE, self.from.plus(1)),
            _ => Ok(()),
        }
    }
}
