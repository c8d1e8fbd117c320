//! Steps: what one stores is there at once, for everybody, and comes back as it was.

use bytes::Bytes;
use es_core::{
    Checkpoint, Expected, Position, ReadModelFailure, ReadModelRequest, ReadModelState, ReadModelStatus, ReadModelStep,
    StreamId, Version, limits::NAME_BYTES,
};
use uuid::Uuid;

use super::trial::{HOUR, Trial, row};
use crate::{
    BrokenPromise, Factory,
    promises::{ensure, ensure_eq, notes, subject::conflict},
};

/// A step moves the rows and the checkpoint of its read model together, for every handle. It changes no other read model.
pub async fn a_step_moves_rows_and_checkpoint_together(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let other = super::trial::model("turnover", 1)?;
    let before = one.advance(&one.owned(&other, "other").await?, trial.step(7, &[("count", "7")])).await?;
    let mut claim = one.owned(model, "one").await?;
    let mut expected = ReadModelStatus::new(model.clone());
    (expected.epoch, expected.owner) = (claim.epoch, Some("one".to_owned()));
    let mut rows = Vec::new();
    for number in 1..=5 {
        let (count, key) = (number.to_string(), format!("row {number}"));
        let mut step = trial.step(10 * number, &[("count", &count), (&key, &count)]);
        step.seen = trial.at(10 * number + 5);
        step.state = if number == 4 { ReadModelState::Live } else { ReadModelState::Building };
        (expected.handled, expected.seen, expected.state) = (step.handled, step.seen, step.state);
        expected.complete = number >= 4;
        rows.push(row(&key, &count));
        claim = one.advance(&claim, step).await?;
        let all: Vec<_> = [vec![row("count", &count)], rows.clone()].concat();
        for handle in [two, one] {
            handle.stands(&expected).await?;
            let left = handle.status(model).await?.lease_left;
            let holds = left.is_some_and(|left| left > HOUR / 2 && left <= HOUR);
            ensure("the lease of the step holds", holds, || format!("{left:?} of an hour"))?;
            ensure_eq("the rows", &all, &handle.all_rows(model, 100).await?)?;
            ensure_eq("a row", Some(Bytes::from(count.clone())), handle.row(model, &key).await?)?;
        }
    }
    ensure_eq("the other read model stands where it stood", before.handled, two.status(&other).await?.handled)?;
    ensure_eq("the other read model has its rows", vec![row("count", "7")], two.all_rows(&other, 100).await?)
}

