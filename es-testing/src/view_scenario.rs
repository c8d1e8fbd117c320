//! Given and then: what a view makes of events, as a test.

use std::{
    collections::HashMap,
    fmt::{self, Debug, Display},
};

use es_core::{
    Aggregate, AggregateEvent, EventBatch, IntoEvents, NewEvent, Position, Recorded, StoredEvent, StreamId, Timestamp,
    Version, View,
};

use crate::difference::difference;

/// Starts a scenario of the view `V`, which has seen no events yet; of rows by key as [`Rows`](es_core::Rows).
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
/// #[derive(Default, Debug, PartialEq)]
/// struct OpenDoors {
///     count: u64,
/// }
///
/// #[project(name = "open-doors", every(Door))]
/// impl OpenDoors {
///     fn opened(&mut self, _: &Opened) { self.count += 1; }
///     fn closed(&mut self, _: &Closed) { self.count -= 1; }
/// }
///
/// use es_testing::view_scenario;
///
/// view_scenario::<OpenDoors>()
///     .given::<Door>("front", (Opened, Closed, Opened))
///     .given::<Door>("back", Opened)
///     .then(OpenDoors { count: 2 });
/// ```
#[must_use = "a scenario tests nothing until `then`, or before its `view` is looked at"]
pub fn view_scenario<V: View>() -> ViewScenario<V> {
    ViewScenario { view: V::default(), versions: HashMap::new(), position: 0 }
}

/// A view to which the given events were applied.
#[must_use = "a scenario tests nothing until `then`, or before its `view` is looked at"]
pub struct ViewScenario<V> {
    view: V,
    versions: HashMap<StreamId, u64>,
    position: u64,
}

impl<V: View> ViewScenario<V> {
    /// Applies events that have happened in the stream of the aggregate `A` with this id, behind those that were given before.
    /// They are encoded and decoded, as by a store, and those that the view does not want are left out. They were recorded at the
    /// Unix epoch, without metadata; [`given_recorded`](Self::given_recorded) has both.
    ///
    /// # Panics
    /// An event cannot be stored, the id cannot be that of a stream, or a method of the view fails.
    #[track_caller]
    pub fn given<A: Aggregate>(mut self, id: impl Display, events: impl IntoEvents<A>) -> Self {
        let id = id.to_string();
        let stream = match StreamId::new(A::CATEGORY, &*id) {
            Ok(stream) => stream,
            Err(error) => panic!("given: `{id}` is no id: {error}"),
        };
        for event in events.into_events() {
            let version = self.versions.get(&stream).map_or(1, |last| last + 1);
            let position = self.position + 1;
            self = self.at(stream.clone(), version, position, |stream, version, position| {
                stored(&event).into_stored(stream, version, position, Timestamp::UNIX_EPOCH)
            });
        }
        self
    }

    /// Applies one event with its stream, version, position, time and metadata: those of [`Recorded::new`], as the test has
    /// changed them.
    ///
    /// # Panics
    /// The event cannot be stored, its stream is not one of the aggregate `A`, or a method of the view fails.
    #[track_caller]
    pub fn given_recorded<A: Aggregate>(self, event: Recorded<impl Into<A::Event>>) -> Self {
        let (event, place) = event.split();
        let (category, stream) = (place.stream.category(), place.stream.clone());
        assert!(category == A::CATEGORY, "given: a stream of `{category}` holds no events of `{}`", A::CATEGORY);
        let new = stored::<A::Event>(&event.into()).with_id(place.id);
        let new = match new.with_metadata(&place.metadata) {
            Ok(new) => new,
            Err(error) => panic!("given: the metadata cannot be stored: {error}"),
        };
        self.at(stream, place.version.get(), place.position.get(), |stream, version, position| {
            new.into_stored(stream, version, position, place.recorded_at)
        })
    }

    /// The view is exactly this.
    ///
    /// # Panics
    /// It is not; the panic shows the difference.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a view is written where it is expected")]
    pub fn then(self, expected: V)
    where
        V: Debug + PartialEq,
    {
        assert!(self.view == expected, "the view is another\n{}", difference(&expected, &self.view, "folded"));
    }

    /// Gives the view.
    pub fn view(self) -> V {
        self.view
    }

    #[track_caller]
    fn at(
        mut self,
        stream: StreamId,
        version: u64,
        position: u64,
        event: impl FnOnce(StreamId, Version, Position) -> StoredEvent,
    ) -> Self {
        let event = event(stream.clone(), Version::new(version), Position::new(position));
        let name = event.name.clone();
        let mut batch = EventBatch::<V::Events>::new(vec![event]);
        loop {
            let applied = match batch.try_next() {
                Ok(Some(event)) => self.view.apply(event),
                Ok(None) => break,
                Err(error) => Err(error.into()),
            };
            if let Err(error) = applied {
                panic!("given: `{}` cannot apply `{name}`: {error}", V::NAME);
            }
        }
        self.versions.insert(stream, version);
        self.position = position;
        self
    }
}

#[track_caller]
fn stored<S: AggregateEvent>(event: &S) -> NewEvent {
    match NewEvent::encode(event, |_| ()) {
        Ok(new) => new,
        Err(error) => panic!("given: event `{}` cannot be stored: {error}", event.name()),
    }
}

impl<V: Debug> Debug for ViewScenario<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewScenario").field("view", &self.view).finish_non_exhaustive()
    }
}
