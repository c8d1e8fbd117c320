//! A store of several partitions: each stream is in one, and a reader of the log reads each partition.

#![cfg(feature = "memory")]

use std::{future::ready, sync::Arc};

use async_trait::async_trait;
use es::{
    AppendRequest, Appended, AsOf, Checkpoint, Direction, Filter, IdempotencyKey, MemoryStore, Page, StoredEvent,
    prelude::*, store::Capabilities,
};
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "counted")]
struct Counted {
    by: u64,
}

#[derive(Aggregate, Default, Debug)]
#[aggregate(category = "counter", id = u64, events(Counted))]
struct Counter {
    sum: u64,
}

#[es::apply]
impl Counter {
    fn counted(&mut self, event: Counted) {
        self.sum += event.by;
    }
}

/// Two stores in memory. The slice of a stream decides which one has it.
#[derive(Debug)]
struct Halves([Arc<dyn EventStore>; 2]);

impl Halves {
    fn new() -> Self {
        Self([Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new())])
    }

    fn number(stream: &StreamId) -> usize {
        usize::from(stream.slice() % 2)
    }

    fn of(&self, stream: &StreamId) -> &Arc<dyn EventStore> {
        &self.0[Self::number(stream)]
    }
}

#[async_trait]
impl EventStore for Halves {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        // The other store would not know a key that one of them holds.
        let appends = request.into_appends()?;
        let Some(first) = appends.first() else { return Ok(Vec::new()) };
        let elsewhere = |append: &&es::Append| Self::number(&append.stream) != Self::number(&first.stream);
        if let Some(other) = appends.iter().find(elsewhere) {
            let (stream, other) = (first.stream.clone(), other.stream.clone());
            return Err(AppendError::SpansPartitions { stream, other });
        }
        self.of(&first.stream).append(appends.clone().into()).await
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        self.of(stream).read_stream(stream, from, direction, limit)
    }

    fn read_pages(
        &self,
        _: Checkpoint,
        _: Direction,
        _: &Filter,
        _: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        stream::once(ready(Err(ReadError::Partitioned { partitions: 2 }))).boxed()
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        Err(ReadError::Partitioned { partitions: 2 })
    }

    fn partitions(&self) -> &[Arc<dyn EventStore>] {
        &self.0
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { read_models: None, snapshots: None }
    }
}

/// The ids of a counter in the first and of one in the second half.
fn ids() -> [u64; 2] {
    [0, 1].map(|half| {
        let is_there =
            |id: &u64| StreamId::new("counter", id.to_string()).is_ok_and(|stream| Halves::number(&stream) == half);
        (1..100).find(is_there).expect("half of them are in either")
    })
}

fn halves() -> Arc<dyn EventStore> {
    Arc::new(Halves::new())
}

#[tokio::test]
async fn aggregates_of_every_partition_are_loaded_and_appended() {
    let store = halves();
    let counters = store.repository::<Counter>();
    for id in ids() {
        counters.update(&id, |_| Counted { by: id }).await.unwrap();
        assert_eq!(counters.load(&id).await.unwrap().sum, id);
    }
    for partition in store.partitions() {
        let events: Vec<_> = partition.events::<CounterEvent>().read().try_collect().await.unwrap();
        assert_eq!(events.len(), 1, "each is in one of them");
    }
}

#[tokio::test]
async fn an_append_over_two_partitions_is_refused_and_the_roots_keep_their_events() {
    let store = halves();
    let (counters, [one, other]) = (store.repository::<Counter>(), ids());
    let (mut one, mut other) = (counters.load(&one).await.unwrap(), counters.load(&other).await.unwrap());
    one.record(Counted { by: 1 });
    other.record(Counted { by: 1 });
    let refused = store.batch().change(&mut one).change(&mut other).append().await;
    assert!(
        matches!(&refused, Err(AppendError::SpansPartitions { stream, other: second })
            if stream == one.stream() && second == other.stream()),
        "{refused:?}"
    );
    assert_eq!((one.pending().len(), other.pending().len()), (1, 1));
    for partition in store.partitions() {
        assert_eq!(partition.stored_events().read().try_next().await.unwrap(), None);
    }
}

