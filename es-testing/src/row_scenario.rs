//! Given and then: what rows by key are after events, as a test.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug, Display},
    marker::PhantomData,
    time::Duration,
};

use es_core::{
    Aggregate, Append, AsOf, Checkpoint, EventStore, EventStoreExt, Expected, Fault, IntoEvents, Projections, Recorded,
    Row, RowKey, Rows, StoredRow, View, limits,
};
use futures_util::future::join;

use crate::{
    FaultyStore,
    difference::difference,
    given::{Given, GivenEvent, apply},
};

/// How long a follower may take for the given events.
const WITHIN: Duration = Duration::from_mins(1);
/// With this seed the claims are answered, and the answers to the first steps are lost.
const SEED: u64 = 2086;

/// Starts a scenario of the rows `R`, of which there are none yet.
///
/// ```
/// # use es_core::{Aggregate, Apply, Event, apply, project};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "door.opened")]
/// # struct Opened;
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "door.closed")]
/// # struct Closed;
/// # #[derive(Aggregate, Default)]
/// # #[aggregate(category = "door", id = String, events(Opened, Closed))]
/// # struct Door;
/// # impl<E> Apply<E> for Door { fn apply(&mut self, _: E) {} }
/// #[derive(Default, Debug, PartialEq, Serialize, Deserialize)]
/// struct Passages {
///     count: u64,
/// }
///
/// #[project(name = "passages", key = String, every(Door), ignores(Closed))]
/// impl Passages {
///     fn opened(&mut self, _: &Opened) { self.count += 1; }
/// }
///
/// use es_testing::row_scenario;
///
/// row_scenario::<Passages>()
///     .given::<Door>("front", (Opened, Closed, Opened))
///     .given::<Door>("back", Opened)
///     .then([("back".to_owned(), Passages { count: 1 }), ("front".to_owned(), Passages { count: 2 })]);
/// ```
#[must_use = "a scenario tests nothing until `then`, or before its `rows` are looked at"]
pub fn row_scenario<R: Row>() -> RowScenario<R> {
    RowScenario { given: Given::default(), events: Vec::new(), folded: Rows::default(), stored: Stored::default() }
}

/// Rows by key to which the given events were applied.
#[must_use = "a scenario tests nothing until `then`, or before its `rows` are looked at"]
pub struct RowScenario<R: Row> {
    given: Given,
    events: Vec<GivenEvent>,
    folded: Rows<R>,
    stored: Stored<R>,
}

impl<R: Row> RowScenario<R> {
    /// Applies events that have happened in the stream of the aggregate `A` with this id, behind those that were given before.
    /// They are encoded and decoded, as by a store, and those that the rows do not want are left out. They were recorded at the
    /// Unix epoch, without metadata; [`given_recorded`](Self::given_recorded) has both.
    ///
    /// # Panics
    /// An event cannot be stored, the id cannot be that of a stream, a method of the rows fails, or a row cannot be stored.
    #[track_caller]
    pub fn given<A: Aggregate>(mut self, id: impl Display, events: impl IntoEvents<A>) -> Self {
        for event in self.given.events(id, events) {
            self.apply(event);
        }
        self
    }

    /// Applies one event with its stream, version, position, time and metadata: those of [`Recorded::new`], as the test has
    /// changed them.
    ///
    /// # Panics
    /// As [`given`](Self::given), and when its stream is not one of the aggregate `A`.
    #[track_caller]
    pub fn given_recorded<A: Aggregate>(mut self, event: Recorded<impl Into<A::Event>>) -> Self {
        let event = self.given.recorded::<A>(event);
        self.apply(event);
        self
    }

    /// Appends the given events to `store`, which is empty, and follows the rows there as a program does. Some answers of the
    /// store are lost on the way, so that the follower must find out which events it has handled. Then the rows that the
    /// store keeps are those of the log, and no event has changed them twice.
    ///
    /// In the store the events have the versions, positions and times that it gives them. It takes a tokio runtime with a timer.
    ///
    /// # Panics
    /// The rows that the store keeps are others, which are shown; the store is not empty, or fails; the follower stops or takes
    /// longer than a minute.
    pub async fn kept_by<S: EventStore + Clone>(self, store: S) -> Self
    where
        R: Debug + PartialEq,
        R::Key: Debug,
    {
        let events = self.events.iter().map(|event| {
            let GivenEvent { new, stored } = event.clone();
            Append::new(stored.stream, Expected::Any, vec![new])
        });
        let (folded, kept) = match followed::<R, S>(&store, events.collect()).await {
            Ok(rows) => rows,
            Err(error) => panic!("`{}` is not kept by the store: {}", R::NAME, with_sources(&*error)),
        };
        assert!(
            kept == folded,
            "the store keeps other rows than those of its log\n{}",
            difference(&folded, &kept, "kept")
        );
        self
    }

