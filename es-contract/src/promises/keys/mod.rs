//! Idempotency keys: no key is ignored, and a store that declares keys lets one request take each.

mod concurrent;
mod limits;

use std::{error::Error, iter};

use es_core::{
    Append, AppendError, AppendRequest, Appended, Expected, IdempotencyKey, KeysTaken, NewEvent, StreamId, TakenKey,
    UnknownOutcome, Version, limits::EVENTS,
};

pub use self::{
    concurrent::{
        keyed_requests_over_two_streams_in_both_orders_are_all_appended, of_many_requests_with_one_key_one_is_appended,
        of_requests_with_crossed_keys_one_is_appended, of_two_requests_with_one_key_one_is_appended,
    },
    limits::{
        a_key_twice_in_one_append_is_refused, a_thousand_keys_in_one_append_are_taken,
        keys_and_outcomes_at_the_limit_come_back, outcomes_count_as_bytes_of_an_append,
    },
};
use super::{Subject, conflict, ensure, ensure_eq, note, notes, subject::failed};
use crate::{BrokenPromise, Factory, Operation, Property};

type Answer = Result<Vec<Appended>, AppendError>;

/// A store that holds no keys refuses a request with a key as a whole; any other store takes the key. This holds for requests
/// with events, with an assertion, with nothing, with events that are stored already, and for requests that are resolved.
pub async fn a_key_is_never_ignored(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let another = subject.another_handle().await?;
    for (number, what) in ["events", "an assertion", "nothing", "events again"].into_iter().enumerate() {
        for resolved in [false, true] {
            let what = format!("a key beside {what}, {}", if resolved { "resolved" } else { "appended" });
            let stream = subject.stream(&what)?;
            let append = Append::new(stream.clone(), Expected::NoStream, notes(1..=2)?);
            let appends = match number {
                0 | 3 => vec![append.clone()],
                1 => vec![Append::assertion(stream, Expected::NoStream)],
                _ => Vec::new(),
            };
            if number == 3 {
                subject.store.append(append.into()).await?;
            }
            let (before, key) = (subject.log().await?, key(&what, 1, "first")?);
            let request = AppendRequest::new(appends).with_key(key.clone());
            let answer = if resolved {
                let unknown = UnknownOutcome::new(request, failed("its answer was lost"));
                subject.store.resolve(unknown).await
            } else {
                subject.store.append(request).await
            };
            match answer {
                Err(AppendError::KeysUnsupported) if !resolved => ensure_eq(&what, before, subject.log().await?)?,
                Err(AppendError::Unknown(unknown)) if resolved && unsupported(&unknown) => {
                    ensure_eq(&what, before, subject.log().await?)?;
                }
                Err(AppendError::Conflict(_)) if number == 3 => ensure_eq(&what, before, subject.log().await?)?,
                Ok(_) if number < 3 => {
                    let before = subject.log().await?;
                    let other = Append::new(subject.stream("other")?, Expected::Any, vec![note(3)?]);
                    taken(&what, another.append(AppendRequest::from(other).with_key(key)).await)?;
                    ensure_eq(&what, before, subject.log().await?)?;
                }
                answer => return Err(BrokenPromise::new(what, format!("{answer:?}"))),
            }
        }
    }
    Ok(())
}

/// A store that does not declare keys refuses them with a typed error, before anything is written.
pub async fn undeclared_keys_are_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    if declared(factory) {
        return Ok(());
    }
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("keys")?;
    for events in [Vec::new(), vec![note(1)?], notes(1..=3)?] {
        let append = Append::new(stream.clone(), Expected::NoStream, events);
        for appends in [vec![append], Vec::new()] {
            let answer = subject.store.append(AppendRequest::new(appends).with_key(key("k", 1, "")?)).await;
            let refused = matches!(answer, Err(AppendError::KeysUnsupported));
            ensure("a key is refused", refused, || format!("{answer:?}"))?;
        }
    }
    ensure_eq("nothing is stored", 0, subject.log().await?.len())
}

