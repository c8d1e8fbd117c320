//! The target of projections: the open transaction of the store.

use std::{fmt, time::Duration};

use es_core::{StoreErrorKind, sql};
use rusqlite::{Connection, Params, Row};

use crate::{
    error::SqliteError,
    table::{guard::Guard, place::quoted},
};

/// A transaction of the store, to which a projection writes: its tables and the store's own change together.
///
/// In a statement `{table}` is the name of a table of the projection, in the version that runs. The methods wait for nothing but
/// the file.
///
/// ```
/// # use es_sqlite::{SqliteTx, SqliteTxError};
/// fn credit(db: &mut SqliteTx, account: &str, amount: i64) -> Result<(), SqliteTxError> {
///     let sql = "INSERT INTO {balances} (account, balance) VALUES (?1, ?2)
///                ON CONFLICT (account) DO UPDATE SET balance = balance + excluded.balance";
///     db.execute(sql, (account, amount))?;
///     Ok(())
/// }
/// ```
pub struct SqliteTx {
    pub(crate) connection: Connection,
    guard: Guard,
    /// What the names of tables begin with.
    prefix: String,
    /// The first error of a statement.
    failure: Option<StatementFailure>,
}

/// Why a statement of a projection failed. The event fails with it, also if the method goes on.
///
/// ```
/// # use es_sqlite::SqliteTxError;
/// fn is_a_mistake(error: &SqliteTxError) -> bool {
///     matches!(error, SqliteTxError::Refused { .. })
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteTxError {
    /// A projection may not do this.
    #[error("a projection cannot do this: the statement {what}")]
    Refused {
        /// What the statement does.
        what: &'static str,
    },
    /// An earlier statement for the event failed, so that nothing of it will be kept.
    #[error("an earlier statement for this event failed; return its error")]
    Failed,
    /// SQLite failed.
    #[error("{0}")]
    Sqlite(SqliteError),
}

impl SqliteTx {
    pub(crate) fn new(connection: Connection) -> Result<Self, SqliteError> {
        let guard = Guard::of(&connection)?;
        Ok(Self { connection, guard, prefix: String::new(), failure: None })
    }

    /// Executes a statement with these parameters, and gives how many rows it changed.
    ///
    /// # Errors
    /// [`SqliteTxError`].
    pub fn execute(&mut self, sql: &str, parameters: impl Params) -> Result<usize, SqliteTxError> {
        self.run(sql, |connection, sql| connection.prepare_cached(sql)?.execute(parameters))
    }

    /// Executes statements without parameters, such as those that make tables.
    ///
    /// # Errors
    /// [`SqliteTxError`].
    pub fn execute_batch(&mut self, sql: &str) -> Result<(), SqliteTxError> {
        self.run(sql, Connection::execute_batch)
    }

    /// Gives what `map` makes of each row that a statement finds.
    ///
    /// # Errors
    /// [`SqliteTxError`].
    pub fn query<T>(
        &mut self,
        sql: &str,
        parameters: impl Params,
        map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, SqliteTxError> {
        self.run(sql, |connection, sql| connection.prepare_cached(sql)?.query_map(parameters, map)?.collect())
    }

    /// The name, ready for SQL, that `{table}` stands for.
    pub fn table(&self, table: &str) -> String {
        quoted(&self.prefix, table)
    }

    fn run<T>(
        &mut self,
        sql: &str,
        run: impl FnOnce(&Connection, &str) -> rusqlite::Result<T>,
    ) -> Result<T, SqliteTxError> {
        if self.failure.is_some() || self.connection.is_autocommit() {
            return Err(SqliteTxError::Failed);
        }
        let named = sql::with_table_names(sql, |table| quoted(&self.prefix, table));
        // The comment keeps it apart from the store's own statements, which were prepared without the guard.
        run(&self.connection, &format!("{named}\n/* of a projection */")).map_err(|error| {
            let error = SqliteError::from(error);
            self.failure = Some(StatementFailure::of(&error));
            match self.guard.refused() {
                Some(what) if error.is_refused() => SqliteTxError::Refused { what },
                _ => SqliteTxError::Sqlite(error),
            }
        })
    }

    /// Lets a part of the work begin, whose tables have this prefix and which may take as long as `timeout`.
    pub(crate) fn begin_part(&mut self, prefix: &str, timeout: Duration) {
        prefix.clone_into(&mut self.prefix);
        self.failure = None;
        self.guard.begin(prefix, timeout);
    }

    /// Ends the part, and tells what went wrong in it, whatever it gave.
    pub(crate) fn end_part(&mut self, timeout: Duration) -> Result<(), PartFailure> {
        let is_over = self.guard.end();
        let failure = self.failure.take();
        match failure {
            Some(StatementFailure::Store(error)) => Err(PartFailure::Store(error)),
            _ if is_over => Err(PartFailure::TimedOut { timeout }),
            Some(StatementFailure::Statement(text)) => Err(PartFailure::Statement(text)),
            None if self.connection.is_autocommit() => Err(PartFailure::Ended),
            None => Ok(()),
        }
    }
}

/// Why a statement failed.
#[derive(Debug)]
enum StatementFailure {
    /// An error that says nothing about the statement.
    Store(SqliteError),
    /// The text of any other.
    Statement(String),
}

impl StatementFailure {
    fn of(error: &SqliteError) -> Self {
        let kind = error.kind();
        if kind.is_transient() || matches!(kind, StoreErrorKind::Moved | StoreErrorKind::Closed) {
            Self::Store(error.copy())
        } else {
            Self::Statement(error.to_string())
        }
    }
}

/// What went wrong in a part of the work, although the part may not have said so.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PartFailure {
    #[error("the store failed")]
    Store(#[source] SqliteError),
    #[error("it took longer than {timeout:?}; make it faster, or let it take longer with `handler_timeout`")]
    TimedOut { timeout: Duration },
    #[error("a statement failed, and the method went on: {0}")]
    Statement(String),
    #[error("the transaction could not be committed: {0}")]
    Commit(SqliteError),
    #[error("it panicked")]
    Panicked,
    #[error("a statement ended the transaction, as `ON CONFLICT ROLLBACK` does")]
    Ended,
    #[error("it waits for something other than the database; a projection on SQLite waits for nothing")]
    Waits,
}

impl fmt::Debug for SqliteTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteTx").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
