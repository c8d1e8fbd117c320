//! Faults of appending.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use es_core::{
    Append, AppendError, AppendRequest, Appended, Checkpoint, Conflict, Direction, EventStore, Expected, Filter,
    NewEvent, StoreError, StoreErrorKind, StoredEvent, StreamId, Timestamp, Version, Violation, limits,
};
use es_memory::MemoryStore;
use futures_util::{StreamExt, TryStreamExt};
use uuid::Uuid;

use crate::{
    fault::Fault,
    keys,
    rewritten::{
        changed, event_by_event, expecting, forget_single, forget_the_last, lost, marker, payloads, repeated, too_many,
        too_much, without_assertions,
    },
    store::Reads,
};

pub(crate) type Answer = Result<Vec<Appended>, AppendError>;

/// An error made by a broken store.
pub(crate) fn failed(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Other, what)
}

fn is_busy() -> AppendError {
    AppendError::Store(StoreError::new(StoreErrorKind::Busy, "too much at once"))
}

pub(crate) async fn append(store: &Reads, request: AppendRequest) -> Answer {
    if !request.keys().is_empty() {
        return keys::append(store, request).await;
    }
    let (inner, mut appends) = (&store.inner, request.into_appends()?);
    match store.fault {
        Fault::ForgetsTheLastOfABatch => forget_the_last(inner, appends).await,
        Fault::ForgetsASingleEvent => forget_single(inner, appends).await,
        Fault::ReordersABatch => {
            appends.iter_mut().for_each(|append| append.events.reverse());
            inner.append(appends.into()).await
        }
        Fault::AcceptsAStaleVersion => {
            for append in &mut appends {
                if let Expected::Exact(version) = append.expected
                    && version < version_of(inner, &append.stream).await
                {
                    append.expected = Expected::Any;
                }
            }
            inner.append(appends.into()).await
        }
        Fault::AcceptsAVersionAhead => {
            for append in &mut appends {
                if let Expected::Exact(version) = append.expected
                    && version > version_of(inner, &append.stream).await
                {
                    append.expected = Expected::Any;
                }
            }
            inner.append(appends.into()).await
        }
        Fault::TakesAHugeVersionForAny => {
            for append in &mut appends {
                if matches!(append.expected, Expected::Exact(version) if version > Version::new(1 << 60)) {
                    append.expected = Expected::Any;
                }
            }
            inner.append(appends.into()).await
        }
        Fault::TakesNoStreamForAny => inner.append(expecting(appends, Expected::NoStream, Expected::Any).into()).await,
        Fault::TakesExistsForAny => inner.append(expecting(appends, Expected::Exists, Expected::Any).into()).await,
        Fault::TakesAnyForExists => inner.append(expecting(appends, Expected::Any, Expected::Exists).into()).await,
        Fault::TakesExactZeroForExists => {
            inner.append(expecting(appends, Expected::Exact(Version::NONE), Expected::Exists).into()).await
        }
        Fault::IgnoresAssertions => without_assertions(inner, appends).await,
        Fault::RefusesAssertions if appends.iter().any(|append| append.events.is_empty()) => {
            Err(AppendError::Store(failed("an append without events")))
        }
        Fault::RefusesAnAppendOfNothing if appends.is_empty() => Err(AppendError::Store(failed("an empty append"))),
        Fault::AssertionsMakeStreams => {
            for append in appends.iter_mut().filter(|append| append.events.is_empty()) {
                append.events.push(marker()?);
            }
            inner.append(appends.into()).await
        }
        Fault::ChecksAssertionsOutside => {
            let checks = appends.iter().filter(|append| append.events.is_empty()).cloned().collect::<Vec<_>>();
            inner.append(checks.into()).await?;
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_micros(50)).await;
            without_assertions(inner, appends).await
        }
        Fault::ChecksVersionsOutside => {
            limits::check(&appends.clone().into())?;
            for append in &mut appends {
                let actual = version_of(inner, &append.stream).await;
                let known = known(inner, &append.events).await?;
                if append.expected.version().is_some_and(|version| version == actual) && known.is_empty() {
                    append.expected = Expected::Any;
                }
            }
            tokio::time::sleep(Duration::from_micros(100)).await;
            inner.append(appends.into()).await
        }
        Fault::LosesARacingAppend => {
            let busy = store.shared.count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0;
            tokio::time::sleep(Duration::from_micros(200)).await;
            let answer = if busy { lost(inner, appends).await } else { inner.append(appends.into()).await };
            store.shared.count.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
            answer
        }
        Fault::IsBusyWhenItHasStored | Fault::RemembersWhatItRefusedAsBusy | Fault::StaysBusy => {
            let before = store.shared.count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            // One append in three is refused as busy; with `StaysBusy` every append after a while.
            let busy = before % 3 == 1 || store.fault == Fault::StaysBusy && before > 100;
            match store.fault {
                Fault::IsBusyWhenItHasStored if busy => inner.append(appends.into()).await.and(Err(is_busy())),
                _ if busy && appends.len() > 1 => Err(is_busy()),
                Fault::RemembersWhatItRefusedAsBusy if before > 0 => {
                    let mut answers = inner.append(appends.into()).await?;
                    answers.iter_mut().for_each(|answer| answer.repeated = true);
                    Ok(answers)
                }
                _ => inner.append(appends.into()).await,
            }
        }
        Fault::HalfAppliesSeveralStreams => {
            limits::check(&appends.clone().into())?;
            let mut answers = Vec::new();
            for append in appends {
                answers.extend(inner.append(append.into()).await?);
            }
            Ok(answers)
        }
        Fault::HalfVisible => {
            limits::check(&appends.clone().into())?;
            let mut answers = inner.append(appends.clone().into()).await?;
            if answers.len() > 1 && !answers.iter().any(|answer| answer.repeated) {
                let until = Instant::now() + Duration::from_millis(2);
                let hidden = answers.last().into_iter().flat_map(|answer| answer.positions.clone());
                store.shared.hidden.lock().unwrap().extend(hidden.map(|position| (position, until)));
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            answers.truncate(appends.len());
            Ok(answers)
        }
        Fault::AppliesABatchEventByEvent => {
            limits::check(&appends.clone().into())?;
            let mut answers: Vec<Appended> = Vec::new();
            if !known(inner, &appends.iter().flat_map(|append| append.events.clone()).collect::<Vec<_>>())
                .await?
                .is_empty()
            {
                return event_by_event(inner, appends).await;
            }
            // Check the versions before the first event, so that only changes during the append are missed.
            for append in &appends {
                inner.append(Append::assertion(append.stream.clone(), append.expected).into()).await?;
            }
            for append in appends {
                let mut answer = inner.append(Append::assertion(append.stream.clone(), Expected::Any).into()).await?;
                let mut answer = answer.remove(0);
                for event in append.events {
                    let one =
                        inner.append(Append::new(append.stream.clone(), Expected::Any, vec![event]).into()).await?;
                    tokio::task::yield_now().await;
                    answer.version = one[0].version;
                    answer.positions.extend(one[0].positions.clone());
                    answer.recorded_at = one[0].recorded_at;
                }
                answers.push(answer);
            }
            Ok(answers)
        }
        Fault::AnswersNoIncarnation | Fault::AnswersAnotherIncarnation => {
            let mut answers = inner.append(appends.into()).await?;
            let incarnation = (store.fault == Fault::AnswersAnotherIncarnation).then(Uuid::now_v7);
            answers.iter_mut().for_each(|answer| answer.incarnation = incarnation);
            Ok(answers)
        }
        Fault::StoresWhatItRefuses => match inner.append(appends.clone().into()).await {
            Err(AppendError::Conflict(conflict)) => {
                let any = appends.into_iter().map(|append| Append::new(append.stream, Expected::Any, append.events));
                drop(inner.append(AppendRequest::new(any)).await);
                Err(conflict.into())
            }
            answer => answer,
        },
        Fault::RefusesWithoutAConflict => match inner.append(appends.into()).await {
            Err(AppendError::Conflict(conflict)) => Err(AppendError::Store(failed(&conflict.to_string()))),
            answer => answer,
        },
        Fault::ReportsOneViolation => match inner.append(appends.into()).await {
            Err(AppendError::Conflict(conflict)) => {
                let first = conflict.violations().take(1).cloned().collect::<Vec<_>>();
                Err(Conflict::from_all(first).unwrap_or(conflict).into())
            }
            answer => answer,
        },
        Fault::ReportsTheWrongVersion => match inner.append(appends.into()).await {
            Err(AppendError::Conflict(conflict)) => {
                Err(changed(&conflict, |version, ids_taken| (version.plus(1), ids_taken)))
            }
            answer => answer,
        },
        Fault::ReportsWithoutTakenIds => match inner.append(appends.into()).await {
            Err(AppendError::Conflict(conflict)) => Err(changed(&conflict, |version, _| (version, false))),
            answer => answer,
        },
        Fault::SwapsAnswers => inner.append(appends.into()).await.map(|mut answers| {
            answers.reverse();
            answers
        }),
        Fault::AnswersTheWrongPlace => inner.append(appends.into()).await.map(|mut answers| {
            for position in answers.iter_mut().flat_map(|answer| &mut answer.positions) {
                *position = position.plus(1);
            }
            answers
        }),
        Fault::AnswersWithItsOwnClock => inner.append(appends.into()).await.map(|mut answers| {
            answers.iter_mut().for_each(|answer| answer.recorded_at = Some(Timestamp::now()));
            answers
        }),
        Fault::FollowsTheClockWithOneEvent => following_the_clock(store, appends, |events| events == 1).await,
        Fault::FollowsTheClockWithSeveralEvents => following_the_clock(store, appends, |events| events > 1).await,
        Fault::AnswersBeforeItCanBeRead => {
            let answers = inner.append(appends.into()).await?;
            let until = Instant::now() + Duration::from_millis(15);
            let hidden = answers.iter().flat_map(|answer| answer.positions.iter().map(|position| (*position, until)));
            store.shared.hidden.lock().unwrap().extend(hidden);
            Ok(answers)
        }
        Fault::SkipsWhatIsCommittedOutOfOrder => {
            let answers = inner.append(appends.into()).await?;
            if store.shared.next() % 5 == 3 {
                let until = Instant::now() + Duration::from_millis(8);
                let hidden =
                    answers.iter().flat_map(|answer| answer.positions.iter().map(|position| (*position, until)));
                store.shared.hidden.lock().unwrap().extend(hidden);
            }
            Ok(answers)
        }
        Fault::IgnoresIdempotence => {
            limits::check(&appends.clone().into())?;
            let events: Vec<_> = appends.iter().flat_map(|append| append.events.clone()).collect();
            let known = known(inner, &events).await?;
            for event in appends.iter_mut().flat_map(|append| &mut append.events) {
                if known.contains(&event.id()) {
                    *event = event.clone().with_id(Uuid::now_v7());
                }
            }
            inner.append(appends.into()).await
        }
        Fault::TopsUpAPartialDuplicate => {
            let events: Vec<_> = appends.iter().flat_map(|append| append.events.clone()).collect();
            match inner.append(appends.clone().into()).await {
                Err(AppendError::Conflict(conflict)) if conflict.violations().any(Violation::ids_taken) => {
                    let known = known(inner, &events).await?;
                    for append in &mut appends {
                        append.events.retain(|event| !known.contains(&event.id()));
                        append.expected = Expected::Any;
                    }
                    inner.append(appends.into()).await
                }
                answer => answer,
            }
        }
        Fault::AnswersARepeatAsAConflict => {
            let answers = inner.append(appends.clone().into()).await?;
            match answers.iter().zip(&appends).find(|(answer, _)| answer.repeated) {
                Some((answer, append)) => Err(Conflict::new(
                    Violation::of_stream(append.stream.clone(), append.expected, answer.version).with_ids_taken(true),
                )
                .into()),
                None => Ok(answers),
            }
        }
        Fault::AnswersARepeatAsNew => inner.append(appends.into()).await.map(|mut answers| {
            answers.iter_mut().for_each(|answer| answer.repeated = false);
            answers
        }),
        Fault::AnswersARepeatWhereTheStreamIsNow => {
            let mut answers = inner.append(appends.into()).await?;
            for answer in answers.iter_mut().filter(|answer| answer.repeated) {
                answer.version = version_of(inner, &answer.stream).await;
            }
            Ok(answers)
        }
        Fault::TakesAPartForARepeat => match inner.append(appends.clone().into()).await {
            Err(AppendError::Conflict(conflict)) if conflict.violations().all(Violation::ids_taken) => {
                repeated(inner, &appends, |stored, append| {
                    stored.iter().all(|event| event.stream == append.stream)
                        && stored.windows(2).all(|two| two[0].version.plus(1) == two[1].version)
                })
                .await
                .ok_or_else(|| conflict.into())
            }
            answer => answer,
        },
        Fault::TakesAnyPlaceForARepeat => match inner.append(appends.clone().into()).await {
            Err(AppendError::Conflict(conflict)) if conflict.violations().all(Violation::ids_taken) => {
                repeated(inner, &appends, |_, _| true).await.ok_or_else(|| conflict.into())
            }
            answer => answer,
        },
        Fault::TakesAMixtureForARepeat => match inner.append(appends.clone().into()).await {
            Err(AppendError::Conflict(conflict)) if appends.len() > 1 => {
                appends.retain(|append| !conflict.violations().any(|one| one.stream() == Some(&append.stream)));
                inner.append(appends.into()).await
            }
            answer => answer,
        },
        Fault::ChecksTheAssertionsOfARepeat => {
            let checks = appends.iter().filter(|append| append.events.is_empty()).cloned().collect::<Vec<_>>();
            inner.append(checks.into()).await?;
            inner.append(appends.into()).await
        }
        Fault::TakesTooMany => too_many(inner, appends).await,
        Fault::TakesTooMuch => too_much(inner, appends, |_| true).await,
        Fault::CountsBytesByStream => too_much(inner, appends, |appends| appends.len() > 1).await,
        Fault::CountsPayloadsAlone => {
            too_much(inner, appends, |appends| payloads(appends) <= limits::APPEND_BYTES).await
        }
        Fault::TakesTooLittle if payloads(&appends) > limits::APPEND_BYTES / 2 => {
            Err(AppendError::Store(failed("too many bytes")))
        }
        Fault::TakesAStreamTwice => {
            let mut seen = HashSet::new();
            let first = appends.iter().filter(|append| seen.insert(append.stream.clone())).cloned();
            inner.append(AppendRequest::new(first)).await
        }
        Fault::TakesAnIdTwice => {
            let mut seen = HashSet::new();
            for append in &mut appends {
                append.events.retain(|event| seen.insert(event.id()));
            }
            inner.append(appends.into()).await
        }
        _ => inner.append(appends.into()).await,
    }
}

