//! Faults of subscribing.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use es_core::{Checkpoint, EventStore, EventStoreExt, Filter, Page, Position, ReadError, StoredEvent};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;

use crate::{fault::Fault, pages, read::copied, store::Reads};

pub(crate) fn subscribe_pages<'a>(
    store: &'a Reads,
    from: Checkpoint,
    filter: &Filter,
) -> BoxStream<'a, Result<Page, ReadError>> {
    let after = from.position();
    let events = match store.fault {
        Fault::DeliversTwiceAtTheSwitch => switching(store, after, filter, Position::get),
        Fault::LosesAtTheSwitch => switching(store, after, filter, |frontier| frontier.get() + 1),
        Fault::EndsBeforeItIsLive => store.read_all(after.into(), filter, None),
        Fault::SubscribesFromTheStart => store.subscribe(Checkpoint::START, filter),
        Fault::SubscribesFromNow => {
            let filter = filter.clone();
            async_stream::try_stream! {
                let now = store.frontier().await?;
                let mut live = store.subscribe(now.at(after.max(now.position())), &filter);
                while let Some(event) = live.next().await {
                    yield event?;
                }
            }
            .boxed()
        }
        Fault::DeliversThePositionItself => {
            store.subscribe(Position::new(after.get().saturating_sub(1)).into(), filter)
        }
        Fault::DropsWhenTheSubscriberIsSlow => fed(store, after, filter, Some(64)),
        Fault::SkipsWhatHasTooManyBytesToShare if store.shared.next() > 0 => {
            sharing(store, after, filter, usize::MAX, 4 << 20)
        }
        Fault::SkipsWhatIsTooManyToShare if store.shared.next() > 0 => sharing(store, after, filter, 2_000, usize::MAX),
        Fault::FeedsFromMemory => fed(store, after, filter, None),
        Fault::TellsOneSubscriber if store.shared.next() > 0 => stream::pending().boxed(),
        Fault::KeepsDroppedSubscriptions => {
            store.shared.kept.fetch_add(1, Ordering::Relaxed);
            store.subscribe(from, filter)
        }
        Fault::SubscribesWithoutTheFilter => store.subscribe(from, &Filter::all()),
        Fault::SubscribesFromAnyCheckpoint => return store.inner.subscribe_pages(after.into(), filter),
        Fault::TakesNoBarePosition | Fault::WaitsWithAnotherLog => return store.inner.subscribe_pages(from, filter),
        _ => return store.subscribe_pages(from, filter),
    };
    pages::paged(store, events, false)
}

/// Catches up, and then goes on live from a wrong position.
fn switching<'a>(
    store: &'a Reads,
    after: Position,
    filter: &Filter,
    live_from: fn(Position) -> u64,
) -> BoxStream<'a, Result<StoredEvent, ReadError>> {
    let filter = filter.clone();
    async_stream::try_stream! {
        let mut last = after;
        let mut seen = 0_u64;
        {
            let mut old = store.read_all(after.into(), &filter, None);
            while let Some(event) = old.next().await {
                let event = event?;
                last = event.position;
                seen += 1;
                yield event;
            }
        }
        let from = store.changed(last.into()).await?.position();
        let from = if live_from(from) == from.get() && seen > 0 { Position::new(last.get() - 1) } else { Position::new(last.get() + u64::from(seen == 0 || live_from(from) > from.get())) };
        let mut live = store.subscribe(from.into(), &filter);
        while let Some(event) = live.next().await {
            yield event?;
        }
    }
    .boxed()
}

/// Delivers each advance of the frontier as one batch, and skips a batch that is too big to share.
fn sharing<'a>(
    store: &'a Reads,
    mut after: Position,
    filter: &Filter,
    most_events: usize,
    most_bytes: usize,
) -> BoxStream<'a, Result<StoredEvent, ReadError>> {
    let filter = filter.clone();
    async_stream::try_stream! {
        loop {
            let frontier = store.changed(after.into()).await?.position();
            let mut advance: Vec<StoredEvent> = store.read_all(after.into(), &filter, None).try_collect().await?;
            advance.retain(|event| event.position <= frontier);
            let bytes: usize = advance.iter().map(|event| event.payload.len()).sum();
            if advance.len() <= most_events && bytes <= most_bytes {
                for event in advance {
                    yield event;
                }
            }
            after = frontier;
        }
    }
    .boxed()
}

/// Reads ahead in a task of its own, and drops events that do not fit into a buffer of `room` events.
fn fed<'a>(
    store: &'a Reads,
    after: Position,
    filter: &Filter,
    room: Option<usize>,
) -> BoxStream<'a, Result<StoredEvent, ReadError>> {
    let (store, filter) = (Arc::new(store.clone()), filter.clone());
    async_stream::stream! {
        let (send, mut receive) = mpsc::channel(room.unwrap_or(1 << 20));
        tokio::spawn(async move {
            let mut events = store.stored_events().filter(&filter).after(after).owned().subscribe();
            while let Some(event) = events.next().await {
                let event = event.map(copied);
                if send.try_send(event).is_err() && send.is_closed() {
                    break;
                }
                if room.is_none() { tokio::task::consume_budget().await; }
            }
        });
        tokio::time::sleep(Duration::from_micros(10)).await;
        while let Some(event) = receive.recv().await {
            yield event;
        }
    }
    .boxed()
}
