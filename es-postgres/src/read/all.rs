//! Reading the whole log, filtered by the server, up to the frontier.

use es_core::{Filter, Position, StoredEvent};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::frontier::Frontier;
use crate::schema_name::SchemaName;

/// How many positions one statement looks at when few of them may fit: none runs long, and the reader advances.
const WINDOW: i64 = 20_000;

/// The texts of the statements.
#[derive(Debug)]
pub(super) struct Sql {
    all: String,
    by_name: String,
    by_category: String,
    by_both: String,
}

impl Sql {
    pub(super) fn new(schema: &SchemaName) -> Self {
        Self {
            all: schema.render(include_str!("all.sql")),
            by_name: schema.render(include_str!("all_by_name.sql")),
            by_category: schema.render(include_str!("all_by_category.sql")),
            by_both: schema.render(include_str!("all_by_category_and_name.sql")),
        }
    }
}

/// A place in the whole log.
#[derive(Debug, Clone)]
pub(crate) struct AllCursor {
    after: i64,
    /// Where the statement stops: the frontier, or the end of a window below it.
    until: i64,
    /// `None` until it is known.
    frontier: Option<i64>,
    /// The one that the frontier is of.
    incarnation: Uuid,
    categories: Option<Vec<String>>,
    names: Option<Vec<String>>,
}

impl AllCursor {
    /// At `after`; it reads nothing before it was told where to stop.
    pub(crate) fn new(after: Position, filter: &Filter) -> Self {
        let after = i64::from(after);
        Self {
            after,
            until: after,
            frontier: None,
            incarnation: Uuid::nil(),
            categories: filter.categories().map(|names| names.map(str::to_owned).collect()),
            names: filter.names().map(|names| names.map(str::to_owned).collect()),
        }
    }

    pub(super) fn stop_at(&mut self, frontier: Frontier) {
        self.frontier = Some(frontier.position.into());
        self.incarnation = frontier.incarnation;
        self.next_window();
    }

    pub(super) fn is_whole(&self) -> bool {
        self.categories.is_none() && self.names.is_none()
    }

    /// Takes the next `rows` positions off a log that is read whole: they are known before any of them is read.
    pub(super) fn split(&mut self, rows: usize) -> Option<Self> {
        let frontier = self.frontier.filter(|_| self.is_whole())?;
        if self.after >= frontier {
            return None;
        }
        let end = frontier.min(self.after.saturating_add(i64::try_from(rows).unwrap_or(i64::MAX)));
        let window = Self { until: end, frontier: Some(end), ..self.clone() };
        self.after = end;
        Some(window)
    }

    pub(super) fn sql<'a>(&self, sql: &'a Sql) -> &'a str {
        match (&self.categories, &self.names) {
            (None, None) => &sql.all,
            (None, Some(_)) => &sql.by_name,
            (Some(_), None) => &sql.by_category,
            (Some(_), Some(_)) => &sql.by_both,
        }
    }

    pub(super) fn parameters<'a>(&'a self, rows: &'a i64) -> Vec<&'a (dyn ToSql + Sync)> {
        let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&self.after, &self.until, rows, &self.incarnation];
        parameters.extend(self.categories.iter().chain(&self.names).map(|names| names as &(dyn ToSql + Sync)));
        parameters
    }

    pub(super) fn pass(&mut self, event: &StoredEvent) {
        self.after = event.position.into();
    }

    pub(super) fn exhaust(&mut self) {
        self.after = self.until;
        self.next_window();
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.frontier.is_some_and(|frontier| self.after >= frontier)
    }

    pub(super) fn needs_frontier(&self) -> bool {
        self.frontier.is_none()
    }

    fn next_window(&mut self) {
        let frontier = self.frontier.unwrap_or(self.after);
        self.until = if self.names.is_some() { frontier.min(self.after.saturating_add(WINDOW)) } else { frontier };
    }
}
