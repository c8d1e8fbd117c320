//! What SQLite lets a projection do in a transaction of the store: everything but to end it, and to touch the log.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rusqlite::{
    Connection,
    hooks::{AuthAction, AuthContext, Authorization},
};

/// The tables and views of the store, in the order of their names.
pub(crate) const OF_THE_STORE: [&str; 10] = [
    "events",
    "incarnations",
    "keys",
    "kinds",
    "log",
    "read_model_rows",
    "read_models",
    "snapshots",
    "streams",
    "wal_base",
];

/// SQLite asks whether the statement may go on after so many of its steps.
const STEPS: i32 = 10_000;

/// What SQLite asks when it prepares a statement, and while it executes one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard(Arc<Mutex<Part>>);

/// The part of the work that runs now.
#[derive(Debug, Default)]
struct Part {
    /// When it is to end; `None` while none runs.
    end: Option<Instant>,
    /// What was refused last.
    refused: Option<&'static str>,
    /// What the names of the projection's tables begin with.
    prefix: String,
}

impl Guard {
    /// The guard of `connection`, which has prepared no statement yet that a projection could use.
    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let guard = Self::default();
        let (preparing, executing) = (guard.clone(), guard.clone());
        connection.authorizer(Some(move |context: AuthContext<'_>| preparing.authorize(&context.action)))?;
        connection.progress_handler(STEPS, Some(move || executing.is_over()))?;
        Ok(guard)
    }

    /// Notes that a part begins, whose tables have this prefix and which may take as long as `timeout`.
    pub(crate) fn begin(&self, prefix: &str, timeout: Duration) {
        // A time too far ahead to be told is about never.
        let end =
            Instant::now().checked_add(timeout).or_else(|| Instant::now().checked_add(Duration::from_secs(1 << 31)));
        *self.part() = Part { end, refused: None, prefix: prefix.to_owned() };
    }

    /// Notes that the part has ended, and tells whether that was too late.
    pub(crate) fn end(&self) -> bool {
        let is_over = self.is_over();
        self.part().end = None;
        is_over
    }

    /// What was refused last.
    pub(crate) fn refused(&self) -> Option<&'static str> {
        self.part().refused
    }

    fn is_over(&self) -> bool {
        self.part().end.is_some_and(|end| Instant::now() > end)
    }

    fn part(&self) -> MutexGuard<'_, Part> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn authorize(&self, action: &AuthAction<'_>) -> Authorization {
        let mut part = self.part();
        if part.end.is_none() {
            return Authorization::Allow;
        }
        match refusal(action, &part.prefix) {
            None => Authorization::Allow,
            Some(refused) => {
                part.refused = Some(refused);
                Authorization::Deny
            }
        }
    }
}

/// Whether this is the name of a table or a view of the store.
pub(crate) fn is_of_the_store(name: &str) -> bool {
    OF_THE_STORE.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// Why a projection, whose tables have the prefix, may not do `action`; `None` if it may.
fn refusal(action: &AuthAction<'_>, prefix: &str) -> Option<&'static str> {
    let writes =
        |name: &str| is_of_the_store(name).then_some("changes a table of the store, which belongs to the events");
    let makes = |name: &str, of: &str| {
        let is_own = name.to_ascii_lowercase().starts_with(prefix) || name.starts_with("sqlite_");
        let without = "makes, changes or drops something by a name that is not the projection's; write the name in braces, as in \
                       `CREATE TABLE {balances}` or `CREATE INDEX {by_day} ON {balances}`";
        writes(name).or_else(|| writes(of)).or_else(|| (!is_own).then_some(without))
    };
    match *action {
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Function { .. }
        | AuthAction::Recursive
        | AuthAction::Reindex { .. }
        // Full-text search and R-trees read these for themselves.
        | AuthAction::Pragma { pragma_name: "page_size" | "data_version", pragma_value: None } => None,
        AuthAction::Insert { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::Delete { table_name }
        | AuthAction::Analyze { table_name } => writes(table_name),
        AuthAction::CreateTable { table_name: name }
        | AuthAction::CreateView { view_name: name }
        | AuthAction::CreateVtable { table_name: name, .. }
        | AuthAction::DropTable { table_name: name }
        | AuthAction::DropView { view_name: name }
        | AuthAction::DropVtable { table_name: name, .. }
        | AuthAction::AlterTable { table_name: name, .. } => makes(name, name),
        AuthAction::CreateIndex { index_name: name, table_name }
        | AuthAction::CreateTrigger { trigger_name: name, table_name }
        | AuthAction::DropIndex { index_name: name, table_name }
        | AuthAction::DropTrigger { trigger_name: name, table_name } => makes(name, table_name),
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => {
            Some("begins or ends a transaction, and what a projection does is a part of the store's transaction")
        }
        AuthAction::Pragma { .. } => Some("is a PRAGMA, which would change how the store works"),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => Some("attaches or detaches a database"),
        _ => Some("is for a temporary table or the like, which other connections do not see"),
    }
}
