//! The read model as a store keeps it: its name and version, its state, and what an owner and others do with it.

use std::{fmt, time::Duration};

use crate::{
    event::LimitError,
    store::{Checkpoint, Position, ReadModelError, StoredRow, StreamId, Version, limits::check_read_model_name},
};

/// Which read model: the name and the version of its projection.
///
/// ```
/// # use es_core::ReadModelId;
/// let id = ReadModelId::new("turnover", 2)?;
/// assert_eq!((id.name(), id.version(), id.to_string().as_str()), ("turnover", 2, "turnover (version 2)"));
/// assert!(ReadModelId::new("", 1).is_err());
/// # Ok::<(), es_core::LimitError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReadModelId {
    name: String,
    version: u32,
}

impl ReadModelId {
    /// The read model `name` in this version.
    ///
    /// # Errors
    /// [`LimitError`] if [`limits::check_read_model_name`](crate::limits::check_read_model_name) refuses the name.
    pub fn new(name: impl Into<String>, version: u32) -> Result<Self, LimitError> {
        let name = name.into();
        check_read_model_name(&name)?;
        Ok(Self { name, version })
    }

    /// The name of the projection.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of the projection.
    pub fn version(&self) -> u32 {
        self.version
    }
}

impl fmt::Display for ReadModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (version {})", self.name, self.version)
    }
}

/// What a read model is doing, as its last owner stored it.
///
/// It is printed and parsed in lower case, with a hyphen between words.
///
/// ```
/// # use es_core::ReadModelState;
/// assert_eq!(ReadModelState::CatchingUp.to_string(), "catching-up");
/// assert_eq!("live".parse(), Ok(ReadModelState::Live));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadModelState {
    /// It has not been at the end of the log since it was made or asked to be rebuilt: its rows are not complete yet.
    Building,
    /// It has been at the end of the log before, and is behind it.
    CatchingUp,
    /// It has been at the end of the log, and follows it.
    Live,
    /// An event failed, and its owner tries again.
    Retrying,
    /// Somebody asked it to pause.
    Paused,
    /// An event failed too often.
    Stopped,
}

impl ReadModelState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Building, Self::CatchingUp, Self::Live, Self::Retrying, Self::Paused, Self::Stopped];

    /// The name of the state, as it is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::CatchingUp => "catching-up",
            Self::Live => "live",
            Self::Retrying => "retrying",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for ReadModelState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text is not the name of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the state of a read model, such as `live`")]
#[non_exhaustive]
pub struct ReadModelStateError {}

impl std::str::FromStr for ReadModelState {
    type Err = ReadModelStateError;

    fn from_str(text: &str) -> Result<Self, ReadModelStateError> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or(ReadModelStateError {})
    }
}

/// The right to move a read model on: the answer of a store to a successful claim.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claim {
    /// The read model.
    pub model: ReadModelId,
    /// The number of the claim, higher than that of every claim before and than that of every request.
    pub epoch: u64,
    /// Where the read model stands: the last event that it handled.
    pub handled: Checkpoint,
    /// How far it has looked: everything up to here is handled, or is nothing that it wants.
    pub seen: Checkpoint,
    /// Whether it has been at the end of the log since it was made or asked to be rebuilt.
    pub complete: bool,
}

impl Claim {
    /// A claim as a store gives it.
    pub const fn new(model: ReadModelId, epoch: u64, handled: Checkpoint, seen: Checkpoint, complete: bool) -> Self {
        Self { model, epoch, handled, seen, complete }
    }

    /// The claim for the step after `step`, once that has been taken.
    #[must_use]
    pub fn after(&self, step: &ReadModelStep) -> Self {
        let complete = self.complete || step.state == ReadModelState::Live;
        Self { model: self.model.clone(), epoch: self.epoch, handled: step.handled, seen: step.seen, complete }
    }
}

/// Where an owner moves a read model to, and what it writes with it.
///
/// ```
/// # use es_core::{Checkpoint, Position, ReadModelState, ReadModelStep};
/// let (handled, seen) = (Checkpoint::from(Position::new(7)), Checkpoint::from(Position::new(9)));
/// let step = ReadModelStep::new(handled, seen, ReadModelState::Live);
/// assert!(step.rows.is_empty() && step.lease.is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadModelStep {
    /// The last event that was handled; as before when there was none.
    pub handled: Checkpoint,
    /// How far the owner has looked.
    pub seen: Checkpoint,
    /// What the read model is doing from now on. [`Live`](ReadModelState::Live) makes it complete.
    pub state: ReadModelState,
    /// Why it is [`Retrying`](ReadModelState::Retrying) or [`Stopped`](ReadModelState::Stopped).
    pub failure: Option<ReadModelFailure>,
    /// The rows that are new or changed, each key once.
    pub rows: Vec<StoredRow>,
    /// For how long from now on the owner stays the owner unless it moves on; `None` gives the lease back.
    pub lease: Option<Duration>,
}

