//! The repository over the memory store: commands, conflicts, metadata, time travel.

#![cfg(feature = "memory")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use es::{
    Append, AppendError, Appended, AsOf, Direction, EncodeError, Expected, LoadError, Position, ReadError, Recorded,
    StoredEvent, StreamId, Version, prelude::*,
};
use uuid::Uuid;

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "counter.counted")]
struct Counted {
    by: i64,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "counter.noted")]
struct Noted(#[serde(with = "one_way")] String);

/// A type that writes some texts as numbers, which it cannot read.
mod one_way {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        if text == "bad" { serializer.serialize_u64(7) } else { serializer.serialize_str(text) }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        String::deserialize(deserializer)
    }
}

#[derive(Aggregate, Default, Clone, Debug, PartialEq)]
#[aggregate(category = "counter", id = String, events(Counted, Noted))]
struct Counter {
    sum: i64,
    notes: Vec<String>,
}

#[es::apply]
impl Counter {
    fn counted(&mut self, event: Counted) {
        self.sum += event.by;
    }
    fn noted(&mut self, event: Noted) {
        self.notes.push(event.0);
    }
}

#[derive(Clone)]
struct Count(i64);

#[derive(Clone)]
struct Note(&'static str);

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the sum would be {0}, below zero")]
struct BelowZero(i64);

impl Handle<Count> for Counter {
    type Error = BelowZero;
    fn handle(&self, Count(by): Count) -> Result<impl IntoEvents<Self>, BelowZero> {
        if self.sum + by < 0 {
            return Err(BelowZero(self.sum + by));
        }
        Ok((by != 0).then_some(Counted { by }))
    }
}

impl Handle<Note> for Counter {
    type Error = std::convert::Infallible;
    fn handle(&self, Note(text): Note) -> Result<impl IntoEvents<Self>, Self::Error> {
        Ok(Noted(text.to_owned()))
    }
}

async fn memory() -> Arc<dyn EventStore> {
    es::connect("memory:").await.expect("a store in memory")
}

#[tokio::test]
async fn a_command_gives_the_new_root_and_the_recorded_events() {
    let counters = memory().await.repository::<Counter>();
    let id = "a".to_owned();
    let first = counters.execute(&id, Count(5)).await.unwrap();
    assert_eq!((first.root.sum, first.root.version(), first.events.len()), (5, Version::FIRST, 1));
    let second = counters.execute(&id, Count(-2)).await.unwrap();
    assert_eq!((second.root.sum, second.root.version().get(), second.root.id()), (3, 2, &id));
    assert_eq!(second.events[0].event, Counted { by: -2 }.into());
    assert_eq!((second.events[0].version.get(), second.events[0].part), (2, 0));
    assert!(second.events[0].position > first.events[0].position);
    assert!(second.events[0].recorded_at >= first.events[0].recorded_at);
    assert_eq!(second.events[0].id.get_version_num(), 7);
    assert_eq!(counters.load(&id).await.unwrap().into_state(), second.root.into_state());
}

#[tokio::test]
async fn a_refusal_is_a_variant_of_its_own_and_records_nothing() {
    let counters = memory().await.repository::<Counter>();
    let id = "a".to_owned();
    assert!(matches!(counters.execute(&id, Count(-1)).await, Err(ExecuteError::Refused(BelowZero(-1)))));
    assert_eq!(counters.load(&id).await.unwrap().version(), Version::NONE);
}

#[tokio::test]
async fn a_decision_without_events_appends_nothing() {
    let store = memory().await;
    let executed = store.repository::<Counter>().execute(&"a".to_owned(), Count(0)).await.unwrap();
    assert!(executed.events.is_empty());
    assert_eq!(store.frontier().await.unwrap().position(), Position::START);
}

#[tokio::test]
async fn metadata_given_with_a_command_are_on_every_event_it_records() {
    let store = memory().await;
    let metadata = Metadata::new()
        .with_correlation_id(Uuid::from_u128(1))
        .with_causation_id(Uuid::from_u128(2))
        .with_actor("teller")
        .with_extra("branch", "Prague");
    let counters = store.repository::<Counter>();
    let id = "a".to_owned();
    let two = |_: &mut Root<Counter>| [Counted { by: 1 }, Counted { by: 2 }];
    let executed = counters.with_metadata(metadata.clone()).update(&id, two).await.unwrap();
    assert_eq!(executed.events.iter().map(|event| &event.metadata).collect::<Vec<_>>(), [&metadata, &metadata]);
    counters.execute(&id, Count(1)).await.unwrap();
    let stored = all::<CounterEvent>(&store).await;
    let found: Vec<_> = stored.iter().map(|event| event.metadata.clone()).collect();
    assert_eq!(found, [metadata.clone(), metadata, Metadata::new()]);
}

async fn all<E: EventSet>(store: &Arc<dyn EventStore>) -> Vec<Recorded<E>> {
    store.events::<E>().read().try_collect().await.expect("every event")
}

#[tokio::test]
async fn an_event_that_does_not_decode_again_is_refused_at_append() {
    let counters = memory().await.repository::<Counter>();
    let id = "a".to_owned();
    let refused = counters.execute(&id, Note("bad")).await.unwrap_err();
    let ExecuteError::Append(AppendError::Encode(EncodeError::Unreadable { name, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(name, "counter.noted");
    assert_eq!(counters.execute(&id, Note("good")).await.unwrap().root.notes, ["good"]);
}

#[tokio::test]
async fn an_id_that_names_no_stream_is_a_typed_error() {
    let counters = memory().await.repository::<Counter>();
    for id in [String::new(), "x".repeat(513), "a\0b".to_owned()] {
        assert!(matches!(counters.load(&id).await, Err(LoadError::Id(_))), "{id:?}");
    }
    assert_eq!(counters.load(&"x".repeat(512)).await.unwrap().version(), Version::NONE);
}

#[tokio::test]
async fn closures_may_record_or_return_events_and_may_refuse() {
    let counters: Arc<dyn Repository<Counter>> = Arc::new(memory().await.repository::<Counter>());
    let id = "a".to_owned();
    counters.update(&id, |counter| counter.record(Counted { by: 4 })).await.unwrap();
    let executed = counters.try_update(&id, |counter| {
        counter.record(Counted { by: 1 });
        assert_eq!((counter.sum, counter.pending().len()), (5, 1));
        counter.handle(Count(1)).map(|()| Noted("both".into()))
    });
    let executed = executed.await.unwrap();
    assert_eq!((executed.root.sum, executed.events.len()), (6, 3));
    let refused = counters.try_update(&id, |counter| Err::<(), _>(format!("no, it is {}", counter.sum))).await;
    assert!(matches!(refused, Err(ExecuteError::Refused(text)) if text == "no, it is 6"));
}

#[tokio::test]
async fn the_past_can_be_loaded() {
    let counters = memory().await.repository::<Counter>();
    let id = "a".to_owned();
    let first = counters.execute(&id, Count(1)).await.unwrap().events.remove(0);
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    counters.execute(&id, Count(10)).await.unwrap();
    for (at, sum) in [
        (AsOf::Version(Version::NONE), 0),
        (AsOf::Version(first.version), 1),
        (AsOf::Position(first.position), 1),
        (AsOf::Time(first.recorded_at), 1),
        (AsOf::Version(Version::MAX), 11),
        (AsOf::Newest, 11),
    ] {
        assert_eq!(counters.load_at(&id, at).await.unwrap().sum, sum, "{at:?}");
    }
    let mut past = counters.load_at(&id, AsOf::Version(first.version)).await.unwrap();
    past.record(Counted { by: 1 });
    let Err(AppendError::Conflict(conflict)) = counters.append(&mut past).await else { panic!("the past was changed") };
    assert_eq!((conflict.expected(), conflict.actual()), (Some(Expected::Exact(first.version)), Some(Version::new(2))));
}

/// A repository in which another writer is faster, a number of times.
struct Overtaken {
    inner: StoreRepository<Counter>,
    times: AtomicUsize,
}

#[async_trait::async_trait]
impl Repository<Counter> for Overtaken {
    async fn load(&self, id: &String) -> Result<Root<Counter>, LoadError> {
        self.inner.load(id).await
    }

    async fn load_at(&self, id: &String, at: AsOf) -> Result<Root<Counter>, LoadError> {
        self.inner.load_at(id, at).await
    }

    async fn append(&self, root: &mut Root<Counter>) -> Result<Appended, AppendError> {
        if self.times.load(Ordering::SeqCst) > 0 {
            self.times.fetch_sub(1, Ordering::SeqCst);
            self.inner.execute(root.id(), Count(100)).await.expect("the faster writer");
        }
        self.inner.append(root).await
    }
}

#[tokio::test]
async fn a_conflict_is_decided_again_a_bounded_number_of_times() {
    let counters = Overtaken { inner: memory().await.repository(), times: AtomicUsize::new(es::DEFAULT_RETRIES) };
    let id = "a".to_owned();
    let executed = counters.execute(&id, Count(1)).await.unwrap();
    assert_eq!((executed.root.sum, executed.root.version().get()), (801, 9));

    counters.times.store(es::DEFAULT_RETRIES + 1, Ordering::SeqCst);
    let Err(ExecuteError::Conflict { attempts, conflict }) = counters.execute(&id, Count(1)).await else {
        panic!("it went on for ever")
    };
    assert_eq!(attempts, 9);
    assert_eq!(conflict.expected(), Some(Expected::Exact(Version::new(17))));
    assert_eq!(conflict.actual(), Some(Version::new(18)));

    counters.times.store(1, Ordering::SeqCst);
    let once = counters.with_retries(0).execute(&id, Count(1)).await;
    assert!(matches!(once, Err(ExecuteError::Conflict { attempts: 1, .. })));
    counters.times.store(50, Ordering::SeqCst);
    assert_eq!(counters.with_retries(50).execute(&id, Count(1)).await.unwrap().root.sum, 801 + 900 + 100 + 5001);
    counters.times.store(60, Ordering::SeqCst);
    assert!(counters.with_retries(usize::MAX).execute(&id, Count(1)).await.is_ok());
}

#[tokio::test]
async fn a_decision_over_two_aggregates_is_protected_by_an_assertion() {
    let store = memory().await;
    let counters = store.repository::<Counter>();
    let mut root = counters.load(&"a".to_owned()).await.unwrap();
    let looked_at = counters.load(&"b".to_owned()).await.unwrap();
    root.record(Counted { by: 1 });
    let append = vec![root.to_append().unwrap(), looked_at.assertion()];
    let answers = store.batch().change(&mut root).unchanged(&looked_at).append().await.unwrap();
    assert_eq!(answers.iter().map(|answer| answer.version.get()).collect::<Vec<_>>(), [1, 0]);
    assert_eq!((root.take_recorded().len(), root.pending().len(), root.version()), (1, 0, Version::FIRST));

    counters.execute(&"b".to_owned(), Count(1)).await.unwrap();
    assert!(store.append(append.into()).await.unwrap()[0].repeated, "a repeat does not check its assertions again");
    root.record(Counted { by: 1 });
    let refused = store.batch().change(&mut root).unchanged(&looked_at).append().await;
    let Err(AppendError::Conflict(conflict)) = refused else { panic!("the assertion did not guard") };
    assert_eq!(root.pending().len(), 1, "it can be decided again");
    assert_eq!((conflict.stream().map(StreamId::id), conflict.actual()), (Some("b"), Some(Version::FIRST)));
}

#[tokio::test]
async fn a_root_is_appended_once_when_the_answer_is_lost() {
    use futures_util::TryStreamExt;
    let (store, id) = (memory().await, "a".to_owned());
    let counters = store.repository::<Counter>();
    let mut root = counters.load(&id).await.unwrap();
    root.record((Counted { by: 1 }, Counted { by: 2 }));
    let first = store.append(root.to_append().unwrap().into()).await.unwrap();

    let again = counters.append(&mut root).await.unwrap();
    assert!(again.repeated);
    assert_eq!((again.version, &again.positions), (Version::new(2), &first[0].positions));
    let recorded: Vec<_> = root.take_recorded().into_iter().map(|recorded| recorded.id).collect();
    let read = store.read_stream(root.stream(), Version::FIRST, Direction::Forward, None);
    let stored: Vec<_> = read.map_ok(|stored| stored.id).try_collect().await.unwrap();
    assert_eq!(recorded, stored);
}

#[tokio::test]
async fn spawned_commands_run_concurrently() {
    let counters: Arc<dyn Repository<Counter>> = Arc::new(memory().await.repository::<Counter>());
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let counters = Arc::clone(&counters);
            tokio::spawn(async move { counters.with_retries(64).execute(&"a".to_owned(), Count(1)).await.map(|_| ()) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(counters.load(&"a".to_owned()).await.unwrap().sum, 32);
}

#[tokio::test]
async fn a_hole_in_a_stream_is_a_typed_error() {
    let store = memory().await;
    let counters = store.repository::<Counter>();
    counters.update(&"a".to_owned(), |_| [Counted { by: 1 }, Counted { by: 2 }]).await.unwrap();
    let stream = StreamId::new("counter", "a").unwrap();
    let second: StoredEvent = {
        use futures_util::TryStreamExt;
        let mut events = store.read_stream(&stream, Version::MAX, Direction::Backward, Some(1));
        events.try_next().await.unwrap().unwrap()
    };
    let mut root = Root::<Counter>::new("a".to_owned()).unwrap();
    assert!(matches!(root.replay(&second), Err(ReadError::Hole { after: Version::NONE, .. })));
}

#[tokio::test]
async fn an_empty_append_is_answered_with_nothing() {
    assert_eq!(memory().await.append(Vec::<Append>::new().into()).await.unwrap(), []);
}

#[tokio::test]
async fn a_cloned_root_decides_on_its_own() {
    let counters = memory().await.repository::<Counter>();
    let id = "copied".to_owned();
    assert!(!counters.load(&id).await.unwrap().exists());
    let mut root = counters.load(&id).await.unwrap();
    root.record(Counted { by: 1 });
    assert!(!root.exists(), "nothing is stored yet");
    let mut copy = root.clone();
    copy.record(Counted { by: 2 });
    assert_eq!((root.sum, root.pending().len(), copy.sum, copy.pending().len()), (1, 1, 3, 2));
    counters.append(&mut copy).await.unwrap();
    assert!(copy.exists() && counters.load(&id).await.unwrap().exists());
    assert!(matches!(counters.append(&mut root).await, Err(AppendError::Conflict(_))));
    assert_eq!(copy.clone().take_recorded(), copy.take_recorded());
}

#[test]
fn a_recorded_event_is_created_borrowed_and_split() {
    let stream = StreamId::new("counter", "1").unwrap();
    let mut recorded = Recorded::new(stream.clone(), Version::FIRST, Position::new(7), Counted { by: 3 });
    recorded.part = 2;
    assert_eq!(recorded.as_ref().event, &Counted { by: 3 });
    assert_eq!(recorded.as_ref().map(Clone::clone), recorded);
    let (event, rest) = recorded.clone().split();
    assert_eq!((event.by, rest.stream.clone(), rest.part, rest.position.get()), (3, stream, 2, 7));
    assert_eq!(rest.map(|()| event), recorded);
}
