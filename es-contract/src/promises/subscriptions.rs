//! Subscriptions: catch up, then live, nothing lost and nothing twice.

use std::{sync::Arc, time::Duration};

use es_core::{Checkpoint, EventStore, Expected, Filter, ReadError, StoredEvent, StreamId, limits::PAYLOAD_BYTES};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, future::join_all};

use super::{
    Subject,
    append_and_read::closed,
    held, note, notes, same,
    subject::{append, collect, ids, joined, new_ids, patiently, raw},
};
use crate::{BrokenPromise, Factory, Property, contract::child};

/// From the start a subscription gives everything, and then what comes.
pub async fn from_the_start_it_gives_everything(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("live")?;
    let old = subject.fill(&stream, 5).await?;
    let mut live = subject.store.subscribe(Checkpoint::START, &Filter::all());
    for event in &old {
        let seen = patiently("what was there is delivered", live.try_next()).await??;
        same("from the start, in order", Some(event.id()), seen.map(|event| event.id))?;
    }
    for number in 0..5 {
        let event = note(number)?;
        subject.append(&stream, Expected::Any, vec![event.clone()]).await?;
        let seen = patiently("what comes is delivered", live.try_next()).await??;
        same("then live, in order", Some(event.id()), seen.map(|event| event.id))?;
    }
    Ok(())
}

/// The next event; a subscription that ends is broken.
async fn next(
    promised: &str,
    live: &mut BoxStream<'_, Result<StoredEvent, ReadError>>,
) -> Result<StoredEvent, BrokenPromise> {
    let event = patiently(promised, live.try_next()).await??;
    event.ok_or_else(|| BrokenPromise::new(promised, "it ended"))
}

/// From a position a subscription gives what stands above it.
pub async fn from_a_position_it_gives_what_stands_above(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("live")?;
    let old = subject.fill(&stream, 6).await?;
    let log = subject.log().await?;
    for (index, event) in log.iter().enumerate().take(5) {
        let live = subject.store.subscribe(event.position.into(), &Filter::all()).take(log.len() - index - 1);
        let seen = patiently("what stands above is delivered", collect(live)).await??;
        same("what stands above the position, in order", new_ids(&old[index + 1..]), ids(&seen))?;
    }
    Ok(())
}

/// From now a subscription gives nothing that was there, and everything that comes.
pub async fn from_now_it_gives_what_comes(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("live")?;
    subject.fill(&stream, 4).await?;
    let mut live = subject.store.subscribe(subject.frontier().await?.into(), &Filter::all());
    let early = tokio::time::timeout(Duration::from_millis(60), live.try_next()).await;
    held("nothing that was there is delivered", early.is_err(), || format!("{early:?}"))?;
    let events = notes(0..3)?;
    subject.append(&stream, Expected::Any, events.clone()).await?;
    let seen = patiently("what comes is delivered", collect(live.take(3))).await??;
    same("what comes, in order", new_ids(&events), ids(&seen))
}

/// At the switch from catching up to live nothing is lost and nothing comes twice.
pub async fn the_switch_to_live_loses_and_repeats_nothing(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    const EVENTS: u64 = 60;
    let subject = Subject::fresh(factory).await?;
    for round in 0..10 {
        let stream = subject.stream(&format!("switch-{round}"))?;
        let start = subject.frontier().await?;
        let store = subject.another_handle().await?;
        let writer = tokio::spawn(async move {
            for number in 0..EVENTS {
                append(&store, &stream, Expected::Any, vec![note(number)?]).await?;
                if number % 7 == 0 {
                    tokio::time::sleep(Duration::from_micros(300)).await;
                }
            }
            Ok::<_, BrokenPromise>(())
        });
        let mut seen = Vec::new();
        let mut live = subject.store.subscribe(start.into(), &Filter::all());
        while seen.len() < 60 {
            seen.push(next("the subscription goes on", &mut live).await?);
        }
        joined(writer.await)??;
        let expected = collect(subject.store.read_all(start.into(), &Filter::all(), None)).await?;
        same("nothing is lost or repeated at the switch", ids(&expected), ids(&seen))?;
        let more = tokio::time::timeout(Duration::from_millis(20), live.try_next()).await;
        held("nothing comes after the last event", more.is_err(), || format!("{more:?}"))?;
    }
    Ok(())
}