/// A second request with a taken key, with other events and another outcome, gets the first outcome, through every handle.
pub async fn a_taken_key_gives_the_first_outcome(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(keyed) = Keyed::new(factory).await? else { return Ok(()) };
    let another = keyed.subject.another_handle().await?;
    for store in [&keyed.subject.store, &another] {
        let again = keyed.request(Expected::Any, vec![note(7)?]).with_key(key("key", 1, "another outcome")?);
        let taken = taken("a key that is taken", store.append(again).await)?;
        ensure_eq(
            "the key, its first outcome, and that it is the same command",
            told("key", "first", true),
            shown(&taken),
        )?;
    }
    keyed.nothing_more().await
}

/// A request that has a taken key with another digest is told that it is another command.
pub async fn another_digest_under_a_taken_key_is_reported(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(keyed) = Keyed::new(factory).await? else { return Ok(()) };
    for digest in [[0; 32], [[1; 31].as_slice(), &[2]].concat().try_into().unwrap_or([3; 32])] {
        let other = IdempotencyKey::new("key", digest, "first")?;
        for events in [vec![note(7)?], keyed.events.clone()] {
            let again = keyed.request(Expected::Exact(Version::FIRST), events).with_key(other.clone());
            let taken = taken("another command under a taken key", keyed.subject.store.append(again).await)?;
            ensure_eq("the first outcome, and that it is another command", told("key", "first", false), shown(&taken))?;
        }
    }
    keyed.nothing_more().await
}

/// A request without events takes its keys. Sent again it gets its own outcome: no event id marks it as a repeat.
pub async fn keys_without_events_are_taken(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(keyed) = Keyed::new(factory).await? else { return Ok(()) };
    for (name, appends) in [("alone", Vec::new()), ("guarded", vec![keyed.assertion()])] {
        let request = AppendRequest::new(appends.clone()).with_key(key(name, 1, "refused")?);
        let answer = keyed.subject.store.append(request.clone()).await?;
        ensure_eq("an answer for each assertion", appends.len(), answer.len())?;
        let again = keyed.subject.store.append(request).await;
        ensure_eq("the same again", told(name, "refused", true), shown(&taken("a key without events", again)?))?;
    }
    keyed.nothing_more().await
}

/// A request that is refused takes none of its keys.
pub async fn a_refused_request_takes_no_key(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(keyed) = Keyed::new(factory).await? else { return Ok(()) };
    let twice = note(8)?;
    let refused = [
        ("conflict", keyed.request(Expected::NoStream, vec![note(7)?])),
        ("guard", keyed.request(Expected::NoStream, Vec::new())),
        ("ids", keyed.request(Expected::Any, vec![keyed.events[0].clone(), note(7)?])),
        ("twice", keyed.request(Expected::Any, vec![twice.clone(), twice])),
        ("many", keyed.request(Expected::Any, notes(0..=EVENTS as u64)?)),
        ("taken", keyed.request(Expected::Any, vec![note(7)?]).with_key(key("key", 1, "first")?)),
    ];
    for (name, request) in refused {
        let answer = keyed.subject.store.append(request.with_key(key(name, 1, "refused")?)).await;
        ensure("it is refused", answer.is_err(), || format!("{name}: {answer:?}"))?;
        let answer = keyed.subject.store.append(AppendRequest::default().with_key(key(name, 1, "taken")?)).await;
        ensure("its key is not taken", answer.is_ok(), || format!("{name}: {answer:?}"))?;
    }
    keyed.nothing_more().await
}