    /// These are the rows, in any order, and there are no others. A row that was stored and read back after each event is
    /// the same, too.
    ///
    /// # Panics
    /// There are other rows, or a row is another one once it was stored; the panic shows the difference.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = (R::Key, R)>)
    where
        R: Debug + PartialEq,
        R::Key: Debug,
    {
        let (expected, folded): (Rows<R>, _) = (expected.into_iter().collect(), self.folded);
        assert!(folded == expected, "the rows are others\n{}", difference(&expected, &folded, "folded"));
        let stored = match self.stored.read() {
            Ok(stored) => stored,
            Err(error) => panic!("the rows of `{}` cannot be read back: {error}", R::NAME),
        };
        assert!(
            stored == folded,
            "a row is another one once a store has kept it\n{}",
            difference(&folded, &stored, "stored after each event")
        );
    }

    /// Gives the rows.
    pub fn rows(self) -> Rows<R> {
        self.folded
    }

    #[track_caller]
    fn apply(&mut self, event: GivenEvent) {
        apply(&mut self.folded, &event.stored);
        apply(&mut self.stored, &event.stored);
        self.events.push(event);
    }
}

/// Rows that are stored after each event, and read before each.
struct Stored<R> {
    states: BTreeMap<String, Vec<u8>>,
    row: PhantomData<fn() -> R>,
}

impl<R> Default for Stored<R> {
    fn default() -> Self {
        Self { states: BTreeMap::new(), row: PhantomData }
    }
}

impl<R: Row> Stored<R> {
    fn read(&self) -> Result<Rows<R>, Fault> {
        let row = |(key, state): (&String, &Vec<u8>)| Ok((R::Key::parse(key)?, serde_json::from_slice(state)?));
        self.states.iter().map(row).collect()
    }
}

impl<R: Row> View for Stored<R> {
    const NAME: &'static str = R::NAME;
    type Events = R::Events;

    fn apply(&mut self, event: Recorded<R::Events>) -> Result<(), Fault> {
        let mut keys = Vec::new();
        R::keys(&event, &mut |key| {
            let key = key.to_string();
            if !keys.contains(&key) {
                keys.push(key);
            }
        })?;
        for key in keys {
            let mut row = match self.states.get(&key) {
                Some(state) => {
                    serde_json::from_slice(state).map_err(|error| format!("its row cannot be read: {error}"))?
                }
                None => R::default(),
            };
            row.apply(&event)?;
            let state = serde_json::to_vec(&row).map_err(|error| format!("its row cannot be stored: {error}"))?;
            limits::check_row(&StoredRow::new(key.clone(), state.clone()))?;
            self.states.insert(key, state);
        }
        Ok(())
    }
}

/// Appends to `store`, whose follower loses answers. Gives the rows of the log, and those that the store keeps.
async fn followed<R: Row, S: EventStore + Clone>(
    store: &S,
    mut appends: Vec<Append>,
) -> Result<(Rows<R>, Rows<R>), Fault> {
    if store.frontier().await?.position() > Checkpoint::START.position() {
        return Err("it holds events already".into());
    }
    let faulty = FaultyStore::new(store.clone(), SEED).lost_answers(0.5);
    let projections = faulty.projections().follow(R::default());
    // The first half is there when it begins, the second half comes while it follows the log.
    let second = appends.split_off(appends.len().div_ceil(2));
    append(store, appends).await?;
    let follow = async {
        let reached = reach::<R, S>(store, second, &projections).await;
        projections.stop().await;
        reached
    };
    let (run, reached) = join(projections.run(), follow).await;
    run?;
    reached?;
    let kept: Vec<_> = store.projections().rows::<R>().all().try_collect().await?;
    Ok((store.projections().fold(AsOf::Newest).await?, kept.into_iter().collect()))
}

/// Waits until the rows have what is in the log, before and after `more`.
async fn reach<R: Row, S: EventStore + Clone>(
    store: &S,
    more: Vec<Append>,
    projections: &Projections<FaultyStore<S>>,
) -> Result<(), Fault> {
    projections.wait_for(&[R::NAME], store.frontier().await?, WITHIN).await?;
    append(store, more).await?;
    projections.wait_for(&[R::NAME], store.frontier().await?, WITHIN).await?;
    Ok(())
}

async fn append(store: &impl EventStore, appends: Vec<Append>) -> Result<(), Fault> {
    for append in appends {
        store.append(append.into()).await?;
    }
    Ok(())
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let (mut text, mut source) = (error.to_string(), error.source());
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

impl<R: Row + Debug> Debug for RowScenario<R>
where
    R::Key: Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowScenario").field("rows", &self.folded).finish_non_exhaustive()
    }
}
