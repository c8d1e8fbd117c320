//! Claims: one owner at a time, and each claim with a higher epoch than the one before.

use std::time::Duration;

use es_core::{Checkpoint, Claimed, ReadModelState, ReadModelStatus};
use futures_util::future::join_all;

use super::trial::{HOUR, Trial, declared, model};
use crate::{
    BrokenPromise, Factory,
    promises::{Subject, ensure, ensure_eq, subject::within_timeout},
};

/// A store offers read models if its factory declares them, and otherwise none: through every handle, by `capabilities` and by
/// `read_models` alike.
pub async fn read_models_are_offered_where_they_are_declared(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let declared = declared(factory);
    for store in [&subject.store, &subject.another_handle().await?] {
        ensure_eq("the capabilities are as declared", declared, store.capabilities().read_models.is_some())?;
        ensure_eq("the accessor gives what the capabilities say", declared, store.read_models().is_some())?;
    }
    Ok(())
}

/// The first claim of a read model makes it: with nothing handled, and building. Before it there is none.
pub async fn the_first_claim_makes_a_read_model(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(Trial { subject: _subject, one, two, model, .. }) = Trial::begin(factory).await? else { return Ok(()) };
    ensure_eq("a fresh store has no read model", Vec::<ReadModelStatus>::new(), one.kept()?.statuses().await?)?;
    ensure_eq("there are no rows before a claim", 0, one.all_rows(&model, 10).await?.len())?;
    ensure_eq("there is no row before a claim", None, one.row(&model, "1").await?)?;
    let claim = one.owned(&model, "one").await?;
    ensure_eq("nothing is handled yet", (Checkpoint::START, Checkpoint::START), (claim.handled, claim.seen))?;
    ensure("nothing is complete yet", !claim.complete, || format!("{claim:?}"))?;
    let mut expected = ReadModelStatus::new(model.clone());
    (expected.epoch, expected.owner) = (claim.epoch, Some("one".to_owned()));
    for handle in [&one, &two] {
        handle.stands(&expected).await?;
        let left = handle.status(&model).await?.lease_left;
        let holds = left.is_some_and(|left| left > HOUR / 2 && left <= HOUR);
        ensure("the lease has begun", holds, || format!("{left:?} of an hour is left"))?;
    }
    ensure("the first claim has an epoch above that of a read model nobody claimed", claim.epoch > 0, || {
        claim.epoch.to_string()
    })
}

/// All read models that were ever claimed are listed, by their names and then by their versions.
pub async fn read_models_are_listed_by_name_and_version(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(Trial { subject: _subject, one, two, .. }) = Trial::begin(factory).await? else { return Ok(()) };
    let ids = [("b", 2), ("a", 10), ("B", 1), ("a", 9), ("ä", 1), ("a b", u32::MAX), ("b", 0), ("a-b", 1), ("ab", 1)];
    let mut models = ids.iter().map(|(name, version)| model(name, *version)).collect::<Result<Vec<_>, _>>()?;
    for model in &models {
        one.owned(model, "one").await?;
    }
    models.sort();
    let listed: Vec<_> = two.kept()?.statuses().await?.into_iter().map(|status| status.model).collect();
    ensure_eq("they are listed in the order of the bytes of their names, and by version", models, listed)
}

/// While the lease of an owner holds, another one is refused, and learns who owns the read model and for how long. The refusal
/// changes nothing.
pub async fn a_second_owner_is_refused_while_the_lease_holds(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let claim = one.owned(model, "one").await?;
    let before = one.everything().await?;
    for (handle, owner) in [(two, "two"), (one, "two"), (two, "One"), (two, "one ")] {
        let mut status = handle.refused(model, owner).await?;
        let left = status.lease_left.take();
        let holds = left.is_some_and(|left| left > HOUR / 2 && left <= HOUR);
        ensure("the refusal tells how long the lease lasts", holds, || format!("{left:?} of an hour"))?;
        ensure_eq("the refusal tells the status", before.first().map(|(status, ..)| status), Some(&status))?;
        ensure_eq("the refusal changes nothing", &before, &one.everything().await?)?;
    }
    one.advance(&claim, trial.step(1, &[("1", "1")])).await?;
    let status = two.refused(model, "two").await?;
    ensure_eq("the refusal tells where the read model stands", trial.at(1), status.handled)
}

/// The owner of a read model can claim it again at any time. It gets a higher epoch, and its claim before is fenced.
pub async fn an_owner_claims_again_with_a_higher_epoch(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let mut claim = one.advance(&one.owned(model, "one").await?, trial.step(3, &[("1", "1")])).await?;
    for handle in [one, two, one] {
        let again = handle.owned(model, "one").await?;
        ensure("the epoch is higher", again.epoch > claim.epoch, || format!("{} after {}", again.epoch, claim.epoch))?;
        let stands = (claim.handled, claim.seen, claim.complete);
        ensure_eq("the claim tells where it stands", stands, (again.handled, again.seen, again.complete))?;
        handle.fenced("the claim before", &claim, trial.step(4, &[("1", "2")])).await?;
        claim = again;
    }
    two.advance(&claim, trial.step(4, &[("1", "2")])).await?;
    Ok(())
}

/// A claim is good until the next one: a step is taken although the lease is over, or was given back, if nobody else has claimed
/// the read model since. The epoch decides, not the lease.
pub async fn a_claim_is_good_until_the_next_one(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, model, .. } = &trial;
    let Claimed::Owned(claim) = one.claim(model, "one", Duration::from_millis(1)).await? else {
        return Err(BrokenPromise::new("the first claim is granted", "it is refused"));
    };
    let over = async {
        while one.status(model).await?.lease_left.is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok::<_, BrokenPromise>(())
    };
    within_timeout("a lease of a millisecond ends", over).await??;
    let mut step = trial.step(1, &[("1", "1")]);
    step.lease = None;
    let claim = one.advance(&claim, step).await?;
    let claim = one.advance(&claim, trial.step(2, &[("1", "2")])).await?;
    let status = one.status(model).await?;
    ensure_eq("both steps are taken", claim.handled, status.handled)?;
    ensure("a step can take a lease again", status.lease_left.is_some(), || format!("{status:?}"))
}

/// Of many owners that claim a read model at once exactly one gets it: one that is new, and one that was given back.
pub async fn of_many_claims_at_once_one_is_granted(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    for round in 0..20 {
        let model = model("race", round / 2)?;
        let claims = (0..8).map(|number| {
            let (handle, model) = (if number % 2 == 0 { &trial.one } else { &trial.two }.clone(), model.clone());
            tokio::spawn(async move { handle.claim(&model, &format!("owner {number}"), HOUR).await })
        });
        let mut granted = Vec::new();
        for (number, answer) in (0..8).zip(join_all(claims).await) {
            if let Claimed::Owned(claim) = crate::promises::subject::task_result(answer)?? {
                granted.push((number, claim));
            }
        }
        ensure_eq("one claim is granted", 1, granted.len())?;
        for (number, claim) in granted {
            let mut expected = ReadModelStatus::new(model.clone());
            (expected.epoch, expected.owner) = (claim.epoch, Some(format!("owner {number}")));
            trial.one.stands(&expected).await?;
            let nothing = claim.handled;
            trial.one.advance(&claim, es_core::ReadModelStep::new(nothing, nothing, ReadModelState::Building)).await?;
        }
    }
    Ok(())
}
