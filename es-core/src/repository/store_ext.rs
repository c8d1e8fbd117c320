//! Extension methods of every store: repositories, projections, batches and readers.

use crate::{
    aggregate::Aggregate,
    event::EventSet,
    projection::Projections,
    repository::{Batch, StoreRepository},
    store::{EventStore, Filter, ReadEvents, ReadStream, Recorded, StoredEvent, StreamId, as_stored, decoded},
};

/// Extension methods of every [`EventStore`], also of `Arc<dyn EventStore>`.
///
/// ```
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
/// let mut deposits = store.events::<AccountEvent>().read();
/// while let Some(deposit) = deposits.try_next().await? {
///     println!("{}: {:?} at {}", deposit.stream, deposit.event, deposit.recorded_at);
/// }
/// # Ok(())
/// # }
/// ```
pub trait EventStoreExt: EventStore {
    /// Gives the repository of the aggregates `A` in this store.
    fn repository<A: Aggregate>(&self) -> StoreRepository<A, Self>
    where
        Self: Clone,
    {
        StoreRepository::new(self.clone())
    }

    /// Gives the projections of this store: views that are folded once, or kept up to date.
    fn projections(&self) -> Projections<Self>
    where
        Self: Clone,
    {
        Projections::new(self.clone())
    }

    /// Begins an append of several aggregates, all or nothing.
    fn batch(&self) -> Batch<'_, Self> {
        Batch::new(self)
    }

    /// Reads or subscribes to the events of the set `E` in the whole store, decoded. The store is asked for the categories and
    /// names of the set only.
    fn events<E: EventSet>(&self) -> ReadEvents<'_, Self, Recorded<E>> {
        ReadEvents::new(self, Filter::events::<E>(), decoded)
    }

    /// Reads or subscribes to all events of the whole store, as they are stored.
    fn stored_events(&self) -> ReadEvents<'_, Self, StoredEvent> {
        ReadEvents::new(self, Filter::all(), as_stored)
    }

    /// Reads one stream: its events as they are stored or, with [`events`](ReadStream::events), decoded.
    fn stream(&self, stream: &StreamId) -> ReadStream<'_, Self> {
        ReadStream::new(self, stream.clone())
    }
}

impl<S: EventStore + ?Sized> EventStoreExt for S {}