/// A row that a later step writes has its new state; the other rows keep theirs.
pub async fn a_row_is_replaced_by_a_later_step(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let mut claim = one.owned(model, "one").await?;
    claim = one.advance(&claim, trial.step(1, &[("a", "1"), ("b", "1"), ("c", "1")])).await?;
    claim = one.advance(&claim, trial.step(2, &[("c", "2"), ("a", r#""longer than before""#)])).await?;
    claim = one.advance(&claim, trial.step(3, &[])).await?;
    // A step that handles no event may write rows, too.
    one.advance(&claim, trial.step(3, &[("d", "3"), ("c", "3")])).await?;
    let expected = vec![row("a", r#""longer than before""#), row("b", "1"), row("c", "3"), row("d", "3")];
    ensure_eq("the rows", expected, two.all_rows(model, 100).await?)
}

/// A checkpoint comes back with its incarnation, whichever it is, and at every position: in the status, and in the next claim.
pub async fn a_checkpoint_comes_back_with_its_incarnation(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let foreign = |position| Checkpoint::new(Uuid::from_u128(7), Position::new(position));
    let bare = |position| Checkpoint::from(Position::new(position));
    let steps = [
        (trial.at(0), trial.at(0)),
        (bare(0), bare(3)),
        (trial.at(1), trial.at(4)),
        (foreign(1), trial.at(5)),
        (foreign(2), foreign(5)),
        (bare(2), foreign(6)),
        (trial.at(1 << 40), trial.at(1 << 60)),
        (trial.at(Position::MAX.get()), trial.at(Position::MAX.get())),
    ];
    let mut claim = one.owned(model, "one").await?;
    for (handled, seen) in steps {
        let mut step = ReadModelStep::new(handled, seen, ReadModelState::Building);
        step.lease = Some(HOUR);
        one.advance(&claim, step).await?;
        let status = two.status(model).await?;
        ensure_eq("the status tells where it stands", (handled, seen), (status.handled, status.seen))?;
        claim = two.owned(model, "one").await?;
        ensure_eq("the next claim tells where it stands", (handled, seen), (claim.handled, claim.seen))?;
    }
    Ok(())
}

/// Every state comes back, and every failure: any stream, the largest numbers, and a text of 100,000 bytes. A step without a
/// failure ends the one before.
pub async fn every_state_and_failure_comes_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let long = "s".repeat(NAME_BYTES);
    let texts = [
        "",
        "it's \"so\"; -- \\ % \n\r\t $1 ?1 {} 'ä' 🦀",
        "null",
        &"e".repeat(100_000),
        "\u{1}\u{7f}\u{fffd}\u{10ffff}",
    ];
    let streams = [("sample", "1"), ("a/b", "c:d/e-'\"\\%_ 🦀"), (&long, &long), ("S", " "), ("sample", "null")];
    let mut claim = one.owned(model, "one").await?;
    let mut expected = ReadModelStatus::new(model.clone());
    (expected.epoch, expected.owner) = (claim.epoch, Some("one".to_owned()));
    for (number, (text, (category, id))) in (1..).zip(texts.into_iter().zip(streams)) {
        for state in ReadModelState::ALL {
            let mut step = trial.step(number, &[]);
            let largest = number % 2 == 0;
            let version = if largest { Version::MAX } else { Version::new(number) };
            let position = if largest { Position::MAX } else { Position::new(number) };
            let attempts = if largest { u32::MAX } else { 0 };
            let failure = ReadModelFailure::new(StreamId::new(category, id)?, version, position, attempts, text);
            (step.state, step.failure) = (state, Some(failure));
            (expected.handled, expected.seen, expected.state) = (step.handled, step.seen, state);
            (expected.failure, expected.complete) = (step.failure.clone(), claim.after(&step).complete);
            claim = one.advance(&claim, step).await?;
            two.stands(&expected).await?;
            let mut step = trial.step(number, &[]);
            (step.state, expected.failure) = (state, None);
            claim = one.advance(&claim, step).await?;
            two.stands(&expected).await?;
        }
    }
    Ok(())
}

/// A read model is complete once it was live, and stays so until it is asked to be rebuilt.
pub async fn a_read_model_stays_complete_until_a_rebuild(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    use ReadModelState::{Building, CatchingUp, Live, Retrying, Stopped};
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    for round in 0..2 {
        let mut claim = one.owned(model, "one").await?;
        ensure("it is not complete at first", !claim.complete, || format!("round {round}: {claim:?}"))?;
        let states = [(Building, false), (Retrying, false), (Live, true), (CatchingUp, true), (Retrying, true)];
        for (number, (state, complete)) in (1..).zip(states) {
            let mut step = trial.step(number, &[]);
            step.state = state;
            one.advance(&claim, step).await?;
            ensure_eq("the status tells whether it is complete", complete, two.status(model).await?.complete)?;
            claim = two.owned(model, "one").await?;
            ensure_eq("a claim tells whether it is complete", complete, claim.complete)?;
        }
        let mut stop = trial.step(9, &[]);
        stop.state = Stopped;
        one.advance(&claim, stop).await?;
        for request in [ReadModelRequest::Pause, ReadModelRequest::Resume] {
            one.kept()?.ask(model, request).await?;
            ensure("a request leaves it complete", two.status(model).await?.complete, || format!("{request:?}"))?;
        }
        one.kept()?.ask(model, ReadModelRequest::Rebuild).await?;
        ensure("a rebuild ends that", !two.status(model).await?.complete, || format!("round {round}"))?;
    }
    Ok(())
}

/// A step with 1,000 rows of 1 KiB is taken; the next one replaces them all.
pub async fn a_thousand_rows_are_one_step(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { one, two, model, .. } = &trial;
    let mut claim = one.owned(model, "one").await?;
    for position in 1..=2 {
        let state = |number: usize| format!("\"{}\"", format!("{position}-{number:04} ").repeat(128));
        let mut step = trial.step(position, &[]);
        step.rows = (0..1_000).map(|number| row(&format!("{number:04}"), &state(number))).collect();
        let expected = step.rows.clone();
        claim = one.advance(&claim, step).await?;
        let seen = two.all_rows(model, 300).await?;
        ensure_eq("the rows of the step", expected.len(), seen.len())?;
        ensure("the rows of the step come back", expected == seen, || "other rows".to_owned())?;
        let keys: Vec<_> = expected.iter().map(|row| row.key.clone()).collect();
        let found = two.kept()?.rows(model, &keys).await?;
        let same = expected.iter().map(|row| Some(&row.state)).eq(found.iter().map(Option::as_ref));
        ensure("each of the rows is found", same, || format!("{} rows", found.len()))?;
    }
    Ok(())
}

/// The stored events above any position are counted, as many as a reader from there reads. Refused appends, whose positions a
/// store may leave out, do not count.
pub async fn events_after_a_position_are_counted(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let Trial { subject, one, two, .. } = &trial;
    ensure_eq("an empty log has no events", 0, one.kept()?.events_after(Position::START).await?)?;
    for number in 0..10 {
        let stream = subject.stream(&format!("{}", number % 3))?;
        subject.append(&stream, Expected::Any, notes(0..=number)?).await?;
        let refused = subject.append(&stream, Expected::NoStream, notes(0..3)?).await;
        conflict("an append to a stream that exists", refused)?;
    }
    let log: Vec<Position> = subject.log().await?.iter().map(|event| event.position).collect();
    let near = log.iter().flat_map(|position| [position.get().saturating_sub(1), position.get(), position.get() + 1]);
    for after in near.chain([0, Position::MAX.get()]).map(Position::new) {
        let expected = log.iter().filter(|position| **position > after).count() as u64;
        let seen = two.kept()?.events_after(after).await?;
        ensure_eq(&format!("events after position {after}"), expected, seen)?;
    }
    Ok(())
}
