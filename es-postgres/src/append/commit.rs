//! COMMIT that tells: a transaction in which a statement failed is rolled back by it, and PostgreSQL answers no error.

use std::future::Future;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, Transaction};

use crate::server::error::PostgresError;

/// Fails in a transaction that COMMIT would roll back, and where there is no transaction; else it changes nothing.
const ALIVE: &str = "SAVEPOINT es_commit";

/// A transaction that [`PostgresStore::commit`](crate::PostgresStore::commit) ends: one of tokio-postgres, of
/// deadpool-postgres, or a type of the application's that holds one of them.
pub trait CallersTransaction: Send {
    /// Runs a statement without parameters inside the transaction.
    fn run(&self, sql: &str) -> impl Future<Output = Result<(), Error>> + Send;

    /// Sends COMMIT, or the release of a savepoint, and answers when the server has.
    fn commit(self) -> impl Future<Output = Result<(), Error>> + Send;
}

impl CallersTransaction for Transaction<'_> {
    fn run(&self, sql: &str) -> impl Future<Output = Result<(), Error>> + Send {
        self.batch_execute(sql)
    }

    fn commit(self) -> impl Future<Output = Result<(), Error>> + Send {
        Transaction::commit(self)
    }
}

impl CallersTransaction for deadpool_postgres::Transaction<'_> {
    fn run(&self, sql: &str) -> impl Future<Output = Result<(), Error>> + Send {
        self.batch_execute(sql)
    }

    fn commit(self) -> impl Future<Output = Result<(), Error>> + Send {
        deadpool_postgres::Transaction::commit(self)
    }
}

/// Commits, or says that nothing was committed.
pub(crate) async fn commit(transaction: impl CallersTransaction) -> Result<(), PostgresError> {
    if let Err(error) = transaction.run(ALIVE).await {
        let none = error.code() == Some(&SqlState::NO_ACTIVE_SQL_TRANSACTION);
        let error = PostgresError::statement(error);
        // one that a statement of the caller's own ended may have been committed by it
        return Err(if none { error } else { rolled_back(error) });
    }
    transaction.commit().await.map_err(|error| match PostgresError::statement(error) {
        // as of a constraint that is checked now
        error @ (PostgresError::Refused { .. } | PostgresError::Isolation) => rolled_back(error),
        error => PostgresError::CommitUnknown(Box::new(error)),
    })
}

fn rolled_back(error: PostgresError) -> PostgresError {
    PostgresError::RolledBack(Box::new(error))
}
