//! Reads a page of the whole log.

use std::fmt::Write;

use es_core::{Checkpoint, Direction, Filter, Page, Position, ReadError, StoredEvent};
use rusqlite::params;

use crate::{
    codec::{kinds::Kind, row::COLUMNS},
    error::SqliteError,
    file::incarnation,
    read::{stream::PAGE_BYTES, threads::Reader},
};

/// The most kinds that are merged from their index. More are looked for in the log itself.
const MERGED_KINDS: usize = 8;
/// How many positions one page looks at, where it looks at each: a page is short also when its filter accepts little.
const WINDOW: u64 = 8_192;

/// A part of the log that is still to be read.
#[derive(Clone, Debug)]
pub(crate) struct LogCursor {
    pub(crate) from: Checkpoint,
    pub(crate) direction: Direction,
    /// Forward, the last position to look at; `None` for all that the log has.
    pub(crate) end: Option<Position>,
    pub(crate) filter: Filter,
    /// Whether the checkpoint was accepted, with the first page.
    pub(crate) is_checked: bool,
}

/// A page of the log.
pub(crate) struct LogPage {
    pub(crate) page: Page,
    /// Whether the log goes on.
    pub(crate) more: bool,
    /// Whether the filter accepts each event that the log holds, so that a page is known by its positions.
    pub(crate) has_each_position: bool,
}

/// Which rows of the log a page looks at.
enum Scan {
    /// None can match.
    Nothing,
    /// All.
    All,
    /// Those of a few kinds, each from the index.
    Merge(Vec<i64>),
    /// Those in a window of positions, with this condition.
    Window(String),
}

impl LogCursor {
    /// Reads at most `limit` events.
    pub(crate) fn read(&self, reader: &mut Reader, limit: usize) -> Result<LogPage, ReadError> {
        let frontier = reader.incarnation.frontier(&reader.connection)?;
        if !self.is_checked {
            incarnation::check(&reader.connection, self.from, frontier)?;
        }
        let end = frontier.position();
        let from = match self.direction {
            Direction::Forward => self.from.position(),
            // A cursor above the log reads it from its end.
            Direction::Backward => self.from.position().min(end.plus(1)),
        };
        let scan = self.scan(reader)?;
        let (edge, windowed) = self.edge(from, end, &scan);
        let (events, cut) = self.rows(reader, &scan, (from, edge), limit)?;
        let has_each_position = matches!(scan, Scan::All);
        if has_each_position {
            self.check_positions(from, edge, &events, cut)?;
        }
        let up_to = match events.last() {
            Some(last) if cut => last.position,
            _ => edge,
        };
        let more = up_to != edge || windowed;
        Ok(LogPage { page: Page::new(events, up_to, frontier), more, has_each_position })
    }

    /// How far a page looks that is not cut: to the end of the log, or of the window. And whether the log goes on behind it.
    fn edge(&self, from: Position, end: Position, scan: &Scan) -> (Position, bool) {
        let window = if matches!(scan, Scan::Window(_)) { WINDOW } else { u64::MAX };
        match self.direction {
            Direction::Forward => {
                let asked = self.end.unwrap_or(end).min(end);
                let edge = Position::new(from.get().saturating_add(window)).min(asked);
                // A cursor above the log has looked no further than the log goes.
                (edge, edge < end)
            }
            Direction::Backward => {
                let edge = Position::new(from.get().saturating_sub(window).max(1)).min(from);
                (edge, edge > Position::new(1))
            }
        }
    }

    fn scan(&self, reader: &mut Reader) -> Result<Scan, SqliteError> {
        let Reader { connection, decoder, .. } = reader;
        let accepts = |kind: &Kind| {
            self.filter.categories().is_none_or(|mut all| all.any(|one| one == kind.category()))
                && self.filter.names().is_none_or(|mut all| all.any(|one| one == &*kind.name))
        };
        let mut condition = String::new();
        if let Some((first, last)) = self.filter.slice_range() {
            condition = format!(
                " AND (SELECT slice FROM streams WHERE streams.stream = events.stream) BETWEEN {first} AND {last}"
            );
        }
        if self.filter.categories().is_none() && self.filter.names().is_none() {
            return Ok(if condition.is_empty() { Scan::All } else { Scan::Window(condition) });
        }
        let all = decoder.kinds.all(connection)?;
        let wanted: Vec<_> = all.iter().filter(|(_, kind)| accepts(kind)).map(|(number, _)| *number).collect();
        if wanted.is_empty() {
            return Ok(Scan::Nothing);
        }
        if condition.is_empty() && wanted.len() == all.len() {
            return Ok(Scan::All);
        }
        if condition.is_empty() && wanted.len() <= MERGED_KINDS {
            return Ok(Scan::Merge(wanted));
        }
        let list: Vec<_> = wanted.iter().map(i64::to_string).collect();
        write!(condition, " AND kind IN ({})", list.join(", ")).ok();
        Ok(Scan::Window(condition))
    }

