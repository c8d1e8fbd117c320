//! Claims of read models, their steps, and requests to them, within a transaction that holds the write lock.

use std::time::Duration;

use es_core::{
    Claim, Claimed, ReadModelError, ReadModelId, ReadModelRequest, ReadModelState, ReadModelStep, Timestamp,
};
use rusqlite::Connection;

use crate::{
    codec::read_models::{KeptModel, Lease},
    error::SqliteError,
};

/// A claim that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct ClaimRequest {
    pub(crate) model: ReadModelId,
    pub(crate) owner: String,
    pub(crate) lease: Duration,
}

/// Gives the read model to the owner of the request, unless another one has it.
pub(super) fn claim(connection: &Connection, request: &ClaimRequest, now: Timestamp) -> Result<Claimed, SqliteError> {
    let ClaimRequest { model, owner, lease } = request;
    let mut kept = match KeptModel::find(connection, model)? {
        Some(kept) => kept,
        None => KeptModel::new(connection, model.clone())?,
    };
    if !kept.can_be_claimed(owner, now) {
        return Ok(Claimed::Refused(kept.status_at(now)));
    }
    kept.status.epoch += 1;
    kept.status.owner = Some(owner.clone());
    kept.lease = Some(Lease::starting(now, *lease));
    kept.store(connection)?;
    let status = kept.status;
    Ok(Claimed::Owned(Claim::new(status.model, status.epoch, status.handled, status.seen, status.complete)))
}

/// Lets the lease of a claim begin at `now`.
pub(super) fn begin_lease(
    connection: &Connection,
    claim: &Claim,
    length: Duration,
    now: Timestamp,
) -> Result<(), SqliteError> {
    let Some(mut kept) = held_by(connection, claim)? else { return Ok(()) };
    kept.lease = Some(Lease::starting(now, length));
    kept.store(connection)
}

/// Takes a step, whose limits were checked, unless the read model was claimed, moved on or asked for something since the claim.
/// The outer error means that SQLite failed.
pub(super) fn advance(
    connection: &Connection,
    claim: &Claim,
    step: &ReadModelStep,
    now: Timestamp,
) -> Result<Result<(), ReadModelError>, SqliteError> {
    let Some(kept) = held_by(connection, claim)? else { return Ok(Err(claim.fenced())) };
    kept.store_rows(connection, &step.rows)?;
    move_on(kept, connection, step, now)?;
    Ok(Ok(()))
}

/// The read model as it stands, if the claim holds.
pub(super) fn held_by(connection: &Connection, claim: &Claim) -> Result<Option<KeptModel>, SqliteError> {
    let Some(kept) = KeptModel::find(connection, &claim.model)? else { return Ok(None) };
    let status = &kept.status;
    if (status.epoch, status.handled.position()) != (claim.epoch, claim.handled.position()) {
        return Ok(None);
    }
    Ok(Some(kept))
}

/// Stores where a step moves the read model.
pub(super) fn move_on(
    mut kept: KeptModel,
    connection: &Connection,
    step: &ReadModelStep,
    now: Timestamp,
) -> Result<(), SqliteError> {
    let status = &mut kept.status;
    (status.handled, status.seen) = (step.handled, step.seen);
    status.state = step.state;
    status.complete |= step.state == ReadModelState::Live;
    status.failure.clone_from(&step.failure);
    if step.lease.is_none() {
        status.owner = None;
    }
    kept.lease = step.lease.map(|length| Lease::starting(now, length));
    kept.store(connection)
}

/// Does what is asked of a read model. The outer error means that SQLite failed.
pub(super) fn ask(
    connection: &Connection,
    model: &ReadModelId,
    request: ReadModelRequest,
) -> Result<Result<(), ReadModelError>, SqliteError> {
    let Some(mut kept) = KeptModel::find(connection, model)? else {
        return Ok(Err(ReadModelError::Unknown { model: model.clone() }));
    };
    if let Some(asked) = request.applied_to(&kept.status) {
        (kept.status, kept.lease) = (asked, None);
        kept.store(connection)?;
        if request == ReadModelRequest::Rebuild {
            kept.delete_rows(connection)?;
        }
    }
    Ok(Ok(()))
}