/// A store that wrongly allows to be read as one log: it gives the events of one partition.
#[derive(Debug)]
struct ReadsOne(Halves);

#[async_trait]
impl EventStore for ReadsOne {
    async fn append(&self, request: AppendRequest) -> Result<Vec<Appended>, AppendError> {
        self.0.append(request).await
    }

    fn read_stream(
        &self,
        stream: &StreamId,
        from: Version,
        direction: Direction,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<StoredEvent, ReadError>> {
        self.0.read_stream(stream, from, direction, limit)
    }

    fn read_pages(
        &self,
        from: Checkpoint,
        direction: Direction,
        filter: &Filter,
        limit: Option<usize>,
    ) -> BoxStream<'_, Result<Page, ReadError>> {
        self.0.0[0].read_pages(from, direction, filter, limit)
    }

    async fn frontier(&self) -> Result<Checkpoint, ReadError> {
        self.0.0[0].frontier().await
    }

    fn partitions(&self) -> &[Arc<dyn EventStore>] {
        self.0.partitions()
    }

    fn capabilities(&self) -> Capabilities<'_> {
        self.0.capabilities()
    }
}

#[tokio::test]
async fn several_partitions_cannot_be_read_as_one_log() {
    let reads_one: Arc<dyn EventStore> = Arc::new(ReadsOne(Halves::new()));
    for store in [halves(), reads_one] {
        for id in ids() {
            store.repository::<Counter>().update(&id, |_| Counted { by: 1 }).await.unwrap();
        }
        let refusals = [
            store.events::<CounterEvent>().read().try_next().await.map(drop),
            store.events::<CounterEvent>().backward().read().try_next().await.map(drop),
            store.events::<CounterEvent>().owned().read().try_next().await.map(drop),
            store.events::<CounterEvent>().subscribe().try_next().await.map(drop),
            store.stored_events().limit(1).read().try_next().await.map(drop),
            store.stored_events().subscribe().try_next().await.map(drop),
        ];
        for refused in refusals {
            assert!(matches!(refused, Err(ReadError::Partitioned { partitions: 2 })), "{refused:?}");
        }
    }
    let refused = Halves::new().subscribe_pages(Checkpoint::START, &Filter::all()).next().await;
    assert!(matches!(refused, Some(Err(ReadError::Partitioned { .. }))), "{refused:?}");
}

#[tokio::test]
async fn a_checkpoint_of_another_partition_is_refused() {
    let store = halves();
    for id in ids() {
        store.repository::<Counter>().update(&id, |_| Counted { by: 1 }).await.unwrap();
    }
    let [one, other] = store.partitions() else { panic!("there are two") };
    let frontiers = [one.frontier().await.unwrap(), other.frontier().await.unwrap()];
    assert_eq!(frontiers[0].position(), frontiers[1].position());
    assert_ne!(frontiers[0].incarnation(), frontiers[1].incarnation());
    for (store, own, foreign) in [(one, frontiers[0], frontiers[1]), (other, frontiers[1], frontiers[0])] {
        assert_eq!(store.stored_events().after(own).read().try_next().await.unwrap(), None);
        let refused = store.stored_events().after(foreign).read().try_next().await;
        assert!(matches!(refused, Err(ReadError::Restored { checkpoint, .. }) if checkpoint == foreign), "{refused:?}");
    }
}

#[tokio::test]
async fn positions_and_keys_are_refused_over_several_partitions() {
    let (store, [id, _]) = (halves(), ids());
    let counters = store.repository::<Counter>();
    let done = counters.update(&id, |_| Counted { by: 3 }).await.unwrap();
    let position = done.events[0].position;
    assert_eq!(counters.load_at(&id, AsOf::Version(Version::FIRST)).await.unwrap().sum, 3);
    let refused = counters.load_at(&id, AsOf::Position(position)).await.map(drop);
    assert!(matches!(refused, Err(LoadError::Read(ReadError::Partitioned { partitions: 2 }))), "{refused:?}");

    let key = IdempotencyKey::new("request-4711", [0; 32], "done").unwrap();
    let refused = store.append(AppendRequest::default().with_key(key)).await;
    assert!(matches!(refused, Err(AppendError::KeysUnsupported)), "{refused:?}");
}
