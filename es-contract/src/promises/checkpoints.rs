//! Checkpoints: each names the log that its position belongs to.

use std::{sync::Arc, time::Duration};

use es_core::{Checkpoint, Direction, EventStore, Expected, Filter, Page, Position, ReadError};
use futures_util::{StreamExt, TryStreamExt};
use uuid::Uuid;

use super::{
    Subject, ensure, ensure_eq, notes,
    subject::{collect, ended, ids, new_ids, within_timeout},
};
use crate::{BrokenPromise, Factory};

async fn page(store: &Arc<dyn EventStore>, from: Checkpoint) -> Result<Page, BrokenPromise> {
    let mut pages = store.read_pages(from, Direction::Forward, &Filter::all(), None);
    pages.try_next().await?.ok_or_else(|| BrokenPromise::new("a read gives a page", "none"))
}

/// A log has one incarnation, through every handle, before the first event and after it.
pub async fn every_log_has_an_incarnation(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let incarnation = subject.store.frontier().await?.incarnation();
    ensure("the frontier has an incarnation", incarnation.is_some(), || format!("{incarnation:?}"))?;
    subject.fill(&subject.stream("1")?, 3).await?;
    let other = subject.another_handle().await?;
    for store in [&subject.store, &other] {
        ensure_eq("every handle gives the same incarnation", incarnation, store.frontier().await?.incarnation())?;
        ensure_eq(
            "pages have the same incarnation",
            incarnation,
            page(store, Checkpoint::START).await?.frontier.incarnation(),
        )?;
        let mut live = store.subscribe_pages(Checkpoint::START, &Filter::all());
        let first = within_timeout("a page comes", live.next()).await?.ok_or_else(ended)??;
        ensure_eq("pages of a subscription have the same incarnation", incarnation, first.frontier.incarnation())?;
    }
    let elsewhere = factory.fresh().await?.handle().await?.frontier().await?.incarnation();
    ensure("another log has another incarnation", elsewhere != incarnation, || format!("{elsewhere:?}"))
}

/// Checks that the answer refuses the checkpoint as restored, and reports the `known` common position.
fn restored<T>(
    what: &str,
    checkpoint: Checkpoint,
    known: bool,
    answer: Option<Result<T, ReadError>>,
) -> Result<(), BrokenPromise> {
    match answer {
        Some(Err(ReadError::Restored { checkpoint: refused, common }))
            if refused == checkpoint && common.is_some() == known =>
        {
            Ok(())
        }
        Some(Err(error)) => Err(BrokenPromise::new(format!("{what} refuses it as restored"), error.to_string())),
        Some(Ok(_)) | None => Err(BrokenPromise::new(format!("{what} refuses it"), "it reads")),
    }
}

/// The answer to an append, to its repeat and to an assertion names the incarnation of the log; a reader goes on after the
/// answer's checkpoint with what was appended later.
pub async fn an_answer_names_the_incarnation(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let (stream, events) = (subject.stream("1")?, notes(1..=2)?);
    let incarnation = subject.store.frontier().await?.incarnation();
    let first = subject.append(&stream, Expected::NoStream, events.clone()).await?;
    let repeat = subject.append(&stream, Expected::NoStream, events).await?;
    let assertion = subject.append(&stream, Expected::Exists, Vec::new()).await?;
    for (what, answer) in [("an append", &first), ("its repeat", &repeat), ("an assertion", &assertion)] {
        ensure_eq(&format!("the answer to {what} names the incarnation"), incarnation, answer.incarnation)?;
    }
    ensure_eq("an assertion has no checkpoint", None, assertion.checkpoint())?;
    let checkpoint = first.checkpoint().ok_or_else(|| BrokenPromise::new("the answer has a checkpoint", "none"))?;
    let later = subject.fill(&stream, 1).await?;
    let after = collect(subject.store.read_all(checkpoint, &Filter::all(), None)).await?;
    ensure_eq("a reader goes on after the answer's checkpoint", new_ids(&later), ids(&after))
}

