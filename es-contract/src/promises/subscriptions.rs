//! Subscriptions: they catch up and then go on live, without losing or repeating an event.

use std::{sync::Arc, time::Duration};

use es_core::{Checkpoint, EventStore, Expected, Filter, ReadError, StoredEvent, StreamId, limits::PAYLOAD_BYTES};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, future::join_all};

use super::{
    Subject,
    append_and_read::closed,
    ensure, ensure_eq, note, notes,
    subject::{append, collect, ids, new_ids, raw, task_result, within_timeout},
};
use crate::{BrokenPromise, Factory, Property, contract::child};

/// A subscription from the start delivers every event, and then new ones.
pub async fn a_subscription_from_the_start_delivers_every_event(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("live")?;
    let old = subject.fill(&stream, 5).await?;
    let mut live = subject.store.subscribe(Checkpoint::START, &Filter::all());
    for event in &old {
        let seen = within_timeout("a stored event is delivered", live.try_next()).await??;
        ensure_eq("stored events are delivered in order", Some(event.id()), seen.map(|event| event.id))?;
    }
    for number in 0..5 {
        let event = note(number)?;
        subject.append(&stream, Expected::Any, vec![event.clone()]).await?;
        let seen = within_timeout("a new event is delivered", live.try_next()).await??;
        ensure_eq("new events are delivered in order", Some(event.id()), seen.map(|event| event.id))?;
    }
    Ok(())
}

/// The next event; a subscription that ends breaks the promise.
async fn next(
    promised: &str,
    live: &mut BoxStream<'_, Result<StoredEvent, ReadError>>,
) -> Result<StoredEvent, BrokenPromise> {
    let event = within_timeout(promised, live.try_next()).await??;
    event.ok_or_else(|| BrokenPromise::new(promised, "it ended"))
}

/// A subscription from a position delivers the events above it.
pub async fn a_subscription_from_a_position_delivers_later_events(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("live")?;
    let old = subject.fill(&stream, 6).await?;
    let log = subject.log().await?;
    for (index, event) in log.iter().enumerate().take(5) {
        let live = subject.store.subscribe(event.position.into(), &Filter::all()).take(log.len() - index - 1);
        let seen = within_timeout("the events above the position are delivered", collect(live)).await??;
        ensure_eq("the events above the position are delivered in order", new_ids(&old[index + 1..]), ids(&seen))?;
    }
    Ok(())
}

/// A subscription from now delivers new events, and no stored ones.
pub async fn a_subscription_from_now_delivers_new_events_only(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("live")?;
    subject.fill(&stream, 4).await?;
    let mut live = subject.store.subscribe(subject.frontier().await?.into(), &Filter::all());
    let early = tokio::time::timeout(Duration::from_millis(60), live.try_next()).await;
    ensure("no stored event is delivered", early.is_err(), || format!("{early:?}"))?;
    let events = notes(0..3)?;
    subject.append(&stream, Expected::Any, events.clone()).await?;
    let seen = within_timeout("a new event is delivered", collect(live.take(3))).await??;
    ensure_eq("new events are delivered in order", new_ids(&events), ids(&seen))
}

/// No event is lost or repeated when a subscription switches from catching up to live.
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
            seen.push(next("the subscription delivers the next event", &mut live).await?);
        }
        task_result(writer.await)??;
        let expected = collect(subject.store.read_all(start.into(), &Filter::all(), None)).await?;
        ensure_eq("nothing is lost or repeated at the switch", ids(&expected), ids(&seen))?;
        let more = tokio::time::timeout(Duration::from_millis(20), live.try_next()).await;
        ensure("nothing comes after the last event", more.is_err(), || format!("{more:?}"))?;
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
    ensure_eq("a slow subscriber sees exactly the log", ids(&subject.log().await?), ids(&seen))
}

