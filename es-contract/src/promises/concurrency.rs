//! Concurrency: writers of one stream decide on stored events, and no acknowledged event is lost.

use std::{collections::HashSet, sync::Arc};

use es_core::{AppendError, Appended, EventStore, Expected, NewEvent, StreamId, Version};
use futures_util::future::join_all;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{
    Subject, ensure_eq, note, notes,
    subject::{append, ids, new_ids, task_result, versions},
};
use crate::{BrokenPromise, Factory};

/// How often a writer decides again before the store counts as refusing for ever: 320 events can come in between.
const ATTEMPTS: usize = 1_000;

type Answer = (Vec<NewEvent>, Result<Appended, AppendError>);

fn spawn(
    store: &Arc<dyn EventStore>,
    stream: &StreamId,
    expected: Expected,
    events: Vec<NewEvent>,
) -> JoinHandle<Answer> {
    let (store, stream) = (Arc::clone(store), stream.clone());
    tokio::spawn(async move { (events.clone(), append(&store, &stream, expected, events).await) })
}

async fn answers(tasks: impl IntoIterator<Item = JoinHandle<Answer>>) -> Result<Vec<Answer>, BrokenPromise> {
    join_all(tasks).await.into_iter().map(task_result).collect()
}

/// Of two writers that decided on the same version, one wins and the other gets a conflict.
pub async fn two_writers_of_one_version_one_wins(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let another = subject.another_handle().await?;
    for round in 0..50 {
        let stream = subject.stream(&format!("race-{round}"))?;
        for version in 0..2 {
            let expected = Expected::Exact(Version::new(version));
            let first = spawn(&subject.store, &stream, expected, vec![note(1)?]);
            let second = spawn(&another, &stream, expected, vec![note(2)?]);
            let (winners, losers) = split(answers([first, second]).await?)?;
            ensure_eq("one of two writers wins", (1, 1), (winners.len(), losers.len()))?;
            let last = subject.events(&stream).await?.last().map(|event| event.id);
            ensure_eq("the winner's event is stored", winners.first().map(NewEvent::id), last)?;
            ensure_eq("no other event is stored", version + 1, subject.events(&stream).await?.len() as u64)?;
        }
    }
    Ok(())
}

/// Twenty concurrent appends that expect `Any` are all stored.
pub async fn twenty_appends_at_once_that_expect_nothing_are_all_stored(
    factory: &dyn Factory,
) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("any")?;
    let tasks = (0..20).map(|n| Ok(spawn(&subject.store, &stream, Expected::Any, notes(n * 2..n * 2 + 2)?)));
    let tasks = tasks.collect::<Result<Vec<_>, BrokenPromise>>()?;
    let mut appended = Vec::new();
    for (events, answer) in answers(tasks).await? {
        appended.push((answer?.version, events));
    }
    appended.sort_by_key(|(version, _)| *version);
    let expected: Vec<Uuid> = appended.iter().flat_map(|(_, events)| new_ids(events)).collect();
    ensure_eq("all events are stored at the answered versions", expected, ids(&subject.events(&stream).await?))
}

/// A concurrent append that gets a conflict leaves nothing: no event in the stream or the log, and its ids stay free.
pub async fn a_refused_concurrent_append_leaves_nothing(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("losers")?;
    let tasks = (0..16).map(|n| Ok(spawn(&subject.store, &stream, Expected::NoStream, notes(n * 3..n * 3 + 3)?)));
    let tasks = tasks.collect::<Result<Vec<_>, BrokenPromise>>()?;
    let mut losers = Vec::new();
    for (events, answer) in answers(tasks).await? {
        match answer {
            Ok(_) => {}
            Err(AppendError::Conflict(_)) => losers.push(events),
            Err(error) => return Err(error.into()),
        }
    }
    ensure_eq("15 of 16 appends conflict", 15, losers.len())?;
    ensure_eq("the stream holds the winner's events", vec![1, 2, 3], versions(&subject.events(&stream).await?))?;
    ensure_eq("the log holds the same events", 3, subject.log().await?.len())?;
    for events in losers {
        let answer = subject.append(&stream, Expected::Any, events).await?;
        ensure_eq("the ids of a refused append are free", false, answer.repeated)?;
    }
    ensure_eq("all events are stored now", 48, subject.events(&stream).await?.len())
}

/// After 64 writers on one stream, the stream holds every acknowledged event and no other, in the order of the answers.
pub async fn sixty_four_writers_keep_every_acknowledged_event(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("hot")?;
    let handles = [Arc::clone(&subject.store), subject.another_handle().await?];
    let tasks = (0..64_u64).map(|writer| {
        let store = Arc::clone(&handles[usize::from(writer % 2 == 0)]);
        let stream = stream.clone();
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            let mut version = Version::NONE;
            for _ in 0..ATTEMPTS {
                if acknowledged.len() == 5 {
                    break;
                }
                let event = note(writer)?;
                match append(&store, &stream, Expected::Exact(version), vec![event.clone()]).await {
                    Ok(answer) => {
                        version = answer.version;
                        acknowledged.push((version, event.id()));
                    }
                    Err(AppendError::Conflict(conflict)) => {
                        version = conflict.actual().unwrap_or(version);
                        tokio::task::yield_now().await;
                    }
                    Err(error) => return Err(BrokenPromise::from(error)),
                }
            }
            Ok(acknowledged)
        })
    });
    let mut acknowledged = Vec::new();
    for writer in join_all(tasks).await {
        acknowledged.extend(task_result(writer)??);
    }
    ensure_eq("every writer appends its events", 64 * 5, acknowledged.len())?;
    acknowledged.sort_unstable_by_key(|(version, _)| *version);
    let stored = subject.events(&stream).await?;
    let seen: Vec<_> = stored.iter().map(|event| (event.version, event.id)).collect();
    ensure_eq("the stream holds exactly the acknowledged events", acknowledged, seen)
}

/// One append that is sent eight times at once is stored once, and every answer names the same place.
pub async fn one_append_sent_many_times_at_once_is_stored_once(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let another = subject.another_handle().await?;
    for round in 0..20 {
        let stream = subject.stream(&format!("again-{round}"))?;
        let events = notes(0..3)?;
        let expected = [Expected::NoStream, Expected::Any][round % 2];
        let stores = [&subject.store, &another];
        let tasks = (0..8).map(|n| spawn(stores[n % 2], &stream, expected, events.clone()));
        let answers: Vec<_> =
            answers(tasks).await?.into_iter().map(|(_, answer)| answer).collect::<Result<_, AppendError>>()?;
        ensure_eq("exactly one answer is not a repeat", 1, answers.iter().filter(|answer| !answer.repeated).count())?;
        let places: HashSet<_> = answers.iter().map(|answer| (answer.version, answer.positions.clone())).collect();
        ensure_eq("all answers name one place", 1, places.len())?;
        ensure_eq("the append is stored once", new_ids(&events), ids(&subject.events(&stream).await?))?;
    }
    Ok(())
}

fn split(answers: Vec<Answer>) -> Result<(Vec<NewEvent>, Vec<NewEvent>), BrokenPromise> {
    let (mut winners, mut losers) = (Vec::new(), Vec::new());
    for (events, answer) in answers {
        match answer {
            Ok(_) => winners.extend(events),
            Err(AppendError::Conflict(_)) => losers.extend(events),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((winners, losers))
}
