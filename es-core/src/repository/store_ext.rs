//! What every store can do besides: repositories, typed events, streams that own their store.

use std::task::{Poll, ready};

use async_stream::try_stream;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use futures_util::stream::poll_fn;

use crate::{
    aggregate::Aggregate,
    event::EventSet,
    repository::{Batch, StoreRepository},
    store::{Checkpoint, Direction, EventStore, Filter, ReadError, Recorded, StoredEvent, StreamId, Version},
};

/// Extensions of every [`EventStore`], also of `Arc<dyn EventStore>`.
///
/// ```
/// use futures_util::TryStreamExt;
/// # use es_core::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.deposited")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Aggregate, Default, Debug)]
/// # #[aggregate(category = "account", id = String, events(Deposited))]
/// # struct Account { balance: u64 }
/// # #[es_core::apply]
/// # impl Account { fn deposited(&mut self, event: Deposited) { self.balance += event.amount; } }
/// # async fn example(store: std::sync::Arc<dyn EventStore>) -> Result<(), ReadError> {
/// let accounts = store.repository::<Account>();
///
/// let mut deposits = store.read_all_as::<AccountEvent>(Position::START, &Filter::events::<AccountEvent>(), None);
/// while let Some(deposit) = deposits.try_next().await? {
///     println!("{}: {:?} at {}", deposit.stream, deposit.event, deposit.recorded_at);
/// }
/// # Ok(())
/// # }
/// ```
pub trait EventStoreExt: EventStore {
    /// The repository of the aggregates `A` in this store.
    fn repository<A: Aggregate>(&self) -> StoreRepository<A, Self>
    where
        Self: Clone,
    {
        StoreRepository::new(self.clone())
    }

    /// Begins an append of several aggregates, all or nothing.
    fn batch(&self) -> Batch<'_, Self> {
        Batch::new(self)
    }

    /// [`read_stream`](EventStore::read_stream), decoded. `limit` counts stored events.
    fn read_stream_as<E: EventSet>(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Recorded<E>, ReadError>> {
        decode(self.read_stream(stream, from, direction, limit))
    }

    /// [`read_all`](EventStore::read_all), decoded; [`Filter::events`] gives the filter that fits the set. `limit`
    /// counts stored events.
    fn read_all_as<E: EventSet>(
        &self,
        after: impl Into<Checkpoint>,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Recorded<E>, ReadError>> {
        decode(self.read_all(after.into(), filter, limit))
    }

    /// [`subscribe`](EventStore::subscribe), decoded; [`Filter::events`] gives the filter that fits the set.
    fn subscribe_as<E: EventSet>(
        &self,
        after: impl Into<Checkpoint>,
        filter: &Filter,
    ) -> BoxStream<'_, Result<Recorded<E>, ReadError>> {
        decode(self.subscribe(after.into(), filter))
    }

    /// [`read_all`](EventStore::read_all) as a stream that owns its store, such as the body of a response needs.
    fn into_read_all(
        self,
        after: impl Into<Checkpoint>,
        filter: Filter,
        limit: Option<usize>,
    ) -> BoxStream<'static, Result<StoredEvent, ReadError>>
    where
        Self: Sized,
    {
        let after = after.into();
        Box::pin(try_stream! {
            let mut events = self.read_all(after, &filter, limit);
            while let Some(event) = events.next().await {
                yield event?;
            }
        })
    }

    /// [`subscribe`](EventStore::subscribe) as a stream that owns its store, such as a spawned task needs.
    fn into_subscription(
        self,
        after: impl Into<Checkpoint>,
        filter: Filter,
    ) -> BoxStream<'static, Result<StoredEvent, ReadError>>
    where
        Self: Sized,
    {
        let after = after.into();
        Box::pin(try_stream! {
            let mut events = self.subscribe(after, &filter);
            while let Some(event) = events.next().await {
                yield event?;
            }
        })
    }
}

impl<S: EventStore + ?Sized> EventStoreExt for S {}

fn decode<E: EventSet>(
    mut stored: BoxStream<'_, Result<StoredEvent, ReadError>>,
) -> BoxStream<'_, Result<Recorded<E>, ReadError>> {
    let mut rest = Vec::new().into_iter();
    let mut ended = false;
    Box::pin(poll_fn(move |context| {
        while !ended {
            if let Some(part) = rest.next() {
                return Poll::Ready(Some(Ok(part)));
            }
            match ready!(stored.poll_next_unpin(context)).map(|event| event?.into_parts()) {
                Some(Ok((first, parts))) => {
                    rest = parts.into_iter();
                    if let Some(first) = first {
                        return Poll::Ready(Some(Ok(first)));
                    }
                }
                Some(Err(error)) => {
                    ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => ended = true,
            }
        }
        Poll::Ready(None)
    }))
}
