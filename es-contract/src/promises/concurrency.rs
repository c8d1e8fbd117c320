//! Concurrency: writers of one stream decide on what is stored, and nobody's event is lost.

use std::{collections::HashSet, sync::Arc};

use es_core::{AppendError, Appended, EventStore, Expected, NewEvent, StreamId, Version};
use futures_util::future::join_all;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{
    Subject, note, notes, same,
    subject::{append, ids, joined, new_ids, versions},
};
use crate::{BrokenPromise, Factory};

/// How often a writer decides again before the store counts as one that refuses for ever: 320 events can get in between.
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
    join_all(tasks).await.into_iter().map(joined).collect()
}

/// Of two writers that decided on the same version, one wins and the other is told.
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
            same("one of two writers wins", (1, 1), (winners.len(), losers.len()))?;
            let last = subject.events(&stream).await?.last().map(|event| event.id);
            same("the winner's event is stored", winners.first().map(NewEvent::id), last)?;
            same("no other is", version + 1, subject.events(&stream).await?.len() as u64)?;
        }
    }
    Ok(())
}

/// Twenty appends at once that expect nothing are all stored.
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
    same("all are stored where it was answered", expected, ids(&subject.events(&stream).await?))
}

/// A loser leaves nothing: not in the stream, not in the log, and its ids are free.
pub async fn a_loser_leaves_nothing(factory: &dyn Factory) -> Result<(), BrokenPromise> {
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
    same("15 of 16 lose", 15, losers.len())?;
    same("the stream holds the winner's events", vec![1, 2, 3], versions(&subject.events(&stream).await?))?;
    same("so does the log", 3, subject.log().await?.len())?;
    for events in losers {
        let answer = subject.append(&stream, Expected::Any, events).await?;
        same("a loser's ids are free", false, answer.repeated)?;
    }
    same("now all are stored", 48, subject.events(&stream).await?.len())
}

/// After 64 writers on one stream it holds every acknowledged event and no other, in the order of the answers.
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
        acknowledged.extend(joined(writer)??);
    }
    same("every writer gets its events in", 64 * 5, acknowledged.len())?;
    acknowledged.sort_unstable_by_key(|(version, _)| *version);
    let stored = subject.events(&stream).await?;
    let seen: Vec<_> = stored.iter().map(|event| (event.version, event.id)).collect();
    same("the stream is what was acknowledged", acknowledged, seen)
}

/// One append sent eight times at once is stored once, and every answer is the same.
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
        same("one of the answers is the first", 1, answers.iter().filter(|answer| !answer.repeated).count())?;
        let places: HashSet<_> = answers.iter().map(|answer| (answer.version, answer.positions.clone())).collect();
        same("all answers name one place", 1, places.len())?;
        same("it is stored once", new_ids(&events), ids(&subject.events(&stream).await?))?;
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
