//! Reads the whole log up to the frontier; the server applies the filter.

use es_core::{Checkpoint, Direction, Filter, Page, Position, StoredEvent};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::{read::frontier::Frontier, server::schema_name::SchemaName};

/// How many positions one statement scans at most when the filter may drop most of their events. The bound keeps the statement
/// short and lets the reader advance even when few events match.
const WINDOW: i64 = 20_000;

/// The SQL of the statements, for each direction.
#[derive(Debug)]
pub(super) struct Sql {
    forward: Texts,
    backward: Texts,
}

/// The texts for one direction, each without and with a filter by name and by a range of slices.
#[derive(Debug)]
struct Texts {
    all: [String; 4],
    by_category: [String; 4],
    by_categories: [String; 4],
}

impl Sql {
    pub(super) fn new(schema: &SchemaName) -> Self {
        Self { forward: Texts::new(schema, ">", "<=", "ASC"), backward: Texts::new(schema, "<", ">=", "DESC") }
    }
}

impl Texts {
    fn new(schema: &SchemaName, beyond: &str, within: &str, order: &str) -> Self {
        // `next` is the number of the first parameter behind those of the template.
        let texts = |template: &str, next: usize| {
            [(false, false), (true, false), (false, true), (true, true)].map(|(named, sliced)| {
                let (first, last) = if named { (next + 1, next + 2) } else { (next, next + 1) };
                let names = format!(" AND name OPERATOR(pg_catalog.=) ANY (${next})");
                let slices = format!(
                    " AND slice OPERATOR(pg_catalog.>=) ${first}::smallint AND slice OPERATOR(pg_catalog.<=) ${last}::smallint"
                );
                let directed = template
                    .replace("{beyond}", &format!("OPERATOR(pg_catalog.{beyond})"))
                    .replace("{within}", &format!("OPERATOR(pg_catalog.{within})"))
                    .replace("{order}", order)
                    .replace("{names}", if named { &names } else { "" })
                    .replace("{slices}", if sliced { &slices } else { "" });
                schema.render(&directed)
            })
        };
        Self {
            all: texts(include_str!("all.sql"), 5),
            by_category: texts(include_str!("all_by_category.sql"), 6),
            by_categories: texts(include_str!("all_by_categories.sql"), 6),
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

    /// The position beyond which the next statement reads.
    pub(super) fn position(&self) -> Position {
        Position::new(self.from.max(0).cast_unsigned())
    }

    /// Wraps `events` in a page, with the position up to which the reader has looked and the frontier when reading began.
    pub(super) fn page(&self, events: Vec<StoredEvent>) -> Page {
        let looked = match self.end {
            Some(end) if self.direction == Direction::Forward => self.from.min(end),
            _ => self.from,
        };
        Page::new(events, Position::new(looked.max(0).cast_unsigned()), self.frontier)
    }

    /// Whether windows of positions can be read concurrently: each statement scans a range of positions, instead of as many as
    /// it takes to fill a page.
    pub(super) fn reads_windows(&self) -> bool {
        self.direction == Direction::Forward && (self.categories.is_none() || self.drops_events())
    }

    /// Splits off a window of the next `positions` positions.
    pub(super) fn split(&mut self, positions: usize) -> Option<Self> {
        let frontier = self.end?;
        if self.from >= frontier {
            return None;
        }
        let positions = i64::try_from(positions).unwrap_or(WINDOW).min(WINDOW);
        let end = frontier.min(self.from.saturating_add(positions));
        let window = Self { until: end, end: Some(end), ..self.clone() };
        self.from = end;
        Some(window)
    }

    pub(super) fn sql<'a>(&self, sql: &'a Sql) -> &'a str {
        let texts = match self.direction {
            Direction::Forward => &sql.forward,
            Direction::Backward => &sql.backward,
        };
        let texts = match self.categories.as_deref() {
            None => &texts.all,
            Some([_]) => &texts.by_category,
            Some(_) => &texts.by_categories,
        };
        &texts[usize::from(self.names.is_some()) + 2 * usize::from(self.slices.is_some())]
    }

    pub(super) fn parameters<'a>(&'a self, rows: &'a i64) -> Vec<&'a (dyn ToSql + Sync)> {
        let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&self.from, &self.until, rows, &self.incarnation];
        match &self.categories {
            Some(categories) if categories.len() == 1 => parameters.push(&categories[0]),
            Some(categories) => parameters.push(categories),
            None => {}
        }
        parameters.extend(self.names.as_ref().map(|names| names as &(dyn ToSql + Sync)));
        if let Some((first, last)) = &self.slices {
            parameters.extend([first, last].map(|slice| slice as &(dyn ToSql + Sync)));
        }
        parameters
    }

    /// Whether the server reads events that the filter then drops: there is no index by name or by slice.
    fn drops_events(&self) -> bool {
        self.names.is_some() || self.slices.is_some()
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
            _ if !self.drops_events() => end,
            Direction::Forward => end.min(self.from.saturating_add(WINDOW)),
            Direction::Backward => end.max(self.from.saturating_sub(WINDOW)),
        };
    }
}
