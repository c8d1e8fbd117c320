//! Idempotency keys of requests that are sent at once: one request takes them, and none waits for ever.

use std::{sync::Arc, time::Duration};

use es_core::{Append, AppendError, AppendRequest, Appended, EventStore, Expected, NewEvent, StoreErrorKind, StreamId};
use futures_util::future::join_all;
use tokio::{task::JoinHandle, time::Instant};

use super::{Answer, fresh, key, shown, taken, told};
use crate::{
    BrokenPromise, Factory,
    contract::child::patience,
    promises::{
        ensure, ensure_eq, note,
        subject::{ids, task_result, within_timeout},
    },
};

/// How many requests of each kind are sent at once.
const AT_ONCE: usize = 8;
/// How long the sender of a request that is refused as busy waits before it sends it again.
const PAUSE: Duration = Duration::from_millis(5);

/// Of two requests with one key that are sent at once one is appended, and the other gets the outcome of the first.
pub async fn of_two_requests_with_one_key_one_is_appended(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(subject) = fresh(factory).await? else { return Ok(()) };
    let another = subject.another_handle().await?;
    for round in 0..50 {
        let key_name = format!("race-{round}");
        let requests =
            ["first", "second"].map(|name| request(subject.stream(&format!("{name}-{round}"))?, &[&key_name], name));
        let requests = requests.into_iter().collect::<Result<Vec<_>, BrokenPromise>>()?;
        let mut both = answers([&subject.store, &another], requests).await?.into_iter();
        let (winner, loser) = match (both.next(), both.next()) {
            (Some(Ok(_)), Some(loser)) => ("first", loser),
            (Some(loser), Some(Ok(_))) => ("second", loser),
            both => return Err(BrokenPromise::new("one of two requests wins", format!("{both:?}"))),
        };
        let taken = taken("the other one", loser)?;
        ensure_eq("it is given the outcome of the first", told(&key_name, winner, true), shown(&taken))?;
    }
    ensure_eq("an event for each key", 50, subject.log().await?.len())
}
/// Of many requests with one key that are sent at once exactly one is appended. The others get its outcome; those
/// that are the same request get its answer as a repeat.
pub async fn of_many_requests_with_one_key_one_is_appended(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(subject) = fresh(factory).await? else { return Ok(()) };
    let another = subject.another_handle().await?;
    for round in 0..20 {
        let name = format!("key-{round}");
        // Every second request is the same one; the others have an event and an outcome of their own.
        let same_request = request(subject.stream(&name)?, &[&name], "outcome 0")?;
        let requests = (0..2 * AT_ONCE).map(|number| match number % 2 {
            0 => Ok(same_request.clone()),
            _ => request(subject.stream(&name)?, &[&name], &format!("outcome {number}")),
        });
        let requests = requests.collect::<Result<Vec<_>, BrokenPromise>>()?;
        let (winner, others) = winner(answers([&subject.store, &another], requests.clone()).await?)?;
        for (number, answer) in others {
            if winner % 2 == 0 && number % 2 == 0 {
                let repeat = answer?;
                ensure("the same request is a repeat", repeat.iter().all(|one| one.repeated), || {
                    format!("{repeat:?}")
                })?;
            } else {
                let taken = taken("another request with the key", answer)?;
                let outcome = format!("outcome {}", if winner % 2 == 0 { 0 } else { winner });
                ensure_eq("it gets the first outcome", told(&name, &outcome, true), shown(&taken))?;
            }
        }
        let stored = subject.events(&subject.stream(&name)?).await?;
        let first: Vec<_> = requests[winner].events().map(NewEvent::id).collect();
        ensure_eq("the event of that request is stored, and no other", first, ids(&stored))?;
    }
    Ok(())
}

/// Requests with keys that name two streams in one order and in the other are all appended when they are sent at once:
/// none waits for ever for a stream that another one holds.
pub async fn keyed_requests_over_two_streams_in_both_orders_are_all_appended(
    factory: &dyn Factory,
) -> Result<(), BrokenPromise> {
    let Some(subject) = fresh(factory).await? else { return Ok(()) };
    let another = subject.another_handle().await?;
    let (a, b) = (subject.stream("a")?, subject.stream("b")?);
    for round in 1..=20 {
        let requests = (0..2 * AT_ONCE).map(|number| {
            let streams = if number % 2 == 0 { [&a, &b] } else { [&b, &a] };
            let appends = streams.map(|stream| Ok(Append::new(stream.clone(), Expected::Any, vec![note(1)?])));
            let appends = appends.into_iter().collect::<Result<Vec<_>, BrokenPromise>>()?;
            Ok(AppendRequest::from(appends).with_key(key(&format!("{round}-{number}"), 1, "done")?))
        });
        let requests = requests.collect::<Result<Vec<_>, BrokenPromise>>()?;
        for (request, answer) in requests.iter().zip(answers([&subject.store, &another], requests.clone()).await?) {
            let streams: Vec<_> = request.appends().iter().map(|append| append.stream.clone()).collect();
            let answered: Vec<_> = answer?.into_iter().map(|Appended { stream, .. }| stream).collect();
            ensure_eq("each request is appended to both streams", streams, answered)?;
        }
        for stream in [&a, &b] {
            ensure_eq(
                "each stream holds an event of each request",
                round * 2 * AT_ONCE,
                subject.events(stream).await?.len(),
            )?;
        }
        let again = AppendRequest::default().with_key(key(&format!("{round}-0"), 1, "again")?);
        taken("the key of a request that was appended", subject.store.append(again).await)?;
    }
    Ok(())
}

