//! The conflict: which streams were not as an append expected them.

use std::{error::Error, fmt};

use crate::store::{Expected, StreamId, Version};

/// The streams that were not as an append expected them: at least one.
///
/// ```
/// # use es_core::*;
/// let stream = StreamId::new("account", "4711")?;
/// let violation = Violation { stream, expected: Expected::NoStream, actual: Version::FIRST, ids_taken: false };
/// assert_eq!(Conflict::new(violation).to_string(), "stream `account/4711` is at version 1, expected no stream");
/// # Ok::<(), LimitError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Conflict {
    first: Violation,
    more: Vec<Violation>,
}

/// One stream that was not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "storage crates make it; a new field has to reach each of them")]
pub struct Violation {
    /// The stream.
    pub stream: StreamId,
    /// What the append expected of it.
    pub expected: Expected,
    /// The version it has.
    pub actual: Version,
    /// Whether some of the event ids were there already, but not as the very same append.
    pub ids_taken: bool,
}

impl Conflict {
    /// `violation` alone.
    pub fn new(violation: Violation) -> Self {
        Self { first: violation, more: Vec::new() }
    }

    /// All of `violations`, or `None` when there are none.
    pub fn from_all(violations: impl IntoIterator<Item = Violation>) -> Option<Self> {
        let mut violations = violations.into_iter();
        Some(Self { first: violations.next()?, more: violations.collect() })
    }

    /// The first stream that was not as expected.
    pub fn stream(&self) -> &StreamId {
        &self.first.stream
    }

    /// What was expected of the first stream.
    pub fn expected(&self) -> Expected {
        self.first.expected
    }

    /// The version that the first stream has.
    pub fn actual(&self) -> Version {
        self.first.actual
    }

    /// Every stream that was not as expected.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        std::iter::once(&self.first).chain(&self.more)
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, violation) in self.violations().enumerate() {
            let Violation { stream, expected, actual, ids_taken } = violation;
            let comma = if number == 0 { "" } else { "; " };
            write!(f, "{comma}stream `{stream}` is at version {actual}, expected {expected}")?;
            if *ids_taken {
                f.write_str(" (some of the event ids are stored already, but not as this append)")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.violations()).finish()
    }
}

impl Error for Conflict {}
