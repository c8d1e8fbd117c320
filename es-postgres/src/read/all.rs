//! Reads the whole log up to the frontier; the server applies the filter.

use es_core::{Checkpoint, Direction, Filter, Page, Position, StoredEvent};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::read::frontier::Frontier;
use crate::server::schema_name::SchemaName;

/// How many positions one filtered statement scans. The bound keeps the statement short and lets the reader advance even
/// when few events match.
const WINDOW: i64 = 20_000;

/// The SQL of the statements, for each direction.
#[derive(Debug)]
pub(super) struct Sql {
    forward: Texts,
    backward: Texts,
    /// The same for a range of slices.
    sliced_forward: Texts,
    sliced_backward: Texts,
}

#[derive(Debug)]
struct Texts {
    all: String,
    by_name: String,
    by_category: String,
    by_both: String,
}

impl Sql {
    pub(super) fn new(schema: &SchemaName) -> Self {
        let [forward, sliced_forward] = [false, true].map(|sliced| Texts::new(schema, sliced, ">", "<=", "ASC"));
        let [backward, sliced_backward] = [false, true].map(|sliced| Texts::new(schema, sliced, "<", ">=", "DESC"));
        Self { forward, backward, sliced_forward, sliced_backward }
    }
}

impl Texts {
    fn new(schema: &SchemaName, sliced: bool, beyond: &str, within: &str, order: &str) -> Self {
        // The bounds of the range are the last two parameters.
        let text = |template: &str, parameters: usize| {
            let (first, last) = (parameters + 1, parameters + 2);
            let range = format!(
                " AND slice OPERATOR(pg_catalog.>=) ${first}::smallint AND slice OPERATOR(pg_catalog.<=) ${last}::smallint"
            );
            let directed = template
                .replace("{beyond}", &format!("OPERATOR(pg_catalog.{beyond})"))
                .replace("{within}", &format!("OPERATOR(pg_catalog.{within})"))
                .replace("{order}", order)
                .replace("{slices}", if sliced { &range } else { "" });
            schema.render(&directed)
        };
        Self {
            all: text(include_str!("all.sql"), 4),
            by_name: text(include_str!("all_by_name.sql"), 5),
            by_category: text(include_str!("all_by_category.sql"), 5),
            by_both: text(include_str!("all_by_category_and_name.sql"), 6),
        }
    }
}

/// A cursor in the whole log.
#[derive(Debug, Clone)]
pub(crate) struct AllCursor {
    direction: Direction,
    /// The statement reads beyond this position: above it, or below it backward.
    from: i64,
    /// The last position that the statement may return: the end of the log, or of a window before it.
    until: i64,
    /// The last position to read: the frontier, or the first position when reading backward. `None` until the frontier is
    /// known.
    end: Option<i64>,
    /// The frontier when reading began.
    frontier: Checkpoint,
    /// The incarnation of the frontier, as a parameter of the statement.
    incarnation: Uuid,
    categories: Option<Vec<String>>,
    names: Option<Vec<String>>,
    slices: Option<(i16, i16)>,
}

impl AllCursor {
    /// Creates a cursor beyond `from`. It reads nothing until [`stop_at`](Self::stop_at) sets the end.
    pub(crate) fn new(from: Position, direction: Direction, filter: &Filter) -> Self {
        let from = i64::from(from);
        Self {
            direction,
            from,
            until: from,
            end: None,
            frontier: Checkpoint::START,
            incarnation: Uuid::nil(),
            categories: filter.categories().map(|names| names.map(str::to_owned).collect()),
            names: filter.names().map(|names| names.map(str::to_owned).collect()),
            slices: filter.slice_range().map(|(first, last)| (first.cast_signed(), last.cast_signed())),
        }
    }

    pub(super) fn stop_at(&mut self, frontier: Frontier) {
        let position = i64::from(frontier.position);
        self.end = Some(match self.direction {
            Direction::Forward => position,
            Direction::Backward => {
                self.from = self.from.min(position.saturating_add(1)).max(1);
                1
            }
        });
        self.incarnation = frontier.incarnation;
        self.frontier = frontier.checkpoint();
        self.next_window();
    }

    /// Wraps `events` in a page, with the position up to which the reader has looked and the frontier when reading began.
    pub(super) fn page(&self, events: Vec<StoredEvent>) -> Page {
        let looked = match self.end {
            Some(end) if self.direction == Direction::Forward => self.from.min(end),
            _ => self.from,
        };
        Page::new(events, Position::new(looked.max(0).cast_unsigned()), self.frontier)
    }

    /// Whether the cursor reads every event, forward.
    pub(super) fn reads_whole_log(&self) -> bool {
        self.categories.is_none()
            && self.names.is_none()
            && self.slices.is_none()
            && self.direction == Direction::Forward
    }

    /// Splits off a window of the next `rows` positions. Without a filter its bounds are known before the events are read.
    pub(super) fn split(&mut self, rows: usize) -> Option<Self> {
        let frontier = self.end.filter(|_| self.reads_whole_log())?;
        if self.from >= frontier {
            return None;
        }
        let end = frontier.min(self.from.saturating_add(i64::try_from(rows).unwrap_or(i64::MAX)));
        let window = Self { until: end, end: Some(end), ..self.clone() };
        self.from = end;
        Some(window)
    }

    pub(super) fn sql<'a>(&self, sql: &'a Sql) -> &'a str {
        let texts = match (self.direction, self.slices) {
            (Direction::Forward, None) => &sql.forward,
            (Direction::Forward, Some(_)) => &sql.sliced_forward,
            (Direction::Backward, None) => &sql.backward,
            (Direction::Backward, Some(_)) => &sql.sliced_backward,
        };
        match (&self.categories, &self.names) {
            (None, None) => &texts.all,
            (None, Some(_)) => &texts.by_name,
            (Some(_), None) => &texts.by_category,
            (Some(_), Some(_)) => &texts.by_both,
        }
    }

    pub(super) fn parameters<'a>(&'a self, rows: &'a i64) -> Vec<&'a (dyn ToSql + Sync)> {
        let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&self.from, &self.until, rows, &self.incarnation];
        parameters.extend(self.categories.iter().chain(&self.names).map(|names| names as &(dyn ToSql + Sync)));
        if let Some((first, last)) = &self.slices {
            parameters.extend([first, last].map(|slice| slice as &(dyn ToSql + Sync)));
        }
        parameters
    }

    pub(super) fn advance_past(&mut self, event: &StoredEvent) {
        self.from = event.position.into();
    }

    pub(super) fn skip_to_window_end(&mut self) {
        self.from = self.until;
        self.next_window();
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.end.is_some_and(|end| match self.direction {
            Direction::Forward => self.from >= end,
            Direction::Backward => self.from <= end,
        })
    }

    fn next_window(&mut self) {
        let end = self.end.unwrap_or(self.from);
        self.until = match self.direction {
            _ if self.names.is_none() && self.slices.is_none() => end,
            Direction::Forward => end.min(self.from.saturating_add(WINDOW)),
            Direction::Backward => end.max(self.from.saturating_sub(WINDOW)),
        };
    }
}
