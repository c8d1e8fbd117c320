//! Does the parts of the work in an open transaction, and tells what went wrong in which.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use es_core::{Fault, HandlerGuard, WorkError, WorkInTransaction};
use futures_util::FutureExt;
use tokio::time::timeout;

use crate::{
    read_model::error::failed,
    server::error::PostgresError,
    table::{
        error::PostgresTxError,
        sessions::Sessions,
        tx::{Failure, PostgresTx},
    },
};

/// Fails in an aborted transaction, which COMMIT would roll back without an error.
pub(super) const COMMIT: &str = "SELECT; COMMIT";

/// What went wrong in a part of the work, although the part may not have said so.
#[derive(Debug, thiserror::Error)]
enum PartFailure {
    #[error("it took longer than {timeout:?}; make it faster, or let it take longer with `handler_timeout`")]
    TimedOut { timeout: Duration },
    #[error("a statement failed, and the method went on: {0}")]
    Statement(PostgresTxError),
    #[error("it panicked")]
    Panicked,
    #[error("the transaction could not be committed: {0}")]
    Commit(PostgresError),
}

/// Does all parts of the work, and commits by `commit`. Whatever fails, the transaction is not committed, unless the answer to
/// the commit was lost.
pub(super) async fn run(
    sessions: &Sessions,
    guard: &HandlerGuard,
    tx: &mut PostgresTx,
    work: WorkInTransaction<PostgresTx>,
    commit: &str,
) -> Result<(), WorkError> {
    let WorkInTransaction { mut parts, timeout: limit } = work;
    let mut done = 0;
    loop {
        let (index, began) = (tx.begin_part(), Instant::now());
        let late = || PartFailure::TimedOut { timeout: limit }.into();
        // Unwind safe: after an error the transaction is rolled back.
        let part = AssertUnwindSafe(guard.run(parts.next(tx))).catch_unwind();
        let Ok(result) = timeout(limit, part).await else {
            // A server that does not answer now is why the part took so long.
            sessions.end_statement(tx.lent()).await.map_err(failed)?;
            return Err(failure(sessions, tx, index, late()).await);
        };
        match result.unwrap_or_else(|_| Some(Err(PartFailure::Panicked.into()))) {
            // It never waited, so nobody could end it.
            Some(_) if began.elapsed() > limit => return Err(failure(sessions, tx, index, late()).await),
            Some(Err(fault)) => return Err(failure(sessions, tx, index, fault).await),
            Some(Ok(())) => {
                if let Some(failure) = tx.failure() {
                    return Err(blamed(failure));
                }
                done += 1;
            }
            None => break,
        }
    }
    let committed = sessions.answered(tx.commit(commit)).await;
    match (committed, tx.failure()) {
        (_, Some(failure)) => Err(blamed(failure)),
        (Ok(()), None) => Ok(()),
        // A deferred constraint, for instance. It is not known which part is to blame: half of them are tried without the others.
        (Err(error @ PostgresError::Refused { .. }), None) if !error.is_of_the_server() => {
            Err(part(done / 2, PartFailure::Commit(error).into()))
        }
        (Err(error), None) => Err(failed(error).into()),
    }
}

/// Why the part `index` failed, whose own error is `fault`. A statement that an earlier part pushed may have failed before, or the
/// connection was lost.
async fn failure(sessions: &Sessions, tx: &mut PostgresTx, index: usize, fault: Fault) -> WorkError {
    let settled = async {
        tx.settle().await;
        Ok::<_, PostgresError>(())
    };
    if let Err(error) = sessions.answered(settled).await {
        return failed(error).into();
    }
    match tx.failure() {
        Some(failure) if failure.part < index || failure.is_of_the_server() => blamed(failure),
        _ if tx.is_closed() => failed(PostgresError::Lost("the connection was closed".into())).into(),
        _ => part(index, fault),
    }
}

fn blamed(Failure { part: index, error }: Failure) -> WorkError {
    match error {
        PostgresTxError::Server(error) if error.is_of_the_server() => failed(error).into(),
        error => part(index, PartFailure::Statement(error).into()),
    }
}

const fn part(index: usize, source: Fault) -> WorkError {
    WorkError::Part { index, source }
}
