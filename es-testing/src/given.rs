//! Events that have happened, as a store would give them.

use std::{collections::HashMap, fmt::Display};

use es_core::{
    Aggregate, AggregateEvent, EventBatch, IntoEvents, NewEvent, Position, Recorded, StoredEvent, StreamId, Timestamp,
    Version, View,
};

/// Where the next given event stands.
#[derive(Debug, Default)]
pub(crate) struct Given {
    versions: HashMap<StreamId, u64>,
    position: u64,
}

/// An event that has happened: as it was appended, and as a store gives it.
#[derive(Clone, Debug)]
pub(crate) struct GivenEvent {
    pub(crate) new: NewEvent,
    pub(crate) stored: StoredEvent,
}

impl Given {
    /// Stores `events` in the stream of the aggregate `A` with this id, behind those that were given before. They are recorded
    /// at the Unix epoch.
    #[track_caller]
    pub(crate) fn events<A: Aggregate>(&mut self, id: impl Display, events: impl IntoEvents<A>) -> Vec<GivenEvent> {
        let id = id.to_string();
        let stream = match StreamId::new(A::CATEGORY, &*id) {
            Ok(stream) => stream,
            Err(error) => panic!("given: `{id}` is no id: {error}"),
        };
        let mut given = Vec::new();
        for event in events.into_events() {
            let version = self.versions.get(&stream).map_or(1, |last| last + 1);
            let place = (stream.clone(), version, self.position + 1);
            given.push(self.at(place, Timestamp::UNIX_EPOCH, encoded(&event)));
        }
        given
    }

    /// Stores one event at the place, at the time and with the metadata that it has.
    #[track_caller]
    pub(crate) fn recorded<A: Aggregate>(&mut self, event: Recorded<impl Into<A::Event>>) -> GivenEvent {
        let (event, place) = event.split();
        let category = place.stream.category();
        assert!(category == A::CATEGORY, "given: a stream of `{category}` holds no events of `{}`", A::CATEGORY);
        let new = encoded::<A::Event>(&event.into()).with_id(place.id);
        let new = match new.with_metadata(&place.metadata) {
            Ok(new) => new,
            Err(error) => panic!("given: the metadata cannot be stored: {error}"),
        };
        self.at((place.stream, place.version.get(), place.position.get()), place.recorded_at, new)
    }

    fn at(&mut self, place: (StreamId, u64, u64), recorded_at: Timestamp, new: NewEvent) -> GivenEvent {
        let (stream, version, position) = place;
        self.versions.insert(stream.clone(), version);
        self.position = position;
        let stored = new.clone().into_stored(stream, Version::new(version), Position::new(position), recorded_at);
        GivenEvent { new, stored }
    }
}

/// Applies an event to `view`, or each event that it became; none if the view does not want it.
#[track_caller]
pub(crate) fn apply<V: View>(view: &mut V, event: &StoredEvent) {
    let mut batch = EventBatch::<V::Events>::new(vec![event.clone()]);
    loop {
        let applied = match batch.try_next() {
            Ok(Some(event)) => view.apply(event),
            Ok(None) => return,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = applied {
            panic!("given: `{}` cannot apply `{}`: {error}", V::NAME, event.name);
        }
    }
}

#[track_caller]
fn encoded<S: AggregateEvent>(event: &S) -> NewEvent {
    match NewEvent::encode(event, |_| ()) {
        Ok(new) => new,
        Err(error) => panic!("given: event `{}` cannot be stored: {error}", event.name()),
    }
}
