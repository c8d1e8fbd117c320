//! The root: an aggregate's state, with its id, its version and its pending events.

use std::{fmt, mem, ops::Deref};

use crate::{
    aggregate::{Aggregate, Command, IntoEvents},
    event::{AggregateEvent as _, EncodeError, LimitError, Metadata},
    store::{
        Append, Appended, Expected, Position, ReadError, Recorded, StoredEvent, StreamId, Version,
        new_event::{self, Encoded},
    },
};

/// An aggregate as it was loaded. It derefs to the state, has the id and the version, and collects events until
/// [`Repository::append`](crate::Repository::append) stores them.
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
/// let mut root = Root::<Account>::new("4711".to_owned())?;
/// root.record(Deposited { amount: 5 });
/// assert_eq!((root.balance, root.pending().len()), (5, 1));
/// assert_eq!(root.version(), Version::NONE, "nothing is appended yet");
/// # Ok::<(), LimitError>(())
/// ```
///
/// # Methods that hide the aggregate's own
/// A root has methods such as `version`, `id`, `exists`, `state` and `stream`. Where the aggregate has a method of the same
/// name, `root.version()` calls that of the root, and the compiler does not say so. Fields are not hidden. Call the
/// aggregate's own method on [`state`](Self::state):
///
/// ```
/// # use es_core::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "document.published")]
/// # struct Published { version: u64 }
/// #[derive(Aggregate, Default)]
/// #[aggregate(category = "document", id = String, events(Published))]
/// struct Document { version: u64 }
/// # #[es_core::apply]
/// # impl Document { fn published(&mut self, event: Published) { self.version = event.version; } }
///
/// impl Document {
///     fn version(&self) -> u64 { self.version }
/// }
///
/// let mut root = Root::<Document>::new("4711".to_owned())?;
/// root.record(Published { version: 3 });
/// assert_eq!(root.version(), Version::NONE, "of the stream: nothing is appended yet");
/// assert_eq!((root.state().version(), root.version), (3, 3), "of the document");
/// # Ok::<(), LimitError>(())
/// ```
pub struct Root<A: Aggregate> {
    state: A,
    id: A::Id,
    stream: StreamId,
    version: Version,
    /// The position of the last stored event.
    position: Position,
    pending: Vec<Pending<A>>,
    // Both are boxed: they are rare, and a root is moved through several futures.
    refused: Option<Box<EncodeError>>,
    metadata: Option<Box<Metadata>>,
    recorded: Vec<Recorded<A::Event>>,
}

struct Pending<A: Aggregate> {
    /// The decoded event, as a reader will see it; it may differ from the one that was recorded.
    event: A::Event,
    encoded: Encoded,
}

impl<A: Aggregate> Root<A> {
    /// Creates the aggregate `id` before any event.
    ///
    /// # Errors
    /// [`LimitError`] when the id does not print as a valid stream id.
    pub fn new(id: A::Id) -> Result<Self, LimitError> {
        let stream = StreamId::of_category(A::CATEGORY, &id.to_string())?;
        Ok(Self {
            state: A::initial(),
            id,
            stream,
            version: Version::NONE,
            position: Position::START,
            pending: Vec::new(),
            refused: None,
            metadata: None,
            recorded: Vec::new(),
        })
    }

    /// The id.
    pub fn id(&self) -> &A::Id {
        &self.id
    }

    /// The stream.
    pub fn stream(&self) -> &StreamId {
        &self.stream
    }

    /// The version of the last stored event; 0 when the stream does not exist. Pending events do not count.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The position of the last stored event; [`Position::START`] when the stream does not exist.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Whether the aggregate has a stored event. Pending events do not count.
    pub fn exists(&self) -> bool {
        self.version > Version::NONE
    }

    /// The state.
    pub fn state(&self) -> &A {
        &self.state
    }

    /// Takes the state.
    pub fn into_state(self) -> A {
        self.state
    }

    /// The events that are recorded but not yet appended, as a reader will see them.
    pub fn pending(&self) -> impl ExactSizeIterator<Item = &A::Event> {
        self.pending.iter().map(|pending| &pending.event)
    }

    /// Records events and applies them to the state, as a reader will see them. An event that cannot be stored is not applied,
    /// and the append fails with its error.
    pub fn record(&mut self, events: impl IntoEvents<A>) {
        events.into_events().for_each(|event| self.push(&event));
    }

    /// Decides on `command` and records its events.
    ///
    /// # Errors
    /// The domain's refusal; nothing is recorded then.
    pub fn handle<C: Command<A>>(&mut self, command: C) -> Result<(), C::Error> {
        // The events may borrow the state, so all of them are collected before the first is applied. Usually there is one.
        let mut events = command.decide(&self.state)?.into_events();
        let (first, more) = (events.next(), events.collect::<Vec<_>>());
        if let Some(event) = first {
            self.push(&event);
        }
        for event in more {
            self.push(&event);
        }
        Ok(())
    }

    /// Sets the metadata of every event that the next append stores.
    pub fn set_metadata(&mut self, metadata: Metadata) {
        self.metadata = Some(Box::new(metadata));
    }