    /// Reads the rows between two positions, and says whether it stopped before the last one: at the limit or at the size of
    /// a page.
    fn rows(
        &self,
        reader: &mut Reader,
        scan: &Scan,
        (from, edge): (Position, Position),
        limit: usize,
    ) -> Result<(Vec<StoredEvent>, bool), ReadError> {
        let (range, order) = match self.direction {
            Direction::Forward => ("position > ?1 AND position <= ?2", "ASC"),
            Direction::Backward => ("position < ?1 AND position >= ?2", "DESC"),
        };
        let sql = match scan {
            Scan::Nothing => return Ok((Vec::new(), false)),
            Scan::All => format!("SELECT {COLUMNS} FROM events WHERE {range} ORDER BY position {order} LIMIT ?3"),
            Scan::Window(condition) => {
                format!(
                    "SELECT {COLUMNS} FROM events NOT INDEXED WHERE {range}{condition} ORDER BY position {order} LIMIT ?3"
                )
            }
            Scan::Merge(kinds) => {
                let of_kind = |kind: &i64| {
                    format!(
                        "SELECT position AS found FROM events INDEXED BY events_of_kind WHERE kind = {kind} AND {range}"
                    )
                };
                let each: Vec<_> = kinds.iter().map(of_kind).collect();
                format!(
                    "SELECT {COLUMNS} FROM ({} ORDER BY 1 {order} LIMIT ?3) LEFT JOIN events ON position = found
                     ORDER BY found {order}",
                    each.join(" UNION ALL ")
                )
            }
        };
        let Reader { connection, decoder, .. } = reader;
        let mut statement = connection.prepare_cached(&sql).map_err(SqliteError::from)?;
        let at = |position: Position| position.get().cast_signed();
        let rows = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![at(from), at(edge), rows]).map_err(SqliteError::from)?;
        let (mut events, mut bytes, mut before) = (Vec::with_capacity(limit.min(64)), 0, from);
        while let Some(row) = rows.next().map_err(SqliteError::from)? {
            let event = decoder.event(connection, row)?;
            let follows = match self.direction {
                Direction::Forward => before < event.position && event.position <= edge,
                Direction::Backward => before > event.position && event.position >= edge,
            };
            if !follows || !self.filter.accepts(&event.stream, &event.name) {
                let what = format!("an index leads to position {}, which it should not", event.position);
                return Err(SqliteError::damaged(what).into());
            }
            before = event.position;
            bytes += event.bytes();
            events.push(event);
            if bytes > PAGE_BYTES || events.len() == limit {
                return Ok((events, true));
            }
        }
        Ok((events, false))
    }

    /// Refuses a hole: positions are 1, 2, 3 ….
    fn check_positions(
        &self,
        from: Position,
        edge: Position,
        events: &[StoredEvent],
        cut: bool,
    ) -> Result<(), SqliteError> {
        let hole =
            |one: Position, other: Position| Err(SqliteError::Hole { after: one.min(other), found: one.max(other) });
        let mut before = from;
        for event in events {
            let expected = match self.direction {
                Direction::Forward => before.plus(1),
                Direction::Backward => Position::new(before.get().saturating_sub(1)),
            };
            if event.position != expected {
                return hole(before, event.position);
            }
            before = event.position;
        }
        let missing = match self.direction {
            Direction::Forward => before < edge,
            Direction::Backward => before > edge,
        };
        if missing && !cut {
            hole(before, if self.direction == Direction::Forward { edge.plus(1) } else { Position::START })
        } else {
            Ok(())
        }
    }
}
