//! Leases: how long an owner stays the owner, by the clock of the store.

use std::time::Duration;

use es_core::{Claim, Claimed, ReadModelId};

use super::trial::{HOUR, Handle, Trial, model};
use crate::{
    BrokenPromise, Factory,
    promises::{ensure, ensure_eq, subject::within_timeout},
};

/// A lease that ends soon, and how long a promise waits before it asks again.
const SHORT: Duration = Duration::from_millis(50);
const PAUSE: Duration = Duration::from_millis(5);

/// A lease that is over can be claimed by anybody. Until then its owner stays named.
pub async fn a_lease_that_is_over_can_be_claimed(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let first = short(one, model, "one").await?;
    let over = async {
        while one.status(model).await?.lease_left.is_some() {
            tokio::time::sleep(PAUSE).await;
        }
        Ok::<_, BrokenPromise>(())
    };
    within_timeout("a short lease ends", over).await??;
    ensure_eq("its owner stays named", Some("one"), two.status(model).await?.owner.as_deref())?;
    let second = two.owned(model, "two").await?;
    ensure("the epoch is higher", second.epoch > first.epoch, || format!("{} after {}", second.epoch, first.epoch))?;
    ensure_eq("the new owner is named", Some("two"), one.status(model).await?.owner.as_deref())?;
    one.refused(model, "one").await?;
    one.fenced("a step of the owner before", &first, trial.step(1, &[("1", "1")])).await
}

/// A lease that its owner gave back can be claimed at once, and nobody is named as the owner.
pub async fn a_lease_given_back_can_be_claimed_at_once(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let first = one.owned(model, "one").await?;
    let mut last = trial.step(1, &[("1", "1")]);
    last.lease = None;
    let given_back = one.advance(&first, last).await?;
    let status = two.status(model).await?;
    ensure_eq("nobody owns it", (None, None), (status.owner, status.lease_left))?;
    let second = two.owned(model, "two").await?;
    ensure_eq("it goes on where it was", trial.at(1), second.handled)?;
    one.fenced("a step of the owner before", &given_back, trial.step(2, &[("1", "2")])).await
}

/// A step sets the lease anew, to a longer and to a shorter time.
pub async fn a_step_sets_the_lease(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let claim = one.owned(model, "one").await?;
    let mut longer = trial.step(1, &[]);
    longer.lease = Some(3 * HOUR);
    let claim = one.advance(&claim, longer).await?;
    let left = two.status(model).await?.lease_left;
    let holds = left.is_some_and(|left| left > 2 * HOUR && left <= 3 * HOUR);
    ensure("the lease is longer after the step", holds, || format!("{left:?} of three hours"))?;
    let mut shorter = trial.step(2, &[]);
    shorter.lease = Some(SHORT);
    one.advance(&claim, shorter).await?;
    claimed_soon("the lease is shorter after the step", two, model, "two").await
}

/// A lease that lies further ahead than its own length is over, because the clock was put back. A lease that begins by the new
/// clock holds.
pub async fn a_lease_ends_when_the_clock_is_put_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    const A_DAY: Duration = Duration::from_hours(24);
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { subject, one, two, model, .. } = &trial;
    let first = one.owned(model, "one").await?;
    subject.fresh.put_clock_back(A_DAY).await?;
    let status = two.status(model).await?;
    ensure_eq("the lease is over", (Some("one"), None), (status.owner.as_deref(), status.lease_left))?;
    let second = two.owned(model, "two").await?;
    one.fenced("a step of the owner before", &first, trial.step(1, &[("1", "1")])).await?;
    one.refused(model, "one").await?;
    let left = one.status(model).await?.lease_left;
    let holds = left.is_some_and(|left| left > HOUR / 2 && left <= HOUR);
    ensure("a lease by the new clock holds", holds, || format!("{left:?} of an hour"))?;
    two.advance(&second, trial.step(1, &[("1", "1")])).await?;
    one.refused(model, "one").await.map(drop)
}

/// A lease may have any length: one of no time is over at once, one beyond the last date holds.
pub async fn a_lease_of_any_length_is_taken(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, .. } = &trial;
    for (version, length) in [Duration::ZERO, Duration::from_nanos(1), Duration::from_micros(1)].into_iter().enumerate()
    {
        let model = model("short", u32::try_from(version).unwrap_or(u32::MAX))?;
        ensure("the claim is granted", granted(&one.claim(&model, "one", length).await?), || format!("{length:?}"))?;
        claimed_soon(&format!("a lease of {length:?} ends at once"), two, &model, "two").await?;
    }
    for (version, length) in [Duration::MAX, Duration::from_secs(u64::MAX / 1_000_000)].into_iter().enumerate() {
        let model = model("long", u32::try_from(version).unwrap_or(u32::MAX))?;
        for _ in 0..2 {
            let claimed = one.claim(&model, "one", length).await?;
            ensure("the claim is granted", granted(&claimed), || format!("{claimed:?}"))?;
            let status = two.refused(&model, "two").await?;
            ensure("a long lease holds", status.lease_left > Some(HOUR), || format!("{status:?}"))?;
        }
        let claim = one.owned(&model, "one").await?;
        let mut step = trial.step(1, &[("1", "1")]);
        step.lease = Some(length);
        one.advance(&claim, step).await?;
        let status = two.refused(&model, "two").await?;
        ensure("a long lease of a step holds", status.lease_left > Some(HOUR), || format!("{status:?}"))?;
    }
    Ok(())
}

fn granted(claimed: &Claimed) -> bool {
    matches!(claimed, Claimed::Owned(_))
}

/// Claims the read model for a short time.
async fn short(handle: &Handle, model: &ReadModelId, owner: &str) -> Result<Claim, BrokenPromise> {
    match handle.claim(model, owner, SHORT).await? {
        Claimed::Owned(claim) => Ok(claim),
        refused @ Claimed::Refused(_) => Err(BrokenPromise::new("the claim is granted", format!("{refused:?}"))),
    }
}

/// Claims the read model again and again until it is granted; `promised` is broken if that takes too long.
async fn claimed_soon(promised: &str, handle: &Handle, model: &ReadModelId, owner: &str) -> Result<(), BrokenPromise> {
    let soon = async {
        while !granted(&handle.claim(model, owner, HOUR).await?) {
            tokio::time::sleep(PAUSE).await;
        }
        Ok::<_, BrokenPromise>(())
    };
    within_timeout(promised, soon).await?
}