/// Records what `follows` holds for, by how many events come together, at the time that the clock shows, whatever the
/// stream's last event says.
async fn following_the_clock(store: &Reads, appends: Vec<Append>, follows: fn(usize) -> bool) -> Answer {
    let together = appends.iter().map(|append| append.events.len()).sum();
    let mut answers = store.inner.append(appends.into()).await?;
    let now = store.shared.now();
    for answer in answers.iter_mut().filter(|answer| follows(together) && !answer.repeated) {
        answer.recorded_at = answer.recorded_at.map(|_| now);
        store.shared.times.lock().unwrap().extend(answer.positions.iter().map(|position| (*position, now)));
    }
    Ok(answers)
}

pub(crate) async fn version_of(inner: &MemoryStore, stream: &StreamId) -> Version {
    let last = inner.read_stream(stream, Version::MAX, Direction::Backward, Some(1)).next().await;
    last.and_then(Result::ok).map_or(Version::NONE, |event| event.version)
}

async fn known(inner: &MemoryStore, events: &[NewEvent]) -> Result<HashSet<Uuid>, AppendError> {
    let log = log(inner).await.map_err(|error| AppendError::Store(failed(&error.to_string())))?;
    let stored: HashSet<_> = log.iter().map(|event| event.id).collect();
    Ok(events.iter().map(NewEvent::id).filter(|id| stored.contains(id)).collect())
}

pub(crate) async fn log(inner: &MemoryStore) -> Result<Vec<StoredEvent>, es_contract::FactoryError> {
    Ok(inner.read_all(Checkpoint::START, &Filter::all(), None).try_collect().await?)
}

/// A store that holds the same events under other ids: what it knew of them is lost.
pub(crate) async fn copy_without_ids(inner: &MemoryStore) -> Result<MemoryStore, es_contract::FactoryError> {
    let copy = MemoryStore::new();
    for event in log(inner).await? {
        let new = NewEvent::from_json(Uuid::now_v7(), event.name, event.schema_version, event.payload)?;
        copy.append(Append::new(event.stream, Expected::Any, vec![new]).into()).await?;
    }
    Ok(copy)
}