/// Subscribers that take nothing while more is appended than any buffer holds then see exactly the log. This includes several
/// subscribers of one handle, among which a store may share new events.
pub async fn a_burst_bigger_than_any_buffer_skips_nothing(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let another = subject.another_handle().await?;
    let stream = subject.stream("burst")?;
    let stores = [&subject.store, &subject.store, &another];
    let mut live = stores.map(|store| (store.subscribe(Checkpoint::START, &Filter::all()), Vec::new()));
    for burst in [Burst::Bytes, Burst::Events, Burst::Bytes] {
        // All are live now, so that the store may share new events among them.
        for number in 0..5 {
            subject.append(&stream, Expected::Any, vec![note(number)?]).await?;
            for (live, seen) in &mut live {
                seen.push(next("a subscriber receives a new event", live).await?);
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
            ensure_eq("a subscriber sees exactly the log", &log, &ids(seen))?;
        }
    }
    Ok(())
}

/// A burst of events that is bigger than any buffer.
#[derive(Clone, Copy)]
enum Burst {
    /// Few events of the largest size, in one append.
    Bytes,
    /// Thousands of small events, in concurrent appends.
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

/// Each of fifty concurrent subscribers sees the whole log.
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
    for seen in within_timeout("fifty subscribers reach the end", join_all(subscribers)).await? {
        ensure_eq("each subscriber sees the log", &log, &ids(&task_result(seen)??))?;
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
        within_timeout("a subscription delivers", catching_up.try_next()).await??;
        let mut waiting = subject.store.subscribe(subject.frontier().await?.into(), &Filter::all());
        let nothing = tokio::time::timeout(Duration::from_millis(2), waiting.try_next()).await;
        ensure("a subscription from now waits", nothing.is_err(), || format!("{nothing:?}"))?;
        ensure("subscriptions count as open", subject.fresh.open_readers() > before, || "none is open".to_owned())?;
    }
    closed(&subject, before).await
}

/// A wait for a change gives a frontier above the one that the caller saw, at once if there is one already.
pub async fn a_change_reports_a_frontier_above_the_one_seen(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("changed")?;
    let start = subject.frontier().await?;
    let early = tokio::time::timeout(Duration::from_millis(40), subject.store.changed(start.into())).await;
    ensure("nothing changes before an append", early.is_err(), || format!("{early:?}"))?;
    for number in 0..5 {
        let seen = subject.frontier().await?;
        let store = Arc::clone(&subject.store);
        let waiting = tokio::spawn(async move { store.changed(seen.into()).await });
        tokio::task::yield_now().await;
        subject.append(&stream, Expected::Any, vec![note(number)?]).await?;
        let changed = task_result(within_timeout("an append is a change", waiting).await?)??.position();
        ensure("the change is above the frontier that the caller saw", changed > seen, || {
            format!("{changed} after {seen}")
        })?;
        let at_once = within_timeout("a wait for a change that has happened ends", subject.store.changed(seen.into()))
            .await??
            .position();
        ensure("a change that has happened is above the frontier that the caller saw", at_once > seen, || {
            format!("{at_once} after {seen}")
        })?;
    }
    Ok(())
}

/// A waiting subscription wakes up without a timer, where the store declares that.
pub async fn a_declared_wake_up_needs_no_polling(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    if !factory.properties().contains(&Property::WakesWithoutPolling) {
        return Ok(());
    }
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("awake")?;
    let store: Arc<dyn EventStore> = subject.another_handle().await?;
    let patience = child::patience();
    let (ready, wait) = std::sync::mpsc::channel();
    // A runtime without a timer: a subscription that uses a timer panics.
    let subscriber = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(|error| BrokenPromise::new("a runtime without a timer", error.to_string()))?;
        runtime.block_on(async {
            let mut live = store.subscribe(Checkpoint::START, &Filter::all());
            let first = live.try_next().await?;
            ensure("the subscriber receives the first event", ready.send(()).is_ok(), || {
                "the receiver is gone".to_owned()
            })?;
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
            let woken = tokio::task::block_in_place(|| wait.recv_timeout(patience));
            ensure("a subscription wakes up without a timer", woken.is_ok(), || {
                "it slept, or used a timer".to_owned()
            })?;
        }
    }
    let finished = async {
        while !subscriber.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    within_timeout("a subscription wakes up without a timer", finished).await?;
    let seen = subscriber.join();
    let seen = seen.map_err(|_| BrokenPromise::new("a subscription wakes up without a timer", "it used a timer"))??;
    ensure_eq("a subscription wakes up without a timer", appended, ids(&seen))
}