    /// Applies the stream's next stored event.
    ///
    /// # Errors
    /// [`ReadError`] when it does not decode or is not the next one.
    pub fn replay(&mut self, stored: &StoredEvent) -> Result<(), ReadError> {
        self.replaying().1.next(stored)
    }

    /// Splits the root into its stream and the part that replays events.
    pub(crate) fn replaying(&mut self) -> (&StreamId, Replay<'_, A>) {
        let Self { state, stream, version, position, .. } = self;
        (stream, Replay { state, stream, version, position })
    }

    /// Creates the append of the pending events, which expects the version of this root. It is for requests with several
    /// aggregates, together with [`assertion`](Self::assertion) and [`settle`](Self::settle).
    ///
    /// # Errors
    /// [`EncodeError`] when a pending event or the metadata cannot be stored.
    pub fn to_append(&self) -> Result<Append, EncodeError> {
        if let Some(error) = &self.refused {
            return Err(EncodeError::clone(error));
        }
        let metadata = self.metadata.as_deref().map(new_event::encode_metadata).transpose()?;
        let events = self.pending.iter().map(|pending| pending.encoded.to_new(metadata.clone()));
        Ok(Append::new(self.stream.clone(), Expected::Exact(self.version), events.collect()))
    }

    /// Creates an assertion, for a request of other aggregates, that this aggregate has not changed since it was loaded.
    pub fn assertion(&self) -> Append {
        Append::assertion(self.stream.clone(), Expected::Exact(self.version))
    }

    /// Notes that the append of [`to_append`](Self::to_append) succeeded: turns the pending events into recorded ones.
    pub fn settle(&mut self, appended: &Appended) {
        if self.pending.is_empty() {
            // An assertion stores no event, so the metadata stays for the next append that does.
            self.version = appended.version;
            return;
        }
        let metadata = self.metadata.take().map_or_else(Metadata::default, |metadata| *metadata);
        let places = (appended.first_version().get()..).map(Version::new).zip(appended.positions.iter().copied());
        let pending = mem::take(&mut self.pending).into_iter().zip(places);
        // The iterator knows its length, so the list has no spare capacity.
        self.recorded = appended.recorded_at.map_or_else(Vec::new, |recorded_at| {
            pending
                .map(|(pending, (version, position))| Recorded {
                    id: pending.encoded.id,
                    stream: self.stream.clone(),
                    version,
                    position,
                    part: 0,
                    recorded_at,
                    metadata: metadata.clone(),
                    event: pending.event,
                })
                .collect()
        });
        self.version = appended.version;
        self.position = appended.positions.last().copied().unwrap_or(self.position);
    }

    /// Takes the events that the last append stored, as a reader sees them.
    pub fn take_recorded(&mut self) -> Vec<Recorded<A::Event>> {
        mem::take(&mut self.recorded)
    }

    fn push(&mut self, event: &A::Event) {
        match Encoded::new(event) {
            Ok((encoded, event)) => {
                // Applies the decoded event, so that the state is the one that a reader folds.
                self.state.apply_event(event.copied());
                // Usually it is the only event, and `Vec` would reserve a kilobyte for four.
                if self.pending.capacity() == 0 {
                    self.pending.reserve_exact(1);
                }
                self.pending.push(Pending { event, encoded });
            }
            Err(error) => {
                self.refused.get_or_insert_with(|| Box::new(error));
            }
        }
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.pending.is_empty() && self.refused.is_none()
    }
}

/// The fields of a root that a replay changes; the caller borrows the stream meanwhile.
pub(crate) struct Replay<'a, A> {
    state: &'a mut A,
    stream: &'a StreamId,
    version: &'a mut Version,
    position: &'a mut Position,
}

impl<A: Aggregate> Replay<'_, A> {
    pub(crate) fn next(&mut self, stored: &StoredEvent) -> Result<(), ReadError> {
        if stored.version != self.version.plus(1) {
            let (stream, after) = (self.stream.clone(), *self.version);
            return Err(ReadError::Hole { stream, after, found: stored.version });
        }
        stored.decode_each(|event| self.state.apply_event(event))?;
        (*self.version, *self.position) = (stored.version, stored.position);
        Ok(())
    }
}

/// A clone is independent: events that are recorded on one of the two are not pending on the other.
impl<A: Aggregate + Clone> Clone for Root<A> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            id: self.id.clone(),
            stream: self.stream.clone(),
            version: self.version,
            position: self.position,
            pending: self.pending.iter().map(Pending::copied).collect(),
            refused: self.refused.clone(),
            metadata: self.metadata.clone(),
            recorded: self.recorded.iter().map(|recorded| recorded.as_ref().map(A::Event::copied)).collect(),
        }
    }
}

impl<A: Aggregate> Pending<A> {
    fn copied(&self) -> Self {
        Self { event: self.event.copied(), encoded: self.encoded.clone() }
    }
}

impl<A: Aggregate> Deref for Root<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.state
    }
}

impl<A: Aggregate + fmt::Debug> fmt::Debug for Root<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Root")
            .field("stream", &self.stream)
            .field("version", &self.version)
            .field("state", &self.state)
            .field("pending", &self.pending.iter().map(|pending| &pending.encoded.name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