/// Of requests with two of three keys each, in every order, exactly one is appended when they are sent at once: none waits
/// for ever for a key that another one holds. The others get the outcome of that one, and the third key stays free.
pub async fn of_requests_with_crossed_keys_one_is_appended(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(subject) = fresh(factory).await? else { return Ok(()) };
    let another = subject.another_handle().await?;
    for round in 0..20 {
        let [a, b, c] = ["a", "b", "c"].map(|name| format!("{name}-{round}"));
        let pairs = [[&a, &b], [&b, &a], [&b, &c], [&c, &b], [&c, &a], [&a, &c]];
        let pairs: Vec<_> = pairs.iter().cycle().take(pairs.len() * AT_ONCE / 2).collect();
        let requests = pairs.iter().enumerate().map(|(number, [one, other])| {
            request(subject.stream(&format!("{round}-{number}"))?, &[one, other], &format!("outcome {number}"))
        });
        let requests = requests.collect::<Result<Vec<_>, BrokenPromise>>()?;
        let (winner, others) = winner(answers([&subject.store, &another], requests).await?)?;
        let outcome = format!("outcome {winner}");
        for (number, answer) in others {
            let taken = taken("a request that shares a key with the one that was appended", answer)?;
            let shared = pairs[number].iter().filter(|name| pairs[winner].contains(name));
            let shared: Vec<_> = shared.flat_map(|name| told(name, &outcome, true)).collect();
            ensure_eq("it gets the first outcome of each key that is taken", shared, shown(&taken))?;
        }
        ensure_eq("one event is stored in each round", round + 1, subject.log().await?.len())?;
        for name in [&a, &b, &c].into_iter().filter(|name| !pairs[winner].contains(name)) {
            let answer = subject.store.append(AppendRequest::default().with_key(key(name, 1, "free")?)).await;
            ensure("a key that only refused requests had is free", answer.is_ok(), || format!("{answer:?}"))?;
        }
    }
    Ok(())
}

/// Sends `request` in a task of its own, and again while the store is busy and its patience lasts.
fn send(store: &Arc<dyn EventStore>, request: AppendRequest) -> JoinHandle<Answer> {
    let (store, end) = (Arc::clone(store), Instant::now() + patience());
    tokio::spawn(async move {
        loop {
            match store.append(request.clone()).await {
                Err(AppendError::Store(error)) if error.kind() == StoreErrorKind::Busy && Instant::now() < end => {}
                answer => return answer,
            }
            tokio::time::sleep(PAUSE).await;
        }
    })
}

/// The answers to `requests`, sent at once, half of them to each of two handles. Every request gets an answer soon.
async fn answers(
    [one, other]: [&Arc<dyn EventStore>; 2],
    requests: impl IntoIterator<Item = AppendRequest>,
) -> Result<Vec<Answer>, BrokenPromise> {
    let sent = requests.into_iter().enumerate().map(|(at, request)| send([one, other][at % 2], request));
    let sent: Vec<_> = sent.collect();
    let answers = within_timeout("requests with keys that are sent at once are all answered", join_all(sent)).await?;
    answers.into_iter().map(task_result).collect()
}

/// A request for one event of `stream`, with these keys, each with `outcome`.
fn request(stream: StreamId, keys: &[&str], outcome: &str) -> Result<AppendRequest, BrokenPromise> {
    let request = AppendRequest::from(Append::new(stream, Expected::Any, vec![note(1)?]));
    keys.iter().try_fold(request, |request, name| Ok(request.with_key(key(name, 1, outcome)?)))
}

/// The number of the one request that was appended, and of the others each with its answer.
fn winner(answers: Vec<Answer>) -> Result<(usize, Vec<(usize, Answer)>), BrokenPromise> {
    let first = |answer: &Answer| answer.as_ref().is_ok_and(|all| all.iter().all(|appended| !appended.repeated));
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().enumerate().partition(|(_, answer)| first(answer));
    match won.as_slice() {
        [(winner, _)] => Ok((*winner, lost)),
        _ => {
            Err(BrokenPromise::new("exactly one request is appended", format!("{} are: {won:?}, {lost:?}", won.len())))
        }
    }
}
