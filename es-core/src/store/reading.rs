//! Builds a read of the log or of a stream: which events, from where, and in which direction.

use std::{borrow::Cow, future::ready, ops::RangeInclusive};

use async_stream::try_stream;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};

use crate::{
    event::{Event, EventSet},
    store::{
        Checkpoint, Direction, EventStore, Filter, Page, Position, ReadError, Reader, Recorded, StoredEvent, StreamId,
        StreamReader, Version, reader::Read, recorded::Parts,
    },
};

/// A read of the whole store that has not begun: what [`events`](crate::EventStoreExt::events) and
/// [`stored_events`](crate::EventStoreExt::stored_events) give.
///
/// Each method narrows what is read. Several categories are alternatives, and so are several event types; they never widen
/// the read beyond the event set.
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
/// # async fn example(store: std::sync::Arc<dyn EventStore>, kept: Checkpoint) -> Result<(), ReadError> {
/// let mut deposits = store.events::<AccountEvent>().after(kept).category("account").limit(10).read();
/// while let Some(deposit) = deposits.try_next().await? {
///     println!("{}: {:?} at {}", deposit.stream, deposit.event, deposit.recorded_at);
/// }
/// let kept = deposits.checkpoint();
///
/// // The reader owns its store, so that it can outlive this function, for instance as the body of a response.
/// let live = store.events::<AccountEvent>().after(kept).owned().subscribe();
/// # let _: Reader<'static, Recorded<AccountEvent>> = live;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is read before `read` or `subscribe`"]
pub struct ReadEvents<'a, S: ?Sized, T, const BACKWARD: bool = false> {
    store: Held<'a, S>,
    after: Checkpoint,
    before: Checkpoint,
    set: Filter,
    narrower: Filter,
    limit: Option<usize>,
    reads: Read<T>,
}

impl<'a, S: EventStore + ?Sized, T, const BACKWARD: bool> ReadEvents<'a, S, T, BACKWARD> {
    /// Only events above `after`; a bare [`Position`] is checked against no incarnation. The default is the start.
    pub fn after(mut self, after: impl Into<Checkpoint>) -> Self {
        self.after = after.into();
        self
    }

    /// Only events of this category, or of another one that is added this way.
    pub fn category(mut self, category: impl Into<Cow<'static, str>>) -> Self {
        self.narrower = self.narrower.category(category);
        self
    }

    /// Only events of type `E`, under its current name and its aliases, or of another type that is added this way.
    pub fn event<E: Event>(mut self) -> Self {
        self.narrower = self.narrower.event::<E>();
        self
    }

    /// Only events of streams in these [slices](StreamId::slice).
    pub fn slices(mut self, slices: RangeInclusive<u16>) -> Self {
        self.narrower = self.narrower.slices(slices);
        self
    }

    /// Only events that `filter` accepts, too.
    pub fn filter(mut self, filter: &Filter) -> Self {
        self.set = self.set.and(filter);
        self
    }

    /// At most `limit` stored events. A subscription ignores it.
    pub const fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Lets the reader own a handle to the store instead of borrowing it.
    pub fn owned(self) -> ReadEvents<'static, S, T, BACKWARD>
    where
        S: Clone,
    {
        let Self { store, after, before, set, narrower, limit, reads } = self;
        ReadEvents { store: store.owned(), after, before, set, narrower, limit, reads }
    }

    /// Reads up to the frontier, in the order of the positions; backward, the newest events first.
    pub fn read(self) -> Reader<'a, T> {
        let Self { store, after, before, set, narrower, limit, reads } = self;
        let filter = set.and(&narrower);
        if BACKWARD {
            let pages = store.ask_one(move |store| {
                let pages = store.read_pages(before, Direction::Backward, &filter, limit);
                if after == Checkpoint::START { pages } else { above(store, after, pages) }
            });
            Reader::new(before, pages, reads)
        } else {
            let pages = store.ask_one(move |store| store.read_pages(after, Direction::Forward, &filter, limit));
            Reader::new(after, pages, reads)
        }
    }
}

impl<'a, S: EventStore + ?Sized, T> ReadEvents<'a, S, T> {
    pub(crate) fn new(store: &'a S, set: Filter, reads: Read<T>) -> Self {
        Self {
            store: Held::Lent(store),
            after: Checkpoint::START,
            before: Position::MAX.into(),
            set,
            narrower: Filter::all(),
            limit: None,
            reads,
        }
    }

    /// Reads from newer to older events, starting with the newest, and still only those above [`after`](Self::after).
    ///
    /// ```
    /// # use es_core::*;
    /// # async fn example(store: &dyn EventStore) -> Result<Vec<StoredEvent>, ReadError> {
    /// store.stored_events().category("account").backward().limit(10).read().try_collect().await
    /// # }
    /// ```
    pub fn backward(self) -> ReadEvents<'a, S, T, true> {
        let Self { store, after, before, set, narrower, limit, reads } = self;
        ReadEvents { store, after, before, set, narrower, limit, reads }
    }

    /// Catches up and then gives events as they are appended. The reader ends only after an error.
    ///
    /// ```compile_fail,E0599
    /// # use es_core::*;
    /// # fn example(store: &dyn EventStore) {
    /// store.stored_events().backward().subscribe(); // A subscription reads forward only.
    /// # }
    /// ```
    pub fn subscribe(self) -> Reader<'a, T> {
        let (after, filter) = (self.after, self.set.and(&self.narrower));
        let pages = self.store.ask_one(move |store| store.subscribe_pages(after, &filter));
        Reader::new(after, pages, self.reads)
    }
}

