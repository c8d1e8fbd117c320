//! Faults of claims.

use std::time::Duration;

use es_core::{Claimed, ReadModelError, ReadModelId, ReadModelRequest, ReadModelState, ReadModels, Timestamp, limits};

use super::{ReadModelFault, fault, good_claim, rewrite, status, tell};
use crate::store::Reads;

pub(crate) async fn claim(
    store: &Reads,
    model: &ReadModelId,
    owner: &str,
    lease: Duration,
) -> Result<Claimed, ReadModelError> {
    let claimed = claimed(store, model, owner, lease).await?;
    Ok(match claimed {
        Claimed::Owned(mut claim) => {
            claim.epoch -= store.shared.read_models.offset(model);
            Claimed::Owned(claim)
        }
        Claimed::Refused(mut status) => {
            tell(store, &mut status);
            Claimed::Refused(status)
        }
    })
}

async fn claimed(store: &Reads, model: &ReadModelId, owner: &str, lease: Duration) -> Result<Claimed, ReadModelError> {
    let (inner, now) = (&store.inner, status(store, model).await);
    let Some(fault) = fault(store) else { return inner.claim(model, owner, lease).await };
    let waits = |state| matches!(state, ReadModelState::Paused | ReadModelState::Stopped);
    match (fault, now) {
        (ReadModelFault::TakesAnyOwner, _) if limits::check_owner(owner).is_err() => {
            inner.claim(model, "nobody", lease).await
        }
        (ReadModelFault::TakesOwnersThatLookAlikeForOne, _) => {
            inner.claim(model, &owner.trim().to_lowercase(), lease).await
        }
        (ReadModelFault::ForgetsLongLeases, _) => inner.claim(model, owner, forgotten(lease)).await,
        (ReadModelFault::IgnoresLeases, Some(now)) if !waits(now.state) => {
            rewrite(store, model, |step| step.lease = None).await?;
            inner.claim(model, owner, lease).await
        }
        (ReadModelFault::ChecksLeasesOutside, now) => {
            let is_free = now.is_none_or(|now| !waits(now.state) && now.lease_left.is_none());
            tokio::time::sleep(Duration::from_millis(1)).await;
            if is_free {
                rewrite(store, model, |step| step.lease = None).await?;
            }
            inner.claim(model, owner, lease).await
        }
        (ReadModelFault::KeepsTheEpochOfTheSameOwner, Some(now))
            if now.owner.as_deref() == Some(owner) && !waits(now.state) =>
        {
            Ok(Claimed::Owned(good_claim(&now)))
        }
        (ReadModelFault::LeasesAreNeverOver, Some(now)) if now.owner.as_deref().is_some_and(|other| other != owner) => {
            Ok(Claimed::Refused(now))
        }
        (ReadModelFault::HoldsALeaseThatLiesTooFarAhead, Some(now)) if is_held_by_another(store, model, owner) => {
            Ok(Claimed::Refused(now))
        }
        (ReadModelFault::HoldsALeaseThatLiesTooFarAhead, _) => {
            let end = store.shared.now().as_micros() + i64::try_from(lease.as_micros()).unwrap();
            let end = Timestamp::from_micros(end).unwrap();
            store.shared.read_models.leases.lock().unwrap().insert(model.clone(), (owner.to_owned(), end));
            inner.claim(model, owner, lease).await
        }
        (ReadModelFault::ClaimsWhatIsPaused, Some(_)) => {
            inner.ask(model, ReadModelRequest::Resume).await?;
            inner.claim(model, owner, lease).await
        }
        (ReadModelFault::ClaimsWhatHasStopped, Some(_)) => {
            inner.ask(model, ReadModelRequest::Retry).await?;
            inner.claim(model, owner, lease).await
        }
        (ReadModelFault::CompleteIsLive, now) => {
            let claimed = inner.claim(model, owner, lease).await?;
            Ok(match claimed {
                Claimed::Owned(mut claim) => {
                    claim.complete = now.is_some_and(|now| now.state == ReadModelState::Live);
                    Claimed::Owned(claim)
                }
                refused @ Claimed::Refused(_) => refused,
            })
        }
        _ => inner.claim(model, owner, lease).await,
    }
}

fn is_held_by_another(store: &Reads, model: &ReadModelId, owner: &str) -> bool {
    let leases = store.shared.read_models.leases.lock().unwrap();
    leases.get(model).is_some_and(|(other, end)| other != owner && *end > store.shared.now())
}

/// No lease for one of more than a thousand years.
pub(super) fn forgotten(lease: Duration) -> Duration {
    const YEAR: Duration = Duration::from_hours(24 * 365);
    if lease > 1_000 * YEAR { Duration::ZERO } else { lease }
}
