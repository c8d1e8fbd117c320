//! Several streams in one append: all or nothing, with every assertion checked.

use std::sync::Arc;

use es_core::{Append, AppendError, Appended, EventStore, Expected, StreamId, Version, Violation};

use super::{
    Subject, conflict, ensure, ensure_eq, note, notes,
    race::{self, crossed},
    subject::{ids, new_ids, task_result},
};
use crate::{BrokenPromise, Effort, Factory, Property};

/// How many rounds a race for a write skew takes at full effort.
const ROUNDS: u32 = 1_000;
/// The least number of rounds on existing streams: the log then holds more than 1,000 events, and a read that stops there
/// is caught.
const LONG: u32 = 350;

/// Several streams are appended to together, and answered in the order of the append.
pub async fn several_streams_are_appended_together(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let streams = [subject.stream("c")?, subject.stream("a")?, subject.stream("b")?];
    subject.fill(&streams[1], 2).await?;
    let appends: Vec<_> = streams
        .iter()
        .zip(1..)
        .map(|(stream, count)| Ok(Append::new(stream.clone(), Expected::Any, notes(0..count)?)))
        .collect::<Result<_, BrokenPromise>>()?;
    let answer = subject.store.append(appends.clone().into()).await?;
    let named: Vec<_> = answer.iter().map(|appended| appended.stream.clone()).collect();
    ensure_eq("the answers are in the order of the append", streams.to_vec(), named)?;
    for (append, appended) in appends.iter().zip(&answer) {
        let stored = subject.events(&append.stream).await?;
        let new = &stored[stored.len().saturating_sub(append.events.len())..];
        ensure_eq("each stream holds its events, in order", new_ids(&append.events), ids(new))?;
        let positions: Vec<_> = new.iter().map(|event| event.position).collect();
        ensure_eq("at the answered positions", &positions, &appended.positions)?;
        ensure_eq("at the answered version", new.last().map(|event| event.version), Some(appended.version))?;
    }
    Ok(())
}

/// When one stream is not as expected, nothing is appended to any.
pub async fn one_conflict_appends_nothing_anywhere(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let (good, stale, last) = (subject.stream("good")?, subject.stream("stale")?, subject.stream("last")?);
    subject.fill(&stale, 1).await?;
    let append =
        |stream: &StreamId| Ok::<_, BrokenPromise>(Append::new(stream.clone(), Expected::NoStream, notes(0..2)?));
    for order in [[&good, &stale, &last], [&stale, &good, &last], [&good, &last, &stale]] {
        let appends = order.into_iter().map(append).collect::<Result<Vec<_>, _>>()?;
        let conflict = conflict("an append with one stale stream", subject.store.append(appends.into()).await)?;
        ensure_eq("the conflict names the stale stream", Some(&stale), conflict.stream())?;
        ensure_eq("nothing is appended anywhere", 1, subject.log().await?.len())?;
    }
    Ok(())
}

/// A bad event in the middle of an append refuses all of it.
pub async fn a_bad_event_in_the_middle_refuses_all(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("middle")?;
    let taken = subject.fill(&subject.stream("taken")?, 1).await?;
    let events = vec![note(1)?, taken[0].clone(), note(3)?];
    let refused = conflict("an event id that is taken", subject.append(&stream, Expected::NoStream, events).await)?;
    ensure_eq("the conflict says so", true, refused.violations().all(Violation::ids_taken))?;
    ensure_eq("nothing is appended", 1, subject.log().await?.len())
}

/// Every stream that is not as expected is reported, and no other.
pub async fn every_violated_expectation_is_reported(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let streams = ["a", "b", "c", "d"].map(|id| subject.stream(id));
    let [a, b, c, d] = streams;
    let (a, b, c, d) = (a?, b?, c?, d?);
    subject.fill(&a, 2).await?;
    subject.fill(&c, 1).await?;
    let appends = vec![
        Append::new(a.clone(), Expected::NoStream, vec![note(1)?]),
        Append::new(b, Expected::NoStream, vec![note(2)?]),
        Append::assertion(c.clone(), Expected::Exact(Version::new(4))),
        Append::new(d.clone(), Expected::Exists, vec![note(3)?]),
    ];
    let conflict = conflict("three unmet expectations", subject.store.append(appends.into()).await)?;
    let expected = [
        Violation::of_stream(a, Expected::NoStream, Version::new(2)),
        Violation::of_stream(c, Expected::Exact(Version::new(4)), Version::FIRST),
        Violation::of_stream(d, Expected::Exists, Version::NONE),
    ];
    let seen: Vec<_> = conflict.violations().cloned().collect();
    ensure_eq("all three are reported, in the order of the append", &expected[..], seen)
}

