//! Requests: pause, resume, retry and rebuild, whoever owns the read model.

use es_core::{
    Checkpoint, Claim, Position, ReadModelError, ReadModelFailure, ReadModelId, ReadModelRequest, ReadModelState,
    ReadModelStatus, StreamId, Version,
};

use super::trial::{Handle, Trial, model, row};
use crate::{
    BrokenPromise, Factory,
    promises::{ensure, ensure_eq},
};

use ReadModelRequest::{Pause, Rebuild, Resume, Retry};

/// The owner of a read model that is asked to pause is fenced, and nobody can claim it: neither its owner before nor another one.
pub async fn a_paused_read_model_can_be_claimed_by_nobody(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let claim = one.advance(&one.owned(model, "one").await?, trial.step(1, &[("1", "1")])).await?;
    two.kept()?.ask(model, Pause).await?;
    one.fenced("a step after the pause", &claim, trial.step(2, &[("1", "2")])).await?;
    let status = one.status(model).await?;
    ensure_eq(
        "it is paused, and nobody owns it",
        (ReadModelState::Paused, None),
        (status.state, status.owner.clone()),
    )?;
    ensure_eq("it stands where it stood", trial.at(1), status.handled)?;
    for (handle, owner) in [(one, "one"), (two, "two"), (two, "one")] {
        ensure_eq("the refusal tells the status", &status, &handle.refused(model, owner).await?)?;
    }
    one.stands(&status).await?;
    ensure_eq("its rows are there", Some("1".into()), two.row(model, "1").await?)
}

/// A read model that is asked to resume can be claimed again, and goes on where it stood.
pub async fn a_resumed_read_model_goes_on(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, .. } = &trial;
    let cases =
        [(ReadModelState::Building, ReadModelState::Building), (ReadModelState::Live, ReadModelState::CatchingUp)];
    for (version, (before, after)) in (1..).zip(cases) {
        let model = model("resumed", version)?;
        let mut step = trial.step(3, &[("1", "1")]);
        step.state = before;
        let old = one.advance(&one.owned(&model, "one").await?, step).await?;
        one.kept()?.ask(&model, Pause).await?;
        two.kept()?.ask(&model, Resume).await?;
        let status = one.status(&model).await?;
        ensure_eq("its state", after, status.state)?;
        ensure_eq("nobody owns it", (None, None), (status.owner, status.lease_left))?;
        one.fenced("the claim from before the pause", &old, trial.step(4, &[("1", "9")])).await?;
        let claim = two.owned(&model, "two").await?;
        ensure_eq("it goes on where it stood", (trial.at(3), trial.at(3)), (claim.handled, claim.seen))?;
        two.advance(&claim, trial.step(4, &[("1", "2")])).await?;
        ensure_eq("it goes on", Some("2".into()), one.row(&model, "1").await?)?;
    }
    Ok(())
}

/// A read model that has stopped keeps its failure, and nobody can claim it: until somebody asks to try it again.
pub async fn a_stop_keeps_its_failure(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let (claim, failure) = stopped(&trial, model).await?;
    let status = two.status(model).await?;
    ensure_eq("it has stopped", (ReadModelState::Stopped, None), (status.state, status.owner.clone()))?;
    ensure_eq("its failure is there", Some(&failure), status.failure.as_ref())?;
    for (handle, owner) in [(one, "one"), (two, "two")] {
        ensure_eq("the refusal tells the status", &status, &handle.refused(model, owner).await?)?;
    }
    // The epoch decides: nobody has claimed it since.
    one.advance(&claim, trial.step(4, &[])).await?;
    ensure_eq("its owner may go on", None, two.status(model).await?.failure)
}

/// A read model that has stopped can be claimed after it was asked to try again, and goes on without its failure.
pub async fn a_retry_goes_on_after_a_stop(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let (old, _) = stopped(&trial, model).await?;
    two.kept()?.ask(model, Retry).await?;
    let status = one.status(model).await?;
    ensure_eq("its state", (ReadModelState::CatchingUp, None), (status.state, status.failure))?;
    ensure_eq("it stands where it stood", trial.at(3), status.handled)?;
    one.fenced("the claim from before", &old, trial.step(4, &[("1", "9")])).await?;
    let claim = two.owned(model, "two").await?;
    two.advance(&claim, trial.step(4, &[("1", "2")])).await?;
    ensure_eq("it goes on", Some("2".into()), one.row(model, "1").await?)
}

