//! Durability, where it is declared: read models survive closing and opening the store.

use es_core::{ReadModelRequest, ReadModelState};

use super::trial::{Handle, Trial, model};
use crate::{
    BrokenPromise, Factory, Property,
    promises::{ensure, ensure_eq},
};

/// A store that was closed and opened again holds its read models: where they stand, their rows, and what was asked of them. A
/// claim from before is still good.
pub async fn a_reopened_store_holds_its_read_models(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = durable(factory).await? else { return Ok(()) };
    let Trial { one, model: balances, .. } = &trial;
    let claim = one.advance(&one.owned(balances, "one").await?, trial.step(5, &[("a", "1"), ("b", "2")])).await?;
    let paused = model("paused", 7)?;
    one.advance(&one.owned(&paused, "two").await?, trial.step(3, &[("c", "3")])).await?;
    one.kept()?.ask(&paused, ReadModelRequest::Pause).await?;
    let before = one.everything().await?;
    let reopened = Handle(trial.subject.fresh.reopened().await?);
    ensure_eq("the read models are as they were", before, reopened.everything().await?)?;
    let status = reopened.refused(&paused, "two").await?;
    ensure_eq("what was paused stays paused", ReadModelState::Paused, status.state)?;
    reopened.advance(&claim, trial.step(6, &[("a", "2")])).await?;
    ensure_eq("the owner goes on", Some("2".into()), reopened.row(balances, "a").await?)
}

/// A store that was closed and opened again continues the epochs of its read models, so that no claim from before is good after
/// the next one.
pub async fn a_reopened_store_continues_its_epochs(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = durable(factory).await? else { return Ok(()) };
    let Trial { one, model, .. } = &trial;
    let mut last = 0;
    for _ in 0..3 {
        last = one.owned(model, "one").await?.epoch;
    }
    let old = one.owned(model, "one").await?;
    ensure("the epoch is higher", old.epoch > last, || format!("{} after {last}", old.epoch))?;
    let reopened = Handle(trial.subject.fresh.reopened().await?);
    let new = reopened.owned(model, "one").await?;
    ensure("the epoch is higher after reopening", new.epoch > old.epoch, || {
        format!("{} after {}", new.epoch, old.epoch)
    })?;
    reopened.fenced("a claim from before", &old, trial.step(1, &[("a", "1")])).await?;
    reopened.kept()?.ask(model, ReadModelRequest::Rebuild).await?;
    reopened.fenced("a claim from before the rebuild", &new, trial.step(1, &[("a", "1")])).await
}

/// `None` where durability or read models are not declared.
async fn durable(factory: &dyn Factory) -> Result<Option<Trial>, BrokenPromise> {
    if factory.properties().contains(&Property::Durable) { Trial::begin(factory).await } else { Ok(None) }
}
