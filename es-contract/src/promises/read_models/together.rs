//! What happens at once: every step is taken as a whole, and each event is handled once, whoever believes to be the owner.

use std::time::Duration;

use bytes::Bytes;
use es_core::{Checkpoint, Claimed, ReadModelError, ReadModelId, ReadModelRequest, ReadModelState, ReadModelStep};
use es_testing::DropAfter;

use super::trial::{Handle, Trial, model, row};
use crate::{
    BrokenPromise, Factory,
    promises::{
        ensure, ensure_eq,
        subject::{task_result, within_timeout},
    },
};

/// The number of await points of a step that are tried at most.
const POINTS: usize = 200;

/// Of two steps that two programs take at once with the same claim, exactly one is taken, and the other writes nothing.
pub async fn of_two_steps_with_one_claim_one_is_taken(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    const ROUNDS: u64 = 100;
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let mut claim = one.owned(model, "one").await?;
    let mut taken = [0, 0];
    for round in 1..=ROUNDS {
        let count = round.to_string();
        let steps = ["first", "second"].map(|side| {
            let own = format!("{side} {round:03}");
            trial.step(round, &[("count", &count), ("by", &format!("\"{side}\"")), (&own, &count)])
        });
        let next = claim.after(&steps[0]);
        let tasks = [one, two].into_iter().zip(steps).map(|(handle, step)| {
            let (handle, claim) = (handle.clone(), claim.clone());
            tokio::spawn(async move { Ok::<_, BrokenPromise>(handle.kept()?.advance(&claim, step).await) })
        });
        let mut winners = Vec::new();
        for (side, task) in tasks.collect::<Vec<_>>().into_iter().enumerate() {
            match task_result(task.await)?? {
                Ok(()) => winners.push(side),
                Err(ReadModelError::Fenced { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        ensure_eq("one of two steps is taken", 1, winners.len())?;
        let side = winners[0];
        taken[side] += 1;
        let by = Bytes::from(if side == 0 { r#""first""# } else { r#""second""# });
        ensure_eq("the rows are those of the step that is taken", Some(by), one.row(model, "by").await?)?;
        claim = next;
    }
    let rows = one.all_rows(model, 1_000).await?;
    let of = |side: &str| rows.iter().filter(|row| row.key.starts_with(side)).count();
    ensure_eq("each step that is taken writes its rows, and no other", taken, [of("first "), of("second ")])?;
    ensure_eq(
        "the rows count what the checkpoint says",
        Some(ROUNDS.to_string().into()),
        one.row(model, "count").await?,
    )
}

/// Owners that claim a read model from each other again and again, and go on with old claims, together handle each event once:
/// a row that each step counts up has counted as many events as the checkpoint says.
pub async fn owners_that_take_turns_handle_each_event_once(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    const EVENTS: u64 = 120;
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let owners = (0..4).map(|number| {
        let (handle, model) = (if number % 2 == 0 { one } else { two }.clone(), model.clone());
        let at = [trial.at(0), trial.at(EVENTS)];
        tokio::spawn(async move { take_turns(&handle, &model, &format!("owner {number}"), at).await })
    });
    for owner in owners.collect::<Vec<_>>() {
        task_result(owner.await)??;
    }
    ensure_eq("every event is handled", trial.at(EVENTS), one.status(model).await?.handled)?;
    ensure_eq("each event is handled once", Some(EVENTS.to_string().into()), two.row(model, "count").await?)
}

/// The lease of owners that take turns.
const TURN: Duration = Duration::from_millis(20);

/// Claims, counts ten events, stalls until its lease is over, goes on until it is fenced, and claims again.
async fn take_turns(
    handle: &Handle,
    model: &ReadModelId,
    owner: &str,
    [start, end]: [Checkpoint; 2],
) -> Result<(), BrokenPromise> {
    let kept = handle.kept()?;
    loop {
        let mut claim = match handle.claim(model, owner, TURN).await? {
            Claimed::Owned(claim) if claim.handled.position() == end.position() => return Ok(()),
            Claimed::Owned(claim) => claim,
            Claimed::Refused(_) => {
                tokio::time::sleep(TURN / 10).await;
                continue;
            }
        };
        while claim.handled.position() < end.position() {
            let count = handle.row(model, "count").await?;
            let count = count.map_or("0".to_owned(), |count| String::from_utf8_lossy(&count).into_owned());
            let next = count.parse::<u64>().map_err(|_| BrokenPromise::new("the row is a number", count))? + 1;
            let position = start.at(claim.handled.position().plus(1));
            let mut step = ReadModelStep::new(position, position, ReadModelState::Live);
            step.rows = vec![row("count", &next.to_string())];
            step.lease = Some(TURN);
            let after = claim.after(&step);
            match kept.advance(&claim, step).await {
                Ok(()) => claim = after,
                Err(ReadModelError::Fenced { .. }) => break,
                Err(error) => return Err(error.into()),
            }
            if next % 10 == 0 {
                tokio::time::sleep(2 * TURN).await;
            }
        }
    }
}

/// A reader that reads the status and then the rows never finds rows that are older than the checkpoint. One that reads the rows
/// and then the status never finds a checkpoint that is older than the rows.
pub async fn readers_never_see_rows_and_checkpoint_apart(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    const STEPS: u64 = 100;
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let mut claim = one.advance(&one.owned(model, "one").await?, trial.step(1, &[("a", "1"), ("b", "1")])).await?;
    let readers = [one, two].map(|handle| {
        let (handle, model) = (handle.clone(), model.clone());
        tokio::spawn(async move { read_until(&handle, &model, STEPS).await })
    });
    for number in 2..=STEPS {
        let count = number.to_string();
        claim = one.advance(&claim, trial.step(number, &[("a", &count), ("b", &count)])).await?;
    }
    let last = within_timeout("readers reach the last step", futures_util::future::join_all(readers)).await?;
    last.into_iter().try_for_each(|reader| task_result(reader)?)
}

async fn read_until(handle: &Handle, model: &ReadModelId, last: u64) -> Result<(), BrokenPromise> {
    let mut by_pages = false;
    loop {
        let before = handle.status(model).await?.handled.position().get();
        let rows = if by_pages {
            handle.all_rows(model, 10).await?.into_iter().map(|row| Some(row.state)).collect()
        } else {
            handle.kept()?.rows(model, &["a".to_owned(), "b".to_owned()]).await?
        };
        let after = handle.status(model).await?.handled.position().get();
        ensure_eq("both rows are there", 2, rows.len())?;
        for row in rows {
            let text = row.map(|row| String::from_utf8_lossy(&row).into_owned()).unwrap_or_default();
            let counted = text.parse::<u64>().map_err(|_| BrokenPromise::new("a row is a number", text))?;
            ensure("rows are not older than a checkpoint that was read before", counted >= before, || {
                format!("a row of {counted} after checkpoint {before}")
            })?;
            ensure("a checkpoint is not older than rows that were read before", after >= counted, || {
                format!("checkpoint {after} after a row of {counted}")
            })?;
        }
        if before == last {
            return Ok(());
        }
        by_pages = !by_pages;
        tokio::task::yield_now().await;
    }
}

/// A step whose future is dropped at any await point is taken as a whole or not at all. Sent again, it is taken or fenced; then
/// its rows and its checkpoint are there.
pub async fn a_dropped_step_is_taken_whole_or_not_at_all(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let mut claim = one.advance(&one.owned(model, "one").await?, trial.step(1, &[("a", "1"), ("b", "1")])).await?;
    for points in 0..POINTS {
        let position = claim.handled.position().get() + 1;
        let count = position.to_string();
        let step = trial.step(position, &[("a", &count), ("b", &count)]);
        let answered = DropAfter::new(one.kept()?.advance(&claim, step.clone()), points).await;
        whole(two, model).await?;
        match (&answered, one.kept()?.advance(&claim, step.clone()).await) {
            (None, Ok(())) | (_, Err(ReadModelError::Fenced { .. })) => {}
            (Some(first), Ok(())) => {
                return Err(BrokenPromise::new("a step is taken once", format!("twice, after {first:?}")));
            }
            (_, Err(error)) => return Err(error.into()),
        }
        let (a, b) = (two.row(model, "a").await?, two.row(model, "b").await?);
        ensure_eq("its rows are there", (Some(&*count), Some(&*count)), (a.as_ref().map(text), b.as_ref().map(text)))?;
        ensure_eq("its checkpoint is there", step.handled, two.status(model).await?.handled)?;
        claim = claim.after(&step);
        if answered.is_some() {
            return Ok(());
        }
    }
    Err(BrokenPromise::new(format!("a step is taken within {POINTS} await points"), "it is not"))
}

fn text(bytes: &Bytes) -> &str {
    std::str::from_utf8(bytes).unwrap_or("no text")
}

/// Checks that rows and checkpoint say the same, though a step may be under way.
async fn whole(handle: &Handle, model: &ReadModelId) -> Result<(), BrokenPromise> {
    let settled = async {
        loop {
            let before = handle.status(model).await?.handled;
            let rows = handle.kept()?.rows(model, &["b".to_owned(), "a".to_owned()]).await?;
            if before == handle.status(model).await?.handled {
                let count = before.position().to_string();
                let same = rows.iter().all(|row| row.as_deref() == Some(count.as_bytes()));
                return ensure("a dropped step is taken whole or not at all", same, || format!("{rows:?} at {count}"));
            }
        }
    };
    within_timeout("a dropped step comes to an end", settled).await?
}

/// Of a step and a request to pause that come at once, the step is taken before the pause, or is fenced. Either way the read model
/// is paused afterwards, and its rows are those of its checkpoint.
pub async fn of_a_step_and_a_pause_at_once_the_pause_stays(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, .. } = &trial;
    for round in 0..50 {
        let model = model("paused", round)?;
        let claim = one.advance(&one.owned(&model, "one").await?, trial.step(1, &[("a", "1")])).await?;
        let step = trial.step(2, &[("a", "2")]);
        let stepping = {
            let (one, claim) = (one.clone(), claim.clone());
            tokio::spawn(async move { Ok::<_, BrokenPromise>(one.kept()?.advance(&claim, step).await) })
        };
        let pausing = {
            let (two, model) = (two.clone(), model.clone());
            tokio::spawn(async move { Ok::<_, BrokenPromise>(two.kept()?.ask(&model, ReadModelRequest::Pause).await?) })
        };
        let (stepped, paused) = tokio::join!(stepping, pausing);
        task_result(paused)??;
        let expected = match task_result(stepped)?? {
            Ok(()) => "2",
            Err(ReadModelError::Fenced { .. }) => "1",
            Err(error) => return Err(error.into()),
        };
        let status = two.refused(&model, "two").await?;
        ensure_eq("the pause stays", (ReadModelState::Paused, None), (status.state, status.owner))?;
        ensure_eq("the checkpoint is that of the last step", expected, status.handled.position().to_string())?;
        ensure_eq("the rows are those of the checkpoint", Some(expected.into()), one.row(&model, "a").await?)?;
        let late = claim.after(&trial.step(status.handled.position().get(), &[]));
        let answer = one.kept()?.advance(&late, trial.step(3, &[("a", "3")])).await;
        let fenced = matches!(answer, Err(ReadModelError::Fenced { .. }));
        ensure("a step after the pause is fenced", fenced, || format!("{answer:?}"))?;
    }
    Ok(())
}
