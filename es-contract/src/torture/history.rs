//! What was done and seen in a torture.

use es_core::{Append, Appended, Filter, Position, StoredEvent};
use uuid::Uuid;

/// Everything that was sent and answered, and what subscribers saw.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "tests of the check write histories by hand")]
pub struct History {
    /// What the random numbers were drawn from.
    pub seed: u64,
    /// Every append, with what came of it in the end.
    pub attempts: Vec<Attempt>,
    /// Every subscriber.
    pub subscribers: Vec<Seen>,
}

/// One append, and what came of it.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests of the check write histories by hand")]
pub struct Attempt {
    /// What was sent.
    pub appends: Vec<Append>,
    /// What was answered.
    pub outcome: Outcome,
}

/// What came of an append.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an append is one of these, or nobody knows")]
pub enum Outcome {
    /// It was acknowledged, perhaps after it was sent again.
    Acknowledged(Vec<Appended>),
    /// It was refused: nothing of it is stored.
    Refused,
    /// Nobody knows: it was dropped, and not sent again.
    Unknown,
}

/// What a subscriber saw.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests of the check write histories by hand")]
pub struct Seen {
    /// Where it started.
    pub after: Position,
    /// What it asked for.
    pub filter: Filter,
    /// What was delivered, in order.
    pub events: Vec<(Position, Uuid)>,
}

/// The log at the end, read when everything was quiet.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "tests of the check write logs by hand")]
pub struct FinalLog {
    /// Its events, in the order they were read.
    pub events: Vec<StoredEvent>,
}
