//! Work of projections in a transaction of the store: each has one of its own.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use es_core::{Claim, Claimed, Fault, HandlerGuard, Position, StepPlan, WorkError, WorkInTransaction};
use futures_util::FutureExt;

use crate::{
    append::{
        job::Reply,
        read_models::{self, ClaimRequest},
        writer::Clock,
    },
    error::SqliteError,
    file::synchronous::Synchronous,
    table::{
        place,
        tx::{PartFailure, SqliteTx},
    },
};

/// After this time a step ends, since it holds the one write lock.
pub(crate) const STEP: Duration = Duration::from_millis(20);

/// What is done in a transaction of its own, and where the answer goes.
pub(crate) enum WorkJob {
    Claim(ClaimRequest, PlacedWork, Reply<Claimed, WorkError>),
    Step(Box<(Claim, StepPlan)>, PlacedWork, Reply<usize, WorkError>),
}

/// Work, and what the names of its tables begin with.
pub(crate) struct PlacedWork {
    pub(crate) prefix: String,
    pub(crate) work: WorkInTransaction<SqliteTx>,
}

impl WorkJob {
    /// How much of it must be on the disk when it is answered. That a step cannot get ahead of the log is said at
    /// [`Work::synchronous`](crate::append::job::Work::synchronous).
    pub(super) fn synchronous(&self) -> Synchronous {
        match self {
            Self::Claim(..) => Synchronous::Full,
            Self::Step(..) => Synchronous::LosesLastEventsOnPowerLoss,
        }
    }

    /// Answers work of which nothing was done, or whose commit failed.
    pub(super) fn fail(self, error: SqliteError) {
        match self {
            Self::Claim(.., answer) => drop(answer.send(Err(error.into()))),
            Self::Step(.., answer) => drop(answer.send(Err(error.into()))),
        }
    }
}

/// Claims the read model. While nothing was handled, its place is emptied and set up.
pub(super) fn claim(
    tx: &mut SqliteTx,
    guard: &HandlerGuard,
    clock: &Clock,
    request: &ClaimRequest,
    place: PlacedWork,
) -> Result<Claimed, WorkError> {
    let claimed = read_models::claim(&tx.connection, request, clock())?;
    if let Claimed::Owned(claim) = &claimed
        && claim.handled.position() == Position::START
        && !claim.complete
    {
        // The first claim makes the read model, so what is there belongs to somebody else.
        if claim.epoch == 1
            && let Some((_, name)) = place::any(&tx.connection, &place.prefix)?
        {
            return Err(SqliteError::TableExists { name }.into());
        }
        place::clear(&tx.connection, &place.prefix)?;
        let prefix = place.prefix.clone();
        run(tx, guard, place, None)?;
        place::check(&tx.connection, &prefix)?;
        // The lease begins now, and not before the work, which may have taken longer.
        read_models::begin_lease(&tx.connection, claim, request.lease, clock())?;
    }
    Ok(claimed)
}

/// Takes a step, with as many parts as there is time for, and gives their number.
pub(super) fn step(
    tx: &mut SqliteTx,
    guard: &HandlerGuard,
    clock: &Clock,
    (claim, plan): &(Claim, StepPlan),
    place: PlacedWork,
) -> Result<usize, WorkError> {
    let kept = read_models::held_by(&tx.connection, claim)?.ok_or_else(|| claim.fenced())?;
    let done = run(tx, guard, place, Instant::now().checked_add(STEP))?;
    read_models::move_on(kept, &tx.connection, &plan.after(done), clock())?;
    Ok(done)
}

/// Does the parts of the work, up to the one during which `until` comes, and gives their number.
fn run(tx: &mut SqliteTx, guard: &HandlerGuard, place: PlacedWork, until: Option<Instant>) -> Result<usize, WorkError> {
    let PlacedWork { prefix, work: WorkInTransaction { mut parts, timeout } } = place;
    let mut done = 0;
    while done == 0 || until.is_none_or(|until| Instant::now() < until) {
        tx.begin_part(&prefix, timeout);
        // Polled once: the transaction holds the write lock, so it waits for nothing.
        // Unwind safe: after an error the transaction is rolled back.
        let polled = AssertUnwindSafe(guard.run(parts.next(tx))).catch_unwind().now_or_never();
        let polled = polled.map(|part| part.unwrap_or_else(|_| Some(Err(PartFailure::Panicked.into()))));
        let ended = tx.end_part(timeout);
        let failed = |source: Fault| Err(WorkError::Part { index: done, source });
        match (ended, polled) {
            (Err(PartFailure::Store(error)), _) => return Err(error.into()),
            (Err(late @ PartFailure::TimedOut { .. }), _) => return failed(late.into()),
            (_, None) => return failed(PartFailure::Waits.into()),
            (_, Some(Some(Err(error)))) => return failed(error),
            (Err(failure), Some(_)) => return failed(failure.into()),
            (Ok(()), Some(None)) => break,
            (Ok(()), Some(Some(Ok(())))) => done += 1,
        }
    }
    Ok(done)
}