impl<S: EventStore + ?Sized, T> ReadEvents<'_, S, T, true> {
    /// Only events below `before`; a bare [`Position`] is checked against no incarnation. The default is the newest event.
    pub fn before(mut self, before: impl Into<Checkpoint>) -> Self {
        self.before = before.into();
        self
    }
}

/// Cuts `pages`, which are read backward, at `after`, once the store has accepted that checkpoint.
fn above<'a, S: EventStore + ?Sized>(
    store: &'a S,
    after: Checkpoint,
    mut pages: BoxStream<'a, Result<Page, ReadError>>,
) -> BoxStream<'a, Result<Page, ReadError>> {
    Box::pin(try_stream! {
        if let Some(refused) = store.read_pages(after, Direction::Forward, &Filter::all(), Some(1)).next().await {
            refused?;
        }
        let end = after.position();
        while let Some(page) = pages.next().await {
            let mut page = page?;
            let is_last = page.up_to <= end;
            page.events.retain(|event| event.position > end);
            page.up_to = page.up_to.max(end);
            yield page;
            if is_last {
                break;
            }
        }
    })
}

/// A read of one stream that has not begun: what [`stream`](crate::EventStoreExt::stream) gives.
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
/// # async fn example(store: &dyn EventStore) -> Result<(), Box<dyn std::error::Error>> {
/// let id = StreamId::new("account", "4711")?;
/// let stored = store.stream(&id).from(Version::new(3)).read().try_collect::<Vec<_>>().await?;
/// let newest = store.stream(&id).events::<AccountEvent>().backward().limit(1).read().try_next().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is read before `read`"]
pub struct ReadStream<'a, S: ?Sized, T = StoredEvent> {
    store: Held<'a, S>,
    stream: StreamId,
    from: Option<Version>,
    direction: Direction,
    limit: Option<usize>,
    reads: Read<T>,
}

impl<'a, S: EventStore + ?Sized> ReadStream<'a, S> {
    pub(crate) fn new(store: &'a S, stream: StreamId) -> Self {
        let (store, direction) = (Held::Lent(store), Direction::Forward);
        Self { store, stream, from: None, direction, limit: None, reads: as_stored }
    }

    /// Decodes the events as those of the set `E`.
    pub fn events<E: EventSet>(self) -> ReadStream<'a, S, Recorded<E>> {
        let Self { store, stream, from, direction, limit, .. } = self;
        ReadStream { store, stream, from, direction, limit, reads: decoded }
    }
}

impl<'a, S: EventStore + ?Sized, T> ReadStream<'a, S, T> {
    /// Starts at this version, inclusive. The default is the first version; backward, the last.
    pub const fn from(mut self, from: Version) -> Self {
        self.from = Some(from);
        self
    }

    /// Reads from newer to older events.
    pub const fn backward(mut self) -> Self {
        self.direction = Direction::Backward;
        self
    }

    /// At most `limit` stored events.
    pub const fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Lets the reader own a handle to the store instead of borrowing it.
    pub fn owned(self) -> ReadStream<'static, S, T>
    where
        S: Clone,
    {
        let Self { store, stream, from, direction, limit, reads } = self;
        ReadStream { store: store.owned(), stream, from, direction, limit, reads }
    }

    /// Reads the stream; one that does not exist is empty.
    pub fn read(self) -> StreamReader<'a, T> {
        let Self { store, stream, from, direction, limit, reads } = self;
        let start = match direction {
            Direction::Forward => Version::FIRST,
            Direction::Backward => Version::MAX,
        };
        let from = from.unwrap_or(start);
        StreamReader::new(store.ask(move |store| store.read_stream(&stream, from, direction, limit)), reads)
    }
}

/// A store that is borrowed, or a handle to it.
#[derive(Debug)]
enum Held<'a, S: ?Sized> {
    Lent(&'a S),
    Owned(Box<S>),
}

impl<'a, S: EventStore + ?Sized> Held<'a, S> {
    fn owned(self) -> Held<'static, S>
    where
        S: Clone,
    {
        Held::Owned(match self {
            Self::Lent(store) => Box::new(store.clone()),
            Self::Owned(store) => store,
        })
    }

    /// As [`ask`](Self::ask), but an error for a store with several partitions, which have no common order.
    fn ask_one(
        self,
        ask: impl for<'s> FnOnce(&'s S) -> BoxStream<'s, Result<Page, ReadError>> + Send + 'a,
    ) -> BoxStream<'a, Result<Page, ReadError>> {
        self.ask(|store| match store.partitions().len() {
            0 => ask(store),
            partitions => stream::once(ready(Err(ReadError::Partitioned { partitions }))).boxed(),
        })
    }

    /// Gives the store's answer to `ask` as a stream that holds the store as long as it lives.
    fn ask<I: Send + 'a>(
        self,
        ask: impl for<'s> FnOnce(&'s S) -> BoxStream<'s, Result<I, ReadError>> + Send + 'a,
    ) -> BoxStream<'a, Result<I, ReadError>> {
        match self {
            Self::Lent(store) => ask(store),
            Self::Owned(store) => Box::pin(try_stream! {
                let mut items = ask(&store);
                while let Some(item) = items.next().await {
                    yield item?;
                }
            }),
        }
    }
}

/// Passes a stored event on as it is.
#[expect(clippy::unnecessary_wraps, reason = "it is a `Read`, and decoding may fail")]
pub(crate) fn as_stored(stored: StoredEvent) -> Result<(Option<StoredEvent>, Vec<StoredEvent>), ReadError> {
    Ok((Some(stored), Vec::new()))
}

/// Decodes a stored event into events of the set.
pub(crate) fn decoded<E: EventSet>(stored: StoredEvent) -> Result<Parts<E>, ReadError> {
    stored.into_parts()
}
