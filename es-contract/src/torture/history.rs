//! The record of a torture: what was sent, answered and delivered.

use es_core::{Append, Appended, Filter, Position, StoredEvent};
use uuid::Uuid;

/// Everything that was sent and answered, and what subscribers saw.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "tests of the check write histories by hand")]
pub struct History {
    /// The seed of the random numbers.
    pub seed: u64,
    /// Every append, with its last answer.
    pub attempts: Vec<Attempt>,
    /// Every subscriber.
    pub subscribers: Vec<Seen>,
}

/// One append, and its outcome.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests of the check write histories by hand")]
pub struct Attempt {
    /// What was sent.
    pub appends: Vec<Append>,
    /// How it was answered.
    pub outcome: AttemptOutcome,
}

/// How an append was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an append is acknowledged, refused, or its outcome is unknown")]
pub enum AttemptOutcome {
    /// It was acknowledged, possibly after it was sent again.
    Acknowledged(Vec<Appended>),
    /// It was refused: nothing of it is stored.
    Refused,
    /// It is not known: the answer was lost, and the append was not sent again.
    Unknown,
}

/// What a subscriber saw.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests of the check write histories by hand")]
pub struct Seen {
    /// The position after which it started.
    pub after: Position,
    /// The filter of the subscription.
    pub filter: Filter,
    /// The delivered events, in order.
    pub events: Vec<(Position, Uuid)>,
}

/// The log at the end, read after all writers have stopped.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "tests of the check write logs by hand")]
pub struct FinalLog {
    /// Its events, in the order in which they were read.
    pub events: Vec<StoredEvent>,
}