/// Every read and subscription refuses a checkpoint of another log.
pub async fn a_checkpoint_of_another_log_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    subject.fill(&subject.stream("1")?, 5).await?;
    for position in [Position::START, Position::new(2), Position::MAX] {
        refused_everywhere(&subject, Checkpoint::new(Uuid::from_u128(4_711), position), false).await?;
    }
    Ok(())
}

/// A checkpoint above the last event of its log is refused: a restore has cut its events off.
pub async fn a_checkpoint_above_the_log_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    subject.fill(&subject.stream("1")?, 5).await?;
    let frontier = subject.store.frontier().await?;
    for position in [frontier.position().plus(10_000), Position::MAX] {
        refused_everywhere(&subject, frontier.at(position), true).await?;
    }
    Ok(())
}

async fn refused_everywhere(subject: &Subject, checkpoint: Checkpoint, known: bool) -> Result<(), BrokenPromise> {
    let (store, all) = (&subject.store, Filter::all());
    for direction in [Direction::Forward, Direction::Backward] {
        let page = store.read_pages(checkpoint, direction, &all, None).next().await;
        restored("a page", checkpoint, known, page)?;
    }
    restored("a read", checkpoint, known, store.read_all(checkpoint, &all, Some(1)).next().await)?;
    let first =
        within_timeout("a subscription answers", async { store.subscribe(checkpoint, &all).next().await }).await?;
    restored("a subscription", checkpoint, known, first)
}

/// A position without an incarnation means the current log.
pub async fn a_position_without_an_incarnation_is_of_the_current_log(
    factory: &dyn Factory,
) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    subject.fill(&subject.stream("1")?, 5).await?;
    let log = subject.log().await?;
    for (number, event) in log.iter().enumerate() {
        let after = event.position.into();
        let read = collect(subject.store.read_all(after, &Filter::all(), None)).await?;
        ensure_eq("the events above it are read", &log[number + 1..], read.as_slice())?;
        let live = subject.store.subscribe(after, &Filter::all()).take(log.len() - number - 1);
        ensure_eq(
            "the events above it are delivered",
            &log[number + 1..],
            within_timeout("events come", collect(live)).await??.as_slice(),
        )?;
    }
    Ok(())
}

/// A reader resumes after the event of a checkpoint, through any handle.
pub async fn a_reader_resumes_after_any_event(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    subject.fill(&subject.stream("1")?, 5).await?;
    let log = subject.log().await?;
    let other = subject.another_handle().await?;
    let mut read = subject.store.read_pages(Checkpoint::START, Direction::Forward, &Filter::all(), None);
    let mut seen = 0;
    while let Some(page) = read.try_next().await? {
        for event in &page.events {
            seen += 1;
            let after: Checkpoint = page.checkpoint_of(event).to_string().parse()?;
            let rest = collect(other.read_all(after, &Filter::all(), None)).await?;
            ensure_eq("the events after the checkpoint are read", &log[seen..], rest.as_slice())?;
        }
    }
    ensure_eq("each event is read", log.len(), seen)
}

/// A wait with a checkpoint of another log ends at once.
pub async fn a_wait_with_a_checkpoint_of_another_log_ends(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    subject.fill(&subject.stream("1")?, 3).await?;
    let frontier = subject.store.frontier().await?;
    for position in [frontier.position(), Position::MAX] {
        let foreign = Checkpoint::new(Uuid::from_u128(4_711), position);
        let changed = within_timeout("the wait ends", subject.store.changed(foreign)).await??;
        ensure_eq("the wait gives the current frontier", frontier, changed)?;
    }
    let idle = tokio::time::timeout(Duration::from_millis(300), subject.store.changed(frontier)).await;
    ensure("the same log has not changed", idle.is_err(), || format!("{idle:?}"))
}