/// The same append with the same keys is a repeat, whatever was appended since. So an append whose answer was lost differs from
/// another attempt with the key.
pub async fn the_same_append_with_its_keys_is_repeated(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(keyed) = Keyed::new(factory).await? else { return Ok(()) };
    let another = keyed.subject.another_handle().await?;
    for store in [&keyed.subject.store, &another] {
        let again = store.append(keyed.first.clone()).await?;
        let seen = again.iter().map(|appended| (appended.repeated, &appended.positions));
        let first = keyed.answer.iter().map(|appended| (true, &appended.positions));
        ensure_eq("the first answer again, as a repeat", first.collect::<Vec<_>>(), seen.collect::<Vec<_>>())?;
        keyed.nothing_more().await?;
        let (events, _) = keyed.first.clone().into_parts();
        let again = store.append(events.into()).await?;
        ensure_eq(
            "without its keys, too",
            vec![true],
            again.iter().map(|appended| appended.repeated).collect::<Vec<_>>(),
        )?;
    }
    let other = keyed.request(Expected::Exact(Version::FIRST), keyed.events.clone());
    let other = other.with_key(key("key", 1, "another outcome")?);
    let taken = taken("the same events and key with another outcome", keyed.subject.store.append(other).await)?;
    ensure_eq("no repeat, as that would lose the outcome", told("key", "first", true), shown(&taken))?;
    keyed.nothing_more().await
}

/// Stored events that are sent again with another key conflict, and the key stays free.
pub async fn the_same_events_with_a_new_key_conflict(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(keyed) = Keyed::new(factory).await? else { return Ok(()) };
    let request = keyed.first.clone().with_key(key("new", 1, "new")?);
    taken("a taken key and a new one", keyed.subject.store.append(request).await)?;
    let request = keyed.request(Expected::Exact(Version::FIRST), keyed.events.clone());
    let answer = keyed.subject.store.append(request.with_key(key("new", 1, "new")?)).await;
    let conflict = conflict("the same events with a new key", answer)?;
    ensure_eq("the conflict says that ids are taken", true, conflict.violations().all(es_core::Violation::ids_taken))?;
    keyed.subject.store.append(AppendRequest::default().with_key(key("new", 1, "new")?)).await?;
    let request = keyed.request(Expected::Exact(Version::FIRST), keyed.events.clone());
    let answer = keyed.subject.store.append(request.with_key(key("new", 1, "new")?)).await;
    taken("the same events with a key that another request took", answer)?;
    keyed.nothing_more().await
}

/// A taken key is reported before a conflict. A caller that decides again after a lost answer decides on a state that already
/// contains its first attempt.
pub async fn a_taken_key_comes_before_a_conflict(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(keyed) = Keyed::new(factory).await? else { return Ok(()) };
    for expected in [Expected::NoStream, Expected::Exact(Version::FIRST), Expected::Exact(Version::new(3))] {
        for events in [Vec::new(), vec![note(7)?], vec![keyed.events[0].clone(), note(7)?]] {
            let again = keyed.request(expected, events).with_key(key("key", 1, "first")?);
            let taken = taken(&format!("expecting {expected}"), keyed.subject.store.append(again).await)?;
            ensure_eq("the first outcome", told("key", "first", true), shown(&taken))?;
        }
    }
    keyed.nothing_more().await
}

/// Every taken key of a request is reported, in the order of the request.
pub async fn every_taken_key_is_reported(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(subject) = fresh(factory).await? else { return Ok(()) };
    for name in ["c", "a", "b"] {
        subject.store.append(AppendRequest::default().with_key(key(name, 1, name)?)).await?;
    }
    let names = ["new", "b", "c", "also new", "a"];
    let request = AppendRequest::from(Append::new(subject.stream("s")?, Expected::Any, vec![note(1)?]));
    let request =
        names.iter().try_fold(request, |request, name| Ok::<_, BrokenPromise>(request.with_key(key(name, 1, "")?)))?;
    let taken = taken("three keys of five", subject.store.append(request).await)?;
    let expected = [told("b", "b", true), told("c", "c", true), told("a", "a", true)].concat();
    ensure_eq("the three", expected, shown(&taken))?;
    ensure_eq("nothing is stored", 0, subject.log().await?.len())
}