/// A rebuild removes the rows of that read model, in that version alone, and lets it begin anew: from the start of the log, and
/// building. Its owner is fenced.
pub async fn a_rebuild_removes_the_rows_of_that_version_alone(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, .. } = &trial;
    let models = [model("balances", 2)?, model("balances", 1)?, model("balances", 22)?, model("balance", 2)?];
    let mut claims = Vec::new();
    for model in &models {
        let rows = [("a", "1"), ("b", "1"), (model.name(), "1")];
        claims.push(one.advance(&one.owned(model, "one").await?, trial.step(5, &rows)).await?);
    }
    let before = one.everything().await?;
    two.kept()?.ask(&models[0], Rebuild).await?;
    let mut expected = ReadModelStatus::new(models[0].clone());
    expected.epoch = two.status(&models[0]).await?.epoch;
    for handle in [one, two] {
        handle.stands(&expected).await?;
        ensure_eq("its rows are gone", 0, handle.all_rows(&models[0], 100).await?.len())?;
        ensure_eq("each of its rows is gone", None, handle.row(&models[0], "a").await?)?;
        let others = |mut all: Vec<(ReadModelStatus, bool, _)>| {
            all.retain(|(status, ..)| status.model != models[0]);
            all
        };
        ensure_eq("the others are as they were", others(before.clone()), others(handle.everything().await?))?;
    }
    one.fenced("a step after the rebuild", &claims[0], trial.step(6, &[("a", "9")])).await?;
    let claim = two.owned(&models[0], "two").await?;
    ensure_eq("it begins at the start", (Checkpoint::START, Checkpoint::START), (claim.handled, claim.seen))?;
    ensure("it is not complete", !claim.complete, || format!("{claim:?}"))?;
    two.advance(&claim, trial.step(1, &[("b", "7")])).await?;
    ensure_eq("it has new rows alone", vec![row("b", "7")], one.all_rows(&models[0], 100).await?)
}

/// A paused read model that is rebuilt is empty and stays paused. One that has stopped tries again.
pub async fn a_rebuild_keeps_a_pause_and_ends_a_stop(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, .. } = &trial;
    for (name, state) in [("paused", ReadModelState::Paused), ("stopped", ReadModelState::Building)] {
        let model = model(name, 1)?;
        if name == "paused" {
            one.advance(&one.owned(&model, "one").await?, trial.step(3, &[("1", "1")])).await?;
            one.kept()?.ask(&model, Pause).await?;
        } else {
            stopped(&trial, &model).await?;
        }
        two.kept()?.ask(&model, Rebuild).await?;
        let mut expected = ReadModelStatus::new(model.clone());
        (expected.state, expected.epoch) = (state, one.status(&model).await?.epoch);
        one.stands(&expected).await?;
        ensure_eq("its rows are gone", 0, one.all_rows(&model, 100).await?.len())?;
        if name == "paused" {
            one.refused(&model, "one").await?;
            two.kept()?.ask(&model, Resume).await?;
            ensure_eq("it builds when it goes on", ReadModelState::Building, one.status(&model).await?.state)?;
        }
        let claim = one.owned(&model, "one").await?;
        ensure_eq("it begins at the start", Checkpoint::START, claim.handled)?;
    }
    Ok(())
}