impl ReadModelStep {
    /// A step without rows that gives the lease back.
    pub const fn new(handled: Checkpoint, seen: Checkpoint, state: ReadModelState) -> Self {
        Self { handled, seen, state, failure: None, rows: Vec::new(), lease: None }
    }
}

/// Why an event could not be handled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadModelFailure {
    /// The stream of the event.
    pub stream: StreamId,
    /// Its place in the stream.
    pub version: Version,
    /// Its place in the store.
    pub position: Position,
    /// How often it was tried.
    pub attempts: u32,
    /// The error of the last attempt, with its sources.
    pub error: String,
}

impl ReadModelFailure {
    /// The event at `version` of `stream` failed with `error` at the last of `attempts`. Each NUL character of `error`, which not
    /// every store can keep, becomes U+FFFD.
    pub fn new(
        stream: StreamId,
        version: Version,
        position: Position,
        attempts: u32,
        error: impl Into<String>,
    ) -> Self {
        let error: String = error.into();
        Self { stream, version, position, attempts, error: error.replace('\0', "\u{fffd}") }
    }
}

/// Prints the event and the error.
impl fmt::Display for ReadModelFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, version, position, attempts, error } = self;
        write!(f, "event {version} of stream `{stream}` (position {position}) failed at attempt {attempts}: {error}")
    }
}

/// A read model as its store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadModelStatus {
    /// The read model.
    pub model: ReadModelId,
    /// What it is doing.
    pub state: ReadModelState,
    /// Whether it has been at the end of the log since it was made or asked to be rebuilt.
    pub complete: bool,
    /// The last event that it handled.
    pub handled: Checkpoint,
    /// How far it has looked, as far as that is stored.
    pub seen: Checkpoint,
    /// The number of the last claim or request.
    pub epoch: u64,
    /// The name of the owner, also when its lease is over; `None` when it was given back.
    pub owner: Option<String>,
    /// How long the lease of the owner still lasts, by the store's clock; `None` when it is over or was given back.
    pub lease_left: Option<Duration>,
    /// Why it is retrying or has stopped.
    pub failure: Option<ReadModelFailure>,
}

impl ReadModelStatus {
    /// A read model that was just made, which nobody owns.
    pub const fn new(model: ReadModelId) -> Self {
        Self {
            model,
            state: ReadModelState::Building,
            complete: false,
            handled: Checkpoint::START,
            seen: Checkpoint::START,
            epoch: 0,
            owner: None,
            lease_left: None,
            failure: None,
        }
    }
}

/// What can be asked of a read model, whoever owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadModelRequest {
    /// Pause: nobody moves it on until it is asked to resume.
    Pause,
    /// Go on after a pause. Changes nothing when it is not paused.
    Resume,
    /// Try again what has stopped. Changes nothing when it has not stopped.
    Retry,
    /// Begin anew: without rows, from the start of the log, in the state [`Building`](ReadModelState::Building). One that is
    /// paused stays paused, and what had stopped tries again.
    Rebuild,
}

impl ReadModelRequest {
    /// What `status` becomes by this request; `None` if it changes nothing. A store whose rows are not part of the status
    /// removes them after [`Rebuild`](Self::Rebuild).
    ///
    /// ```
    /// # use es_core::{ReadModelId, ReadModelRequest, ReadModelState, ReadModelStatus};
    /// let status = ReadModelStatus::new(ReadModelId::new("balances", 1)?);
    /// let paused = ReadModelRequest::Pause.applied_to(&status).expect("it was not paused");
    /// assert_eq!((paused.state, paused.epoch), (ReadModelState::Paused, 1));
    /// assert_eq!(ReadModelRequest::Pause.applied_to(&paused), None);
    /// # Ok::<(), es_core::LimitError>(())
    /// ```
    pub fn applied_to(self, status: &ReadModelStatus) -> Option<ReadModelStatus> {
        let running = if status.complete { ReadModelState::CatchingUp } else { ReadModelState::Building };
        let mut asked =
            ReadModelStatus { epoch: status.epoch + 1, owner: None, lease_left: None, failure: None, ..status.clone() };
        asked.state = match (self, status.state) {
            (Self::Pause, ReadModelState::Paused) => return None,
            (Self::Pause, _) => ReadModelState::Paused,
            (Self::Resume, ReadModelState::Paused) | (Self::Retry, ReadModelState::Stopped) => running,
            (Self::Resume | Self::Retry, _) => return None,
            (Self::Rebuild, state) => {
                (asked.handled, asked.seen, asked.complete) = (Checkpoint::START, Checkpoint::START, false);
                if state == ReadModelState::Paused { state } else { ReadModelState::Building }
            }
        };
        Some(asked)
    }
}

impl Claim {
    /// The error for this claim when somebody else moved the read model.
    pub fn fenced(&self) -> ReadModelError {
        ReadModelError::Fenced { model: self.model.clone() }
    }
}
