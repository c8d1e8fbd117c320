//! Steps: tables and checkpoint move together, once, under the last claim.

use std::{sync::atomic::Ordering, time::Duration};

use es_core::{Checkpoint, Claim, Transactions, WorkError};
use futures_util::{FutureExt, future::join_all};

use super::{
    TableFactory,
    trial::{HOUR, Trial},
    work::{Work, add, add_slowly},
};
use crate::{BrokenPromise, promises::ensure};

/// A step moves the checkpoint as far as its parts were done, and the tables with it.
pub async fn tables_and_checkpoint_move_together(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    let mut claim = trial.owned(&trial.model, "one").await?;
    let (mut sum, mut steps) = (0, 0);
    while sum < 300 {
        let parts: Vec<_> = (0..100).map(|_| add_slowly("a", 1)).collect();
        let (plan, done) = (trial.plan(&claim, parts.len()), trial.advance(&claim, parts).await?);
        ensure("a step does at least one part", (1..=100).contains(&done), || format!("{done}"))?;
        let step = plan.after(done);
        claim = claim.after(&step);
        (sum, steps) = (sum + done, steps + 1);
        trial.holds(&trial.model, &[("a", i64::try_from(sum).unwrap_or(i64::MAX))]).await?;
        let Some(status) = trial.status(&trial.model).await? else {
            return Err(BrokenPromise::new("the read model is there", "none"));
        };
        let moved = (status.handled, status.seen, status.state) == (step.handled, step.seen, step.state);
        ensure("the checkpoint is that of the parts that were done", moved, || format!("{status:?}, not {step:?}"))?;
        ensure("its owner has its lease", status.lease_left.is_some(), || format!("{status:?}"))?;
    }
    ensure("a step does several parts", steps < 150, || format!("{steps} steps"))
}

/// A step of an older claim does not even begin its work, and writes nothing.
pub async fn a_step_of_an_older_claim_writes_nothing(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    let older = trial.done(&trial.owned(&trial.model, "one").await?, vec![add("a", 1)]).await?;
    let newer = trial.owned(&trial.model, "one").await?;
    for _ in 0..2 {
        trial.fenced("an older claim", &older, vec![add("a", 10)]).await?;
    }
    let (work, begun) = Work::of(&trial.factory, &trial.store, vec![add("a", 10)]);
    let result = trial.store.advance_with(&older, trial.plan(&older, 1), work).await;
    ensure("an older claim is fenced", matches!(result, Err(WorkError::Store(_))), || format!("{result:?}"))?;
    let begun = begun.load(Ordering::SeqCst);
    ensure("work that is fenced is not begun", begun == 0, || format!("{begun} parts"))?;
    trial.done(&newer, vec![add("a", 1)]).await?;
    trial.holds(&trial.model, &[("a", 2)]).await
}

/// A step that is sent again, or that comes from another position, writes nothing.
pub async fn a_step_from_another_position_writes_nothing(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    let first = trial.owned(&trial.model, "one").await?;
    let second = trial.done(&first, vec![add("a", 1), add("a", 1)]).await?;
    trial.fenced("a step that is sent again", &first, vec![add("a", 1), add("a", 1)]).await?;
    for elsewhere in
        [trial.start, second.handled.at(es_core::Position::new(1)), second.handled.at(es_core::Position::new(3))]
    {
        let elsewhere = Claim::new(trial.model.clone(), second.epoch, elsewhere, Checkpoint::START, true);
        trial.fenced("a step from elsewhere", &elsewhere, vec![add("a", 10)]).await?;
    }
    trial.done(&second, vec![add("a", 1)]).await?;
    trial.holds(&trial.model, &[("a", 3)]).await
}

/// Of steps that are taken at once with one claim, one is taken.
pub async fn of_two_steps_with_one_claim_one_is_taken(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    let mut claim = trial.owned(&trial.model, "one").await?;
    for round in 1..=10 {
        let results = join_all((0..4).map(|_| trial.advance(&claim, vec![add("a", 1)]))).await;
        let taken = results.iter().filter(|result| result.is_ok()).count();
        ensure("one of four steps is taken", taken == 1, || format!("{results:?}"))?;
        claim = claim.after(trial.plan(&claim, 1).whole());
        trial.holds(&trial.model, &[("a", round)]).await?;
    }
    Ok(())
}

/// A step whose caller is gone is taken whole or not at all, and keeps nobody else waiting.
pub async fn a_dropped_step_is_taken_whole_or_not_at_all(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let trial = Trial::begin(factory).await?;
    trial.owned(&trial.model, "one").await?;
    for round in 0..30_u32 {
        let claim = trial.owned(&trial.model, "one").await?;
        let before = claim.handled.position().get();
        let step = trial.advance(&claim, vec![add("a", 1), add("b", 1)]);
        if round % 10 == 0 {
            drop(step.now_or_never());
        } else {
            drop(tokio::time::timeout(Duration::from_micros(u64::from(round) * 100), step).await);
        }
        // The next claim waits for it, or fences it.
        let after = trial.owned(&trial.model, "one").await?.handled.position().get();
        ensure("it is taken whole or not at all", after == before || after == before + 2, || {
            format!("{before} to {after}")
        })?;
        let table = trial.table(&trial.model).await?.unwrap_or_default();
        let number = i64::try_from(after / 2).unwrap_or(i64::MAX);
        let both = ["a", "b"].map(|key| table.get(key).copied().unwrap_or(0));
        ensure("the table is as far as the checkpoint", both == [number; 2], || format!("{table:?} at {after}"))?;
    }
    Ok(())
}

/// Tables, checkpoint and claims are there after the store was opened again.
pub async fn tables_survive_a_restart(factory: impl TableFactory) -> Result<(), BrokenPromise> {
    let mut trial = Trial::begin(factory).await?;
    let claim = trial.done(&trial.owned(&trial.model, "one").await?, vec![add("a", 1)]).await?;
    trial.store = trial.factory.open(trial.folder.path()).await?;
    trial.holds(&trial.model, &[("a", 1)]).await?;
    let (work, begun) = Work::of(&trial.factory, &trial.store, vec![]);
    drop(trial.store.claim_with(&trial.model, "two", HOUR, work).await?);
    ensure("nobody sets up again", begun.load(Ordering::SeqCst) == 0, || "set up".into())?;
    trial.done(&claim, vec![add("a", 1)]).await?;
    trial.holds(&trial.model, &[("a", 2)]).await
}
