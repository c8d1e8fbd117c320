//! Several processes, where they are declared: each sees the steps of the others, and fences them.

use es_core::{Claim, Claimed};

use super::trial::{HOUR, Handle, Trial, model, row};
use crate::{
    BrokenPromise, Factory, Property,
    contract::child::{Task, run},
    promises::{ensure, ensure_eq},
};

/// Another process sees rows and checkpoint of a step, is refused while the lease of this one holds, and fences it when it has
/// claimed the read model. This process then sees the steps of that one.
pub async fn another_process_sees_and_fences(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    if !factory.properties().contains(&Property::SeveralProcesses) {
        return Ok(());
    }
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Some(address) = trial.subject.fresh.address() else {
        return Err(BrokenPromise::new(
            "a store for several processes can be joined",
            "no address; implement `FreshStore::address` and `Factory::join`",
        ));
    };
    let (one, [held, free]) = (&trial.one, models()?);
    let mut claims = Vec::new();
    for model in [&held, &free] {
        let mut step = trial.step(3, &[("a", "1"), ("b", "1")]);
        step.lease = (*model == held).then_some(HOUR);
        claims.push(one.advance(&one.owned(model, "parent").await?, step).await?);
    }
    let before = one.everything().await?;
    run(Task::ReadModels { address }).await?;
    ensure_eq("what this process holds is as it was", before.get(1), one.everything().await?.get(1))?;
    one.advance(&claims[0], trial.step(4, &[("a", "2")])).await?;
    one.fenced("a step after the claim of another process", &claims[1], trial.step(4, &[("a", "9")])).await?;
    let status = one.refused(&free, "parent").await?;
    ensure_eq("the other process is named", (Some("child"), trial.at(4)), (status.owner.as_deref(), status.handled))?;
    ensure_eq("its rows are there", vec![row("a", "1"), row("b", "2"), row("c", "2")], one.all_rows(&free, 100).await?)
}

fn models() -> Result<[es_core::ReadModelId; 2], BrokenPromise> {
    Ok([model("held", 1)?, model("free", 1)?])
}

/// The side of the child process.
pub(crate) async fn use_as_child(factory: &dyn Factory, address: &str) -> Result<(), BrokenPromise> {
    let (store, [held, free]) = (Handle(factory.join(address).await?), models()?);
    for model in [&held, &free] {
        let rows = store.all_rows(model, 100).await?;
        ensure_eq("another process sees the rows", vec![row("a", "1"), row("b", "1")], rows)?;
        ensure_eq("another process sees the checkpoint", 3, store.status(model).await?.handled.position().get())?;
    }
    let status = store.refused(&held, "child").await?;
    let holds = status.owner.as_deref() == Some("parent") && status.lease_left.is_some_and(|left| left <= HOUR);
    ensure("another process learns who owns the read model", holds, || format!("{status:?}"))?;
    let claim: Claim = match store.claim(&free, "child", HOUR).await? {
        Claimed::Owned(claim) => claim,
        refused @ Claimed::Refused(_) => {
            return Err(BrokenPromise::new("another process can claim what was given back", format!("{refused:?}")));
        }
    };
    let at = claim.handled.at(claim.handled.position().plus(1));
    let mut step = es_core::ReadModelStep::new(at, at, es_core::ReadModelState::Live);
    (step.rows, step.lease) = (vec![row("b", "2"), row("c", "2")], Some(HOUR));
    store.advance(&claim, step).await.map(drop)
}