/// A store that was closed and opened again still holds its keys, where it declares both properties.
pub async fn a_reopened_store_holds_its_keys(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    if !factory.properties().contains(&Property::Durable) {
        return Ok(());
    }
    let Some(keyed) = Keyed::new(factory).await? else { return Ok(()) };
    let reopened = keyed.subject.fresh.reopened().await?;
    let again = keyed.request(Expected::Any, vec![note(7)?]).with_key(key("key", 1, "")?);
    let taken = taken("a key that was taken before", reopened.append(again).await)?;
    ensure_eq("its first outcome", told("key", "first", true), shown(&taken))?;
    let repeated = reopened.append(keyed.first).await?;
    ensure("its append is repeated", repeated.iter().all(|appended| appended.repeated), || format!("{repeated:?}"))
}

/// A stream with four events, of which the second and third were appended with the key `key`.
struct Keyed {
    subject: Subject,
    stream: StreamId,
    events: Vec<NewEvent>,
    first: AppendRequest,
    answer: Vec<Appended>,
}

impl Keyed {
    /// `None` where keys are not declared.
    async fn new(factory: &dyn Factory) -> Result<Option<Self>, BrokenPromise> {
        let Some(subject) = fresh(factory).await? else { return Ok(None) };
        let (stream, events) = (subject.stream("keyed")?, notes(2..=3)?);
        subject.append(&stream, Expected::NoStream, vec![note(1)?]).await?;
        let append = Append::new(stream.clone(), Expected::Exact(Version::FIRST), events.clone());
        let first = AppendRequest::from(append).with_key(key("key", 1, "first")?);
        let answer = subject.store.append(first.clone()).await?;
        subject.append(&stream, Expected::Any, vec![note(4)?]).await?;
        Ok(Some(Self { subject, stream, events, first, answer }))
    }

    fn request(&self, expected: Expected, events: Vec<NewEvent>) -> AppendRequest {
        Append::new(self.stream.clone(), expected, events).into()
    }

    fn assertion(&self) -> Append {
        Append::assertion(self.stream.clone(), Expected::Exact(Version::new(4)))
    }

    async fn nothing_more(&self) -> Result<(), BrokenPromise> {
        ensure_eq("nothing more is stored", 4, self.subject.log().await?.len())
    }
}

fn declared(factory: &dyn Factory) -> bool {
    factory.operations().contains(&Operation::Keys)
}

async fn fresh(factory: &dyn Factory) -> Result<Option<Subject>, BrokenPromise> {
    if declared(factory) { Subject::fresh(factory).await.map(Some) } else { Ok(None) }
}

fn key(name: &str, digest: u8, outcome: &str) -> Result<IdempotencyKey, BrokenPromise> {
    Ok(IdempotencyKey::new(name, [digest; 32], outcome.to_owned())?)
}

/// Whether the outcome is unknown because the store holds no keys.
fn unsupported(unknown: &UnknownOutcome) -> bool {
    let mut causes = iter::successors(Error::source(unknown), |&cause| cause.source());
    causes.any(|cause| matches!(cause.downcast_ref(), Some(AppendError::KeysUnsupported)))
}

/// `promised` is broken unless `answer` says that a key is taken.
fn taken(promised: &str, answer: Answer) -> Result<KeysTaken, BrokenPromise> {
    match answer {
        Err(AppendError::KeyTaken(taken)) => Ok(taken),
        other => Err(BrokenPromise::new(format!("{promised}: the key is taken"), format!("{other:?}"))),
    }
}

fn told(key: &str, outcome: &str, same_digest: bool) -> Vec<(String, String, bool)> {
    vec![(key.to_owned(), outcome.to_owned(), same_digest)]
}

fn shown(taken: &KeysTaken) -> Vec<(String, String, bool)> {
    let text = |one: &TakenKey| String::from_utf8_lossy(one.outcome()).into_owned();
    taken.keys().map(|one| (one.key().to_owned(), text(one), one.same_digest())).collect()
}