/// A subscriber that is slower than the writers loses nothing.
pub async fn a_slow_subscriber_loses_nothing(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("slow")?;
    let mut live = subject.store.subscribe(Checkpoint::START, &Filter::all());
    subject.append(&stream, Expected::Any, notes(0..1)?).await?;
    let mut seen = vec![next("the first event is delivered", &mut live).await?];
    for thousand in 0..5 {
        subject.append(&stream, Expected::Any, notes(thousand..thousand + 1_000)?).await?;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    while seen.len() < 5_001 {
        seen.push(next("a slow subscriber catches up", &mut live).await?);
    }
    same("a slow subscriber sees exactly the log", ids(&subject.log().await?), ids(&seen))
}

/// Subscribers that take nothing while more is appended than any buffer holds then see exactly the log: also several of
/// one handle, among whom a store may share what is new.
pub async fn a_burst_bigger_than_any_buffer_skips_nothing(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let another = subject.another_handle().await?;
    let stream = subject.stream("burst")?;
    let stores = [&subject.store, &subject.store, &another];
    let mut live = stores.map(|store| (store.subscribe(Checkpoint::START, &Filter::all()), Vec::new()));
    for burst in [Burst::Bytes, Burst::Events, Burst::Bytes] {
        // live: what comes now may be shared
        for number in 0..5 {
            subject.append(&stream, Expected::Any, vec![note(number)?]).await?;
            for (live, seen) in &mut live {
                seen.push(next("a subscriber hears of a new event", live).await?);
            }
        }
        burst.append(&subject, &stream).await?;
        for number in 0..3 {
            subject.append(&stream, Expected::Any, vec![note(number)?]).await?;
        }
        let log = ids(&subject.log().await?);
        for (live, seen) in &mut live {
            while seen.len() < log.len() {
                seen.push(next("a subscriber catches up after a burst", live).await?);
            }
            same("a subscriber sees exactly the log", &log, &ids(seen))?;
        }
    }
    Ok(())
}

/// More at once than any buffer holds.
#[derive(Clone, Copy)]
enum Burst {
    /// Few events, each as big as an event may be, in one append.
    Bytes,
    /// Thousands of small events, in appends that are sent at once.
    Events,
}

impl Burst {
    async fn append(self, subject: &Subject, stream: &StreamId) -> Result<(), BrokenPromise> {
        match self {
            Self::Bytes => {
                let payload = format!("\"{}\"", "x".repeat(PAYLOAD_BYTES - 2));
                let events: Vec<_> = (0..8).map(|_| raw("sample.big", payload.as_str())).collect::<Result<_, _>>()?;
                subject.append(stream, Expected::Any, events).await?;
            }
            Self::Events => {
                let thousand = |thousand| {
                    let other = subject.stream(&format!("burst-{thousand}"));
                    async move { Ok::<_, BrokenPromise>(subject.append(&other?, Expected::Any, notes(0..1_000)?).await?) }
                };
                for appended in join_all((0..8).map(thousand)).await {
                    appended?;
                }
            }
        }
        Ok(())
    }
}

/// Fifty subscribers at once each see the whole log.
pub async fn many_subscribers_each_see_the_log(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    const EVENTS: usize = 40;
    let subject = Subject::fresh(factory).await?;
    let another = subject.another_handle().await?;
    let subscribers = (0..50).map(|number| {
        let store = Arc::clone(if number % 2 == 0 { &subject.store } else { &another });
        tokio::spawn(async move { collect(store.subscribe(Checkpoint::START, &Filter::all()).take(EVENTS)).await })
    });
    let subscribers: Vec<_> = subscribers.collect();
    subject.fill(&subject.stream("watched")?, EVENTS as u64).await?;
    let log = ids(&subject.log().await?);
    for seen in patiently("fifty subscribers come to the end", join_all(subscribers)).await? {
        same("each subscriber sees the log", &log, &ids(&joined(seen)??))?;
    }
    Ok(())
}

/// A subscription that is dropped is no longer open, whether it was catching up or waiting.
pub async fn a_dropped_subscription_is_closed(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("dropped")?;
    let before = subject.fresh.open_readers();
    subject.append(&stream, Expected::Any, notes(0..600)?).await?;
    for _ in 0..10 {
        let mut catching_up = subject.store.subscribe(Checkpoint::START, &Filter::all());
        patiently("a subscription delivers", catching_up.try_next()).await??;
        let mut waiting = subject.store.subscribe(subject.frontier().await?.into(), &Filter::all());
        let nothing = tokio::time::timeout(Duration::from_millis(2), waiting.try_next()).await;
        held("a subscription from now waits", nothing.is_err(), || format!("{nothing:?}"))?;
        held("subscriptions count as open", subject.fresh.open_readers() > before, || "none is open".to_owned())?;
    }
    closed(&subject, before).await
}

/// Waiting for a change gives a frontier above the one that was seen: at once when it is there already.
pub async fn a_change_is_a_frontier_above_the_one_seen(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("changed")?;
    let start = subject.frontier().await?;
    let early = tokio::time::timeout(Duration::from_millis(40), subject.store.changed(start.into())).await;
    held("nothing changes before an append", early.is_err(), || format!("{early:?}"))?;
    for number in 0..5 {
        let seen = subject.frontier().await?;
        let store = Arc::clone(&subject.store);
        let waiting = tokio::spawn(async move { store.changed(seen.into()).await });
        tokio::task::yield_now().await;
        subject.append(&stream, Expected::Any, vec![note(number)?]).await?;
        let changed = joined(patiently("an append is a change", waiting).await?)??.position();
        held("the change is above what was seen", changed > seen, || format!("{changed} after {seen}"))?;
        let at_once =
            patiently("a change that is there already is given", subject.store.changed(seen.into())).await??.position();
        held("so is one that is there already", at_once > seen, || format!("{at_once} after {seen}"))?;
    }
    Ok(())
}

/// Where it is declared: a waiting subscription wakes up without a timer.
pub async fn a_declared_wake_up_needs_no_polling(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    if !factory.properties().contains(&Property::WakesWithoutPolling) {
        return Ok(());
    }
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("awake")?;
    let store: Arc<dyn EventStore> = subject.another_handle().await?;
    let patience = child::patience();
    let (ready, wait) = std::sync::mpsc::channel();
    // A runtime without a timer: whoever asks it for one panics, and the subscription with it.
    let subscriber = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(|error| BrokenPromise::new("a runtime without a timer", error.to_string()))?;
        runtime.block_on(async {
            let mut live = store.subscribe(Checkpoint::START, &Filter::all());
            let first = live.try_next().await?;
            held("the subscriber hears of the first event", ready.send(()).is_ok(), || "nobody waits".to_owned())?;
            let second = live.try_next().await?;
            Ok::<_, BrokenPromise>(first.into_iter().chain(second).collect::<Vec<_>>())
        })
    });
    let mut appended = Vec::new();
    for number in 0..2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let event = note(number)?;
        subject.append(&stream, Expected::Any, vec![event.clone()]).await?;
        appended.push(event.id());
        if number == 0 {
            let heard = tokio::task::block_in_place(|| wait.recv_timeout(patience));
            held("it wakes up without a timer", heard.is_ok(), || "it slept, or asked for a timer".to_owned())?;
        }
    }
    let finished = async {
        while !subscriber.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    patiently("it wakes up without a timer", finished).await?;
    let seen = subscriber.join();
    let seen = seen.map_err(|_| BrokenPromise::new("it wakes up without a timer", "it asked for one"))??;
    same("it wakes up without a timer", appended, ids(&seen))
}
