//! Commits a caller's transaction, or reports that it was rolled back: COMMIT of a failed transaction rolls it back, and
//! PostgreSQL reports no error.
//!
//! Appends of the store itself are committed by their own statement; `attempt` handles their lost answers.

use std::future::Future;

use es_core::StoreErrorKind;
use tokio_postgres::{Error, Transaction, error::SqlState};

use crate::server::error::{PostgresError, impl_store_error};

/// Fails in a transaction that COMMIT would roll back, and outside a transaction; otherwise it changes nothing.
const CHECK_ALIVE: &str = "SAVEPOINT es_commit";

/// A transaction that [`PostgresStore::commit`](crate::PostgresStore::commit) can end. Implemented for the transactions of
/// tokio-postgres and deadpool-postgres; implement it for a type of yours that holds one of them.
///
/// ```
/// use es_postgres::CallersTransaction;
/// use tokio_postgres::{Error, Transaction};
///
/// struct UnitOfWork<'a>(Transaction<'a>);
///
/// impl CallersTransaction for UnitOfWork<'_> {
///     async fn run(&self, sql: &str) -> Result<(), Error> {
///         self.0.batch_execute(sql).await
///     }
///
///     async fn commit(self) -> Result<(), Error> {
///         self.0.commit().await
///     }
/// }
/// ```
pub trait CallersTransaction: Send {
    /// Runs a statement without parameters inside the transaction.
    fn run(&self, sql: &str) -> impl Future<Output = Result<(), Error>> + Send;

    /// Sends COMMIT, or RELEASE for a savepoint, and waits for the server's answer.
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

/// Why a caller's transaction was not committed, or may not be: the error of
/// [`PostgresStore::commit`](crate::PostgresStore::commit).
///
/// ```no_run
/// # use es_postgres::{PostgresCommitError, PostgresStore};
/// # async fn example(store: &PostgresStore, transaction: tokio_postgres::Transaction<'_>) {
/// match store.commit(transaction).await {
///     Ok(()) => println!("stored"),
///     Err(PostgresCommitError::RolledBack(cause)) => println!("nothing is stored: {cause}"),
///     Err(error) if error.is_transient() => println!("run it again with the same events: {error}"),
///     Err(error) => println!("{:?}: {error}", error.kind()),
/// }
/// # }
/// ```
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
    /// There is no transaction any more: one of the caller's statements ended it, by a commit or a rollback.
    #[error(transparent)]
    NoTransaction(PostgresError),
}

impl PostgresCommitError {
    /// How to react to it. See [`PostgresCommitError`] for an example.
    ///
    /// Only a transaction that was rolled back is [`Busy`](StoreErrorKind::Busy); one that may be committed is
    /// [`Unavailable`](StoreErrorKind::Unavailable).
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::RolledBack(source) | Self::NoTransaction(source) => source.kind(),
            Self::Unknown(_) => StoreErrorKind::Unavailable,
        }
    }
}

impl_store_error!(PostgresCommitError);

/// Commits, or reports why the transaction is not, or may not be, committed.
pub(crate) async fn commit(transaction: impl CallersTransaction) -> Result<(), PostgresCommitError> {
    if let Err(error) = transaction.run(CHECK_ALIVE).await {
        let none = error.code() == Some(&SqlState::NO_ACTIVE_SQL_TRANSACTION);
        let error = PostgresError::statement(error);
        // Not `RolledBack`: the statement that ended the transaction may have been a COMMIT.
        return Err(if none {
            PostgresCommitError::NoTransaction(error)
        } else {
            PostgresCommitError::RolledBack(error)
        });
    }
    transaction.commit().await.map_err(|error| match PostgresError::statement(error) {
        // The server rolled back, as when a deferred constraint fails.
        error @ (PostgresError::Refused { .. } | PostgresError::Isolation) => PostgresCommitError::RolledBack(error),
        error => PostgresCommitError::Unknown(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_that_may_be_committed_is_not_busy() {
        let deadlock = || PostgresError::Refused { code: "40P01".into(), message: String::new(), constraint: None };
        assert_eq!(PostgresCommitError::RolledBack(deadlock()).kind(), StoreErrorKind::Busy);
        assert_eq!(PostgresCommitError::Unknown(deadlock()).kind(), StoreErrorKind::Unavailable);
    }
}
