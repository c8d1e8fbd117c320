//! COMMIT that tells: a transaction in which a statement failed is rolled back by it, and PostgreSQL answers no error.

use std::future::Future;

use es_core::StoreErrorKind;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, Transaction};

use crate::server::error::{PostgresError, impl_store_error};

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

/// Why it is not certain that a transaction of the caller's is committed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresCommitError {
    /// The transaction was rolled back instead of committed: nothing of it is stored.
    #[error("the transaction was rolled back and nothing of it is stored; run it again from its beginning")]
    RolledBack(#[source] PostgresError),
    /// COMMIT was sent and not answered: the transaction may be stored, whole, or not at all.
    #[error(
        "the transaction may be committed or not: its COMMIT was not answered; run it again with the same events, which \
         are `repeated` if it was"
    )]
    Unknown(#[source] PostgresError),
    /// There is no transaction any more: a statement of the caller's own ended it, one way or the other.
    #[error(transparent)]
    NoTransaction(PostgresError),
}

impl PostgresCommitError {
    /// How to react to it.
    ///
    /// [`Busy`](StoreErrorKind::Busy) is said only of what was rolled back: what may be committed is
    /// [`Unavailable`](StoreErrorKind::Unavailable).
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::RolledBack(source) | Self::NoTransaction(source) => source.kind(),
            Self::Unknown(_) => StoreErrorKind::Unavailable,
        }
    }
}

impl_store_error!(PostgresCommitError);

/// Commits, or says that nothing was committed.
pub(crate) async fn commit(transaction: impl CallersTransaction) -> Result<(), PostgresCommitError> {
    if let Err(error) = transaction.run(ALIVE).await {
        let none = error.code() == Some(&SqlState::NO_ACTIVE_SQL_TRANSACTION);
        let error = PostgresError::statement(error);
        // one that a statement of the caller's own ended may have been committed by it
        return Err(if none {
            PostgresCommitError::NoTransaction(error)
        } else {
            PostgresCommitError::RolledBack(error)
        });
    }
    transaction.commit().await.map_err(|error| match PostgresError::statement(error) {
        // as of a constraint that is checked now
        error @ (PostgresError::Refused { .. } | PostgresError::Isolation) => PostgresCommitError::RolledBack(error),
        error => PostgresCommitError::Unknown(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_committed_is_not_said_to_be_busy() {
        let deadlock = || PostgresError::Refused { code: "40P01".into(), message: String::new(), constraint: None };
        assert_eq!(PostgresCommitError::RolledBack(deadlock()).kind(), StoreErrorKind::Busy);
        assert_eq!(PostgresCommitError::Unknown(deadlock()).kind(), StoreErrorKind::Unavailable);
    }
}
