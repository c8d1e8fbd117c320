//! Fences: a step counts if its claim is the last one and the read model stands where the claim says; otherwise it writes
//! nothing.

use es_core::{Checkpoint, Claim, Position, ReadModelError, ReadModelState, ReadModelStep};

use super::trial::{Trial, model};
use crate::{
    BrokenPromise, Factory,
    promises::{ensure, ensure_eq},
};

/// A claim that is older than the last one is fenced, through every handle and wherever its step would move the read model. It
/// writes neither rows nor the checkpoint.
pub async fn an_older_claim_is_fenced_and_writes_nothing(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let older = one.advance(&one.owned(model, "one").await?, trial.step(2, &[("1", "1")])).await?;
    let newer = one.owned(model, "one").await?;
    for handle in [one, two] {
        for position in [2, 3, 9] {
            handle.fenced("an older claim", &older, trial.step(position, &[("1", "9"), ("2", "9")])).await?;
        }
        // It neither gives the lease back nor stops the read model.
        let mut stop = ReadModelStep::new(trial.at(2), trial.at(2), ReadModelState::Stopped);
        handle.fenced("a stop by an older claim", &older, stop.clone()).await?;
        stop.state = ReadModelState::Live;
        handle.fenced("an older claim that gives the lease back", &older, stop).await?;
    }
    let newer = two.advance(&newer, trial.step(3, &[("1", "2")])).await?;
    // The older claim, as if it had seen the newer one's step.
    let Claim { handled, seen, complete, .. } = newer;
    let caught_up = Claim::new(model.clone(), older.epoch, handled, seen, complete);
    one.fenced("an older claim at the new position", &caught_up, trial.step(4, &[("1", "9")])).await?;
    ensure_eq("the row of the newer claim", Some("2".into()), one.row(model, "1").await?)
}

/// A step is fenced if the read model does not stand where its claim says: behind, ahead, and when the same step is sent again.
pub async fn a_step_from_another_position_is_fenced(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let first = one.owned(model, "one").await?;
    let (step, again) = (trial.step(5, &[("1", "1")]), trial.step(5, &[("1", "9")]));
    let second = one.advance(&first, step.clone()).await?;
    for handle in [one, two] {
        handle.fenced("a step that is sent again", &first, step.clone()).await?;
        handle.fenced("another step from the old position", &first, again.clone()).await?;
        handle.fenced("a longer step from the old position", &first, trial.step(7, &[("1", "9")])).await?;
        for position in [1, 4, 6, 100] {
            let elsewhere = Claim::new(model.clone(), first.epoch, trial.at(position), trial.at(position), true);
            handle.fenced("a step from elsewhere", &elsewhere, trial.step(100, &[("1", "9")])).await?;
        }
    }
    let third = two.advance(&second, trial.step(6, &[("1", "2")])).await?;
    // A step may handle no event.
    let nothing = one.advance(&third, ReadModelStep::new(trial.at(6), trial.at(8), ReadModelState::Live)).await?;
    one.advance(&nothing, trial.step(9, &[("1", "3")])).await.map(drop)
}

/// A step is fenced if nobody has claimed the read model, or not with that epoch yet. It makes no read model.
pub async fn a_step_without_a_claim_is_fenced(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model: balances, .. } = &trial;
    let start = Checkpoint::from(Position::START);
    for epoch in [0, 1, 2] {
        let made_up = Claim::new(balances.clone(), epoch, start, start, false);
        one.fenced("a step of a read model that nobody claimed", &made_up, trial.step(1, &[("1", "1")])).await?;
    }
    let claim = one.owned(balances, "one").await?;
    for epoch in [0, claim.epoch - 1, claim.epoch + 1, claim.epoch + 1_000_000] {
        let made_up = Claim::new(balances.clone(), epoch, start, start, false);
        two.fenced("a step with an epoch of no claim", &made_up, trial.step(1, &[("1", "1")])).await?;
    }
    let other = model("balances", 2)?;
    let made_up = Claim::new(other.clone(), claim.epoch, start, start, false);
    let answer = two.kept()?.advance(&made_up, trial.step(1, &[("1", "1")])).await;
    let fenced = matches!(&answer, Err(ReadModelError::Fenced { model }) if *model == other);
    ensure("a step of another version is fenced", fenced, || format!("{answer:?}"))?;
    ensure_eq("no read model is made", 1, one.kept()?.statuses().await?.len())
}