/// An assertion on one stream guards the events for the others.
pub async fn an_assertion_guards_the_other_streams(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let (guard, stream) = (subject.stream("guard")?, subject.stream("guarded")?);
    subject.fill(&guard, 2).await?;
    for (expected, holds) in [
        (Expected::NoStream, false),
        (Expected::Exact(Version::new(1)), false),
        (Expected::Exact(Version::new(3)), false),
        (Expected::Exact(Version::new(2)), true),
        (Expected::Exists, true),
    ] {
        let before = subject.events(&stream).await?.len();
        let appends = vec![
            Append::new(stream.clone(), Expected::Any, vec![note(1)?]),
            Append::assertion(guard.clone(), expected),
        ];
        let answer = subject.store.append(appends.into()).await;
        let what = format!("guarded by {expected} of a stream at version 2");
        if holds {
            let answer = answer?;
            let guarded = answer.get(1).map(|appended| (appended.version.get(), appended.positions.len()));
            ensure_eq(&format!("{what}: the guard answers its version"), Some((2, 0)), guarded)?;
        } else {
            ensure_eq(&format!("{what}: the guard conflicts"), Some(&guard), conflict(&what, answer)?.stream())?;
        }
        ensure_eq(&what, before + usize::from(holds), subject.events(&stream).await?.len())?;
    }
    Ok(())
}

/// One stream twice in one append is refused with a typed error.
pub async fn a_stream_twice_in_one_append_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let (stream, other) = (subject.stream("twice")?, subject.stream("other")?);
    let events = Append::new(stream.clone(), Expected::NoStream, vec![note(1)?]);
    let more = Append::new(stream.clone(), Expected::Exact(Version::FIRST), vec![note(2)?]);
    let assertion = Append::assertion(stream.clone(), Expected::Any);
    let between = Append::new(other, Expected::Any, vec![note(3)?]);
    for appends in [
        vec![events.clone(), more],
        vec![events.clone(), between.clone(), assertion.clone()],
        vec![assertion.clone(), between, events],
        vec![assertion.clone(), assertion],
    ] {
        let answer = subject.store.append(appends.into()).await;
        let refused = matches!(&answer, Err(AppendError::DuplicateStream { stream: named }) if *named == stream);
        ensure("a stream named twice is refused with a typed error", refused, || format!("{answer:?}"))?;
        ensure_eq("nothing is stored", 0, subject.log().await?.len())?;
    }
    Ok(())
}

/// Readers see the events of one append to two streams together, or not at all.
pub async fn readers_never_see_half_an_append(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let (a, b) = (subject.stream("a")?, subject.stream("b")?);
    let store = subject.another_handle().await?;
    let writer = tokio::spawn(async move {
        for number in 0..200 {
            store
                .append(
                    vec![
                        Append::new(a.clone(), Expected::Any, notes(number..number + 3)?),
                        Append::new(b.clone(), Expected::Any, notes(number..number + 3)?),
                    ]
                    .into(),
                )
                .await?;
        }
        Ok::<_, BrokenPromise>(())
    });
    while !writer.is_finished() {
        let seen = subject.log().await?.len();
        ensure_eq("the log holds whole appends of 6 events", 0, seen % 6)?;
        tokio::task::yield_now().await;
    }
    task_result(writer.await)?
}

/// Of two concurrent appends that assert each other's stream, exactly one wins in every round.
pub async fn write_skew_on_existing_streams_lets_one_win(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    skew(factory, true).await
}

/// Of two such appends to streams that do not exist yet, exactly one wins.
pub async fn write_skew_on_absent_streams_lets_one_win(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    skew(factory, false).await
}

async fn skew(factory: &dyn Factory, existing: bool) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let another = subject.another_handle().await?;
    let rounds = Effort::from_env()?.times(ROUNDS).max(if existing { LONG } else { 0 });
    for round in 0..rounds {
        let (a, b) = (subject.stream(&format!("a{round}"))?, subject.stream(&format!("b{round}"))?);
        if existing {
            subject.store.append(vec![create_stream(&a)?, create_stream(&b)?].into()).await?;
        }
        let first = spawn(&subject.store, crossed(&a, &b, existing)?);
        let second = spawn(&another, crossed(&b, &a, existing)?);
        let answers = [task_result(first.await)?, task_result(second.await)?];
        one_wins(answers)?;
    }
    let each = if existing { 3 } else { 1 };
    ensure_eq("each round stored the winner's event alone", each * u64::from(rounds), subject.log().await?.len() as u64)
}

/// Of two such appends from two processes exactly one wins, where the store declares several processes.
pub async fn write_skew_between_two_processes_lets_one_win(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    if !factory.properties().contains(&Property::SeveralProcesses) {
        return Ok(());
    }
    race::race(factory, Effort::from_env()?.times(ROUNDS / 5).into()).await
}

/// Creates a stream for a round of a write skew.
pub(crate) fn create_stream(stream: &StreamId) -> Result<Append, BrokenPromise> {
    Ok(Append::new(stream.clone(), Expected::NoStream, vec![note(0)?]))
}

fn one_wins(answers: [Result<Vec<Appended>, AppendError>; 2]) -> Result<(), BrokenPromise> {
    match answers {
        [Ok(_), Err(AppendError::Conflict(_))] | [Err(AppendError::Conflict(_)), Ok(_)] => Ok(()),
        answers => Err(BrokenPromise::new(
            "of two appends that assert each other's stream exactly one wins",
            format!("{answers:?}"),
        )),
    }
}

fn spawn(
    store: &Arc<dyn EventStore>,
    appends: Vec<Append>,
) -> tokio::task::JoinHandle<Result<Vec<Appended>, AppendError>> {
    let store = Arc::clone(store);
    tokio::spawn(async move { store.append(appends.into()).await })
}
