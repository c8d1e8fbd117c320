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

    /// Notes that a part begins, which may take as long as `timeout`.
    pub(crate) fn begin(&self, timeout: Duration) {
        // A time too far ahead to be told is about never.
        let end =
            Instant::now().checked_add(timeout).or_else(|| Instant::now().checked_add(Duration::from_secs(1 << 31)));
        *self.part() = Part { end, refused: None };
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
        match refusal(action) {
            None => Authorization::Allow,
            Some(refused) => {
                part.refused = Some(refused);
                Authorization::Deny
            }
        }
    }
}

/// Why a projection may not do `action`; `None` if it may.
fn refusal(action: &AuthAction<'_>) -> Option<&'static str> {
    let of_the_store = |name: &str| {
        let is = OF_THE_STORE.iter().any(|own| own.eq_ignore_ascii_case(name));
        is.then_some("changes a table of the store, which belongs to the events")
    };
    match *action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Function { .. } | AuthAction::Recursive => None,
        AuthAction::Insert { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::Delete { table_name }
        | AuthAction::CreateTable { table_name }
        | AuthAction::CreateIndex { table_name, .. }
        | AuthAction::CreateTrigger { table_name, .. }
        | AuthAction::CreateView { view_name: table_name }
        | AuthAction::CreateVtable { table_name, .. }
        | AuthAction::DropTable { table_name }
        | AuthAction::DropIndex { table_name, .. }
        | AuthAction::DropTrigger { table_name, .. }
        | AuthAction::DropView { view_name: table_name }
        | AuthAction::DropVtable { table_name, .. }
        | AuthAction::AlterTable { table_name, .. }
        | AuthAction::Analyze { table_name } => of_the_store(table_name),
        AuthAction::Reindex { .. } => None,
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => {
            Some("begins or ends a transaction, and what a projection does is a part of the store's transaction")
        }
        AuthAction::Pragma { .. } => Some("is a PRAGMA, which would change how the store works"),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => Some("attaches or detaches a database"),
        _ => Some("is for a temporary table or the like, which other connections do not see"),
    }
}