/// A request that changes nothing ends no claim: to resume what is not paused, to try again what has not stopped, and to pause
/// what is paused.
pub async fn a_request_that_changes_nothing_ends_no_claim(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let mut claim = one.owned(model, "one").await?;
    for (number, state) in (1..).zip([ReadModelState::Building, ReadModelState::Live, ReadModelState::Retrying]) {
        let mut step = trial.step(number, &[("1", "1")]);
        (step.state, step.failure) =
            (state, (state == ReadModelState::Retrying).then(|| failure("again")).transpose()?);
        claim = one.advance(&claim, step).await?;
        let before = one.everything().await?;
        for request in [Resume, Retry] {
            two.kept()?.ask(model, request).await?;
            ensure_eq(&format!("{request:?} of {state} changes nothing"), &before, &one.everything().await?)?;
        }
    }
    one.advance(&claim, trial.step(4, &[("1", "1")])).await?;
    one.kept()?.ask(model, Pause).await?;
    let before = one.everything().await?;
    for request in [Pause, Retry] {
        two.kept()?.ask(model, request).await?;
        ensure_eq(&format!("{request:?} of what is paused changes nothing"), &before, &one.everything().await?)?;
    }
    let other = super::trial::model("stopped", 1)?;
    stopped(&trial, &other).await?;
    let before = one.everything().await?;
    two.kept()?.ask(&other, Resume).await?;
    ensure_eq("to resume what has stopped changes nothing", &before, &one.everything().await?)
}

/// Nothing can be asked of a read model that was never claimed. The error is typed, and no read model is made.
pub async fn an_unknown_read_model_cannot_be_asked(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(Trial { subject: _subject, one, two, model: known, .. }) = Trial::begin(factory).await? else {
        return Ok(());
    };
    one.owned(&known, "one").await?;
    let before = one.everything().await?;
    for unknown in [model("turnover", 1)?, model("balances", 2)?, model("balances", 0)?, model("Balances", 1)?] {
        for request in [Pause, Resume, Retry, Rebuild] {
            let answer = two.kept()?.ask(&unknown, request).await;
            let typed = matches!(&answer, Err(ReadModelError::Unknown { model }) if *model == unknown);
            ensure(&format!("{request:?} of {unknown} is refused with a typed error"), typed, || {
                format!("{answer:?}")
            })?;
        }
    }
    ensure_eq("nothing has changed", before, one.everything().await?)
}

/// The epoch of a read model rises with every claim and with every request that changes it, also with a rebuild. So no claim is
/// ever good again.
pub async fn the_epoch_rises_with_every_claim_and_request(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let mut claims: Vec<Claim> = Vec::new();
    let mut last = 0;
    for round in 0..12 {
        let claim = if round % 2 == 0 { one } else { two }.owned(model, "one").await?;
        ensure("a claim has a higher epoch", claim.epoch > last, || format!("{} after {last}", claim.epoch))?;
        ensure_eq("the status tells the epoch", claim.epoch, two.status(model).await?.epoch)?;
        last = claim.epoch;
        claims.push(claim);
        let requests: &[ReadModelRequest] = match round % 4 {
            0 => &[Rebuild],
            1 => &[Pause, Resume],
            2 => &[Pause, Rebuild, Resume],
            _ => &[],
        };
        for request in requests {
            one.kept()?.ask(model, *request).await?;
            let epoch = two.status(model).await?.epoch;
            ensure(&format!("{request:?} has a higher epoch"), epoch > last, || format!("{epoch} after {last}"))?;
            last = epoch;
        }
    }
    claims.pop();
    for claim in claims {
        one.fenced("a claim of before", &claim, trial.step(1, &[("1", "9")])).await?;
    }
    Ok(())
}

/// A live read model with a row that its owner stopped at position 3: with the claim for the next step, and the failure.
async fn stopped(trial: &Trial, model: &ReadModelId) -> Result<(Claim, ReadModelFailure), BrokenPromise> {
    let handle: &Handle = &trial.one;
    let claim = handle.advance(&handle.owned(model, "one").await?, trial.step(2, &[("1", "1")])).await?;
    let failure = failure("it's \"so\":\n\tthe cause % of it\\")?;
    let mut step = trial.step(3, &[]);
    (step.state, step.failure, step.lease) = (ReadModelState::Stopped, Some(failure.clone()), None);
    Ok((handle.advance(&claim, step).await?, failure))
}

fn failure(error: &str) -> Result<ReadModelFailure, BrokenPromise> {
    Ok(ReadModelFailure::new(StreamId::new("account", "4711")?, Version::new(3), Position::new(4), 5, error))
}
