//! Appends and answers that a fault changes.

use es_core::{
    Append, AppendError, AppendRequest, Appended, Conflict, EventStore, Expected, LimitError, NewEvent, Position,
    StoredEvent, Timestamp, Version, Violation, limits,
};
use es_memory::MemoryStore;
use uuid::Uuid;

use crate::append::{Answer, failed, log, version_of};

pub(crate) async fn forget_the_last(inner: &MemoryStore, mut appends: Vec<Append>) -> Answer {
    limits::check(&appends.clone().into())?;
    let whole: Vec<_> = appends.iter().map(|append| append.events.len()).collect();
    for append in appends.iter_mut().filter(|append| append.events.len() > 1) {
        append.events.pop();
    }
    let mut answers = inner.append(appends.into()).await?;
    for (answer, whole) in answers.iter_mut().zip(whole) {
        if let Some(last) = answer.positions.last().filter(|_| answer.positions.len() < whole) {
            answer.positions.push(last.plus(1));
            answer.version = answer.version.plus(1);
        }
    }
    Ok(answers)
}

pub(crate) async fn forget_single(inner: &MemoryStore, mut appends: Vec<Append>) -> Answer {
    let [append] = appends.as_mut_slice() else { return inner.append(appends.into()).await };
    if append.events.len() != 1 {
        return inner.append(appends.into()).await;
    }
    append.events.clear();
    let mut answers = inner.append(appends.into()).await?;
    let position =
        inner.frontier().await.map_err(|error| AppendError::Store(failed(&error.to_string())))?.position().plus(1);
    for answer in &mut answers {
        answer.version = answer.version.plus(1);
        answer.positions = vec![position];
        answer.recorded_at = Some(Timestamp::now());
    }
    Ok(answers)
}

/// Answers as if the append were stored.
pub(crate) async fn lost(inner: &MemoryStore, appends: Vec<Append>) -> Answer {
    let checks = appends.iter().map(|append| Append::assertion(append.stream.clone(), append.expected));
    let mut answers = inner.append(AppendRequest::new(checks)).await?;
    for (answer, append) in answers.iter_mut().zip(&appends) {
        answer.positions = (1..=append.events.len() as u64).map(|number| Position::START.plus(number)).collect();
        answer.version = answer.version.plus(append.events.len() as u64);
        answer.recorded_at = Some(Timestamp::now());
    }
    Ok(answers)
}

pub(crate) async fn event_by_event(inner: &MemoryStore, appends: Vec<Append>) -> Answer {
    // Append the events one by one until the first conflict. A repeat of the whole append is still answered.
    if let Ok(answer) = inner.append(appends.clone().into()).await {
        return Ok(answer);
    }
    let mut answers = Vec::new();
    for append in appends {
        for event in append.events {
            answers.extend(inner.append(Append::new(append.stream.clone(), Expected::Any, vec![event]).into()).await?);
        }
    }
    Ok(answers)
}

pub(crate) async fn without_assertions(inner: &MemoryStore, appends: Vec<Append>) -> Answer {
    limits::check(&appends.clone().into())?;
    let events = appends.iter().filter(|append| !append.events.is_empty()).cloned().collect::<Vec<_>>();
    let mut stored = if events.is_empty() { Vec::new() } else { inner.append(events.into()).await? }.into_iter();
    let mut answers = Vec::new();
    for append in appends {
        answers.extend(match append.events.as_slice() {
            [] => {
                let version = version_of(inner, &append.stream).await;
                Some(Appended::assertion(append.stream, version))
            }
            _ => stored.next(),
        });
    }
    Ok(answers)
}

pub(crate) async fn too_many(inner: &MemoryStore, appends: Vec<Append>) -> Answer {
    let mut answers = Vec::new();
    for append in appends {
        for events in append.events.chunks(limits::EVENTS) {
            answers
                .extend(inner.append(Append::new(append.stream.clone(), Expected::Any, events.to_vec()).into()).await?);
        }
    }
    Ok(answers)
}

/// Accepts an append with too many bytes, where `takes` holds.
pub(crate) async fn too_much(inner: &MemoryStore, appends: Vec<Append>, takes: impl Fn(&[Append]) -> bool) -> Answer {
    match inner.append(appends.clone().into()).await {
        Err(AppendError::Limit(LimitError::TooLarge { .. })) if takes(&appends) => event_by_event(inner, appends).await,
        answer => answer,
    }
}

/// The number of bytes of the payloads.
pub(crate) fn payloads(appends: &[Append]) -> usize {
    appends.iter().flat_map(|append| &append.events).map(|event| event.payload().len()).sum()
}

/// The answer to `appends` as a repeat, if all ids are stored and `fits` holds for each stream.
pub(crate) async fn repeated(
    inner: &MemoryStore,
    appends: &[Append],
    fits: impl Fn(&[StoredEvent], &Append) -> bool,
) -> Option<Vec<Appended>> {
    let log: Vec<StoredEvent> = log(inner).await.ok()?;
    appends
        .iter()
        .map(|append| {
            let event = |new: &NewEvent| log.iter().find(|stored| stored.id == new.id()).cloned();
            let stored = append.events.iter().map(event).collect::<Option<Vec<_>>>()?;
            fits(&stored, append).then_some(())?;
            let positions = stored.iter().map(|event| event.position).collect();
            let (first, last) = (stored.first()?, stored.last()?);
            Some(Appended::new(append.stream.clone(), last.version, positions, first.recorded_at).with_repeated(true))
        })
        .collect()
}

/// The conflict with changed versions and changed flags for taken ids.
pub(crate) fn changed(conflict: &Conflict, change: impl Fn(Version, bool) -> (Version, bool)) -> AppendError {
    let violations = conflict.violations().map(|one| {
        let told = one.stream().cloned().zip(one.expected()).zip(one.actual());
        told.map_or(one.clone(), |((stream, expected), actual)| {
            let (actual, ids_taken) = change(actual, one.ids_taken());
            Violation::of_stream(stream, expected, actual).with_ids_taken(ids_taken)
        })
    });
    Conflict::from_all(violations).unwrap_or_else(|| conflict.clone()).into()
}

pub(crate) fn expecting(mut appends: Vec<Append>, from: Expected, to: Expected) -> Vec<Append> {
    for append in appends.iter_mut().filter(|append| append.expected == from) {
        append.expected = to;
    }
    appends
}

pub(crate) fn marker() -> Result<NewEvent, AppendError> {
    let name = es_core::EventName::from_static("marker")?;
    Ok(NewEvent::from_json(Uuid::now_v7(), name, es_core::SchemaVersion::FIRST, "null")?)
}
