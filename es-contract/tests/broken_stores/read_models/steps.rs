//! Faults of steps.

use std::time::Duration;

use es_core::{
    Checkpoint, Claim, Position, ReadModelError, ReadModelState, ReadModelStatus, ReadModelStep, ReadModels, StoredRow,
    limits,
};

use super::{ReadModelFault, claims::forgotten, fault, good_claim, rewrite, rows::stored_key, status};
use crate::store::Reads;

pub(crate) async fn advance(store: &Reads, claim: &Claim, mut step: ReadModelStep) -> Result<(), ReadModelError> {
    let (inner, now) = (&store.inner, status(store, &claim.model).await);
    let mut claim = claim.clone();
    claim.epoch += store.shared.read_models.offset(&claim.model);
    let Some(fault) = fault(store) else { return inner.advance(&claim, step).await };
    let stands = now.as_ref().is_some_and(|now| (now.epoch, now.handled) == (claim.epoch, claim.handled));
    match (fault, now) {
        (ReadModelFault::ChecksNoEpoch, Some(now)) => claim.epoch = now.epoch,
        (ReadModelFault::ChecksNoPosition, Some(now)) if now.epoch == claim.epoch => {
            return force(store, &now, step).await;
        }
        (ReadModelFault::ChecksNoClaim, Some(now)) => return force(store, &now, step).await,
        (ReadModelFault::ChecksClaimsOutside, Some(_)) if stands => {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let now = status(store, &claim.model).await.unwrap();
            return force(store, &now, step).await;
        }
        (ReadModelFault::WritesRowsOfAFencedStep, Some(_)) if !stands => {
            rewrite(store, &claim.model, |all| all.rows = step.rows).await?;
            return Err(claim.fenced());
        }
        (ReadModelFault::TakesAStepWithoutAClaim, None) => {
            inner.claim(&claim.model, "nobody", Duration::ZERO).await?;
            let now = status(store, &claim.model).await.unwrap();
            return force(store, &now, step).await;
        }
        (ReadModelFault::FencesAStepAfterItsLease, Some(now)) if now.lease_left.is_none() => return Err(claim.fenced()),
        (ReadModelFault::PauseKeepsTheClaim, Some(now))
            if now.state == ReadModelState::Paused && claim.epoch + 1 == now.epoch =>
        {
            claim.epoch = now.epoch;
        }
        (ReadModelFault::MovesTheCheckpointWithoutRows, _) => step.rows.clear(),
        (ReadModelFault::MovesTheCheckpointBeforeTheRows, _) => {
            let rows = std::mem::take(&mut step.rows);
            inner.advance(&claim, step).await?;
            tokio::time::sleep(Duration::from_millis(1)).await;
            return rewrite(store, &claim.model, |all| all.rows = rows).await;
        }
        (ReadModelFault::WritesRowsBeforeTheCheckpoint, Some(_)) if stands => {
            let rows = std::mem::take(&mut step.rows);
            rewrite(store, &claim.model, |all| all.rows = rows).await?;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        (ReadModelFault::KeepsTheFirstStateOfARow, _) => {
            let keys: Vec<_> = step.rows.iter().map(|row| row.key.clone()).collect();
            let mut there = inner.rows(&claim.model, &keys).await?.into_iter();
            step.rows.retain(|_| there.next().flatten().is_none());
        }
        (ReadModelFault::ForgetsTheIncarnation, _) => {
            (step.handled, step.seen) = (step.handled.position().into(), step.seen.position().into());
        }
        (ReadModelFault::KeepsAnOldFailure, Some(now)) => step.failure = step.failure.or(now.failure),
        (ReadModelFault::TakesTheFirstOfTwoRows, _) => {
            step.rows.sort_by(|one, other| one.key.cmp(&other.key));
            step.rows.dedup_by(|next, first| next.key == first.key);
        }
        (ReadModelFault::TakesAStepBack, _) => {
            step.handled = later(claim.handled, step.handled);
            step.seen = later(later(claim.seen, step.seen), step.handled);
        }
        (ReadModelFault::KeepsTheLeaseOfTheClaim, Some(now)) => step.lease = step.lease.and(now.lease_left),
        (ReadModelFault::WritesGoodRowsBeforeItRefuses, Some(_)) if limits::check_step(&claim, &step).is_err() => {
            let rows = step.rows.iter().filter(|row| is_good(row)).cloned().collect();
            rewrite(store, &claim.model, |all| all.rows = rows).await?;
        }
        (fault, _) => change(fault, &mut step),
    }
    store
        .shared
        .read_models
        .keys
        .lock()
        .unwrap()
        .extend(step.rows.iter().map(|row| (claim.model.clone(), row.key.clone())));
    inner.advance(&claim, step).await
}

/// Changes a step before the inner store takes it.
fn change(fault: ReadModelFault, step: &mut ReadModelStep) {
    match fault {
        ReadModelFault::KeepsALeaseThatIsGivenBack => step.lease = step.lease.or(Some(Duration::from_hours(1))),
        ReadModelFault::ForgetsLongLeases => step.lease = step.lease.map(forgotten),
        ReadModelFault::CutsFailures => {
            step.failure.iter_mut().for_each(|failure| failure.error = failure.error.chars().take(1_000).collect());
        }
        ReadModelFault::ForgetsRetrying if step.state == ReadModelState::Retrying => {
            step.state = ReadModelState::CatchingUp;
        }
        ReadModelFault::WritesFiveHundredRows => step.rows.truncate(500),
        ReadModelFault::LeavesBadRowsOut => step.rows.retain(is_good),
        ReadModelFault::NormalisesStates => step.rows.iter_mut().for_each(|row| {
            if let Ok(value) = serde_json::from_slice::<serde_json::Value>(&row.state) {
                row.state = value.to_string().into();
            }
        }),
        ReadModelFault::CutsLongStates => {
            step.rows.iter_mut().for_each(|row| row.state.truncate(limits::ROW_BYTES / 2));
        }
        fault => step.rows.iter_mut().for_each(|row| row.key = stored_key(fault, &row.key)),
    }
}

/// Takes a step whatever its claim says. The checkpoint does not go back.
async fn force(store: &Reads, now: &ReadModelStatus, mut step: ReadModelStep) -> Result<(), ReadModelError> {
    step.handled = later(now.handled, step.handled);
    step.seen = later(later(now.seen, step.seen), step.handled);
    store.inner.advance(&good_claim(now), step).await
}

fn later(one: Checkpoint, other: Checkpoint) -> Checkpoint {
    if other.position() < one.position() { one } else { other }
}

/// Whether a row is within its limits.
fn is_good(row: &StoredRow) -> bool {
    let start = Checkpoint::from(Position::START);
    let mut step = ReadModelStep::new(start, start, ReadModelState::Live);
    step.rows.push(row.clone());
    let model = es_core::ReadModelId::new("any", 1).unwrap();
    limits::check_step(&Claim::new(model, 1, start, start, false), &step).is_ok()
}
