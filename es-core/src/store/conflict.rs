//! The conflict: an append whose expectations did not hold.

use std::{error::Error, fmt};

use crate::store::{Expected, StreamId, Version};

/// The expectations of an append that did not hold: at least one [`Violation`].
///
/// ```
/// # use es_core::*;
/// let stream = StreamId::new("account", "4711")?;
/// let conflict = Conflict::new(Violation::of_stream(stream, Expected::NoStream, Version::FIRST));
/// assert_eq!(conflict.to_string(), "stream `account/4711` is at version 1, expected no stream");
/// assert_eq!(conflict.actual(), Some(Version::FIRST));
/// # Ok::<(), LimitError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    first: Violation,
    more: Vec<Violation>,
}

/// One expectation that did not hold, today always about a stream. A later release may add expectations about something
/// else; then [`stream`](Self::stream), [`expected`](Self::expected) and [`actual`](Self::actual) give `None`.
///
/// ```
/// # use es_core::*;
/// let stream = StreamId::new("account", "4711")?;
/// let violation = Violation::of_stream(stream.clone(), Expected::NoStream, Version::FIRST).with_ids_taken(true);
/// assert_eq!((violation.stream(), violation.ids_taken()), (Some(&stream), true));
/// # Ok::<(), LimitError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    stream: StreamId,
    expected: Expected,
    actual: Version,
    ids_taken: bool,
}

impl Violation {
    /// The stream `stream` is at version `actual`, but the append expected `expected`.
    pub fn of_stream(stream: StreamId, expected: Expected, actual: Version) -> Self {
        Self { stream, expected, actual, ids_taken: false }
    }

    /// Sets whether some of the event ids are stored already, but not by this same append; `false` unless set.
    #[must_use]
    pub fn with_ids_taken(self, ids_taken: bool) -> Self {
        Self { ids_taken, ..self }
    }

    /// The stream, if the expectation was about one.
    pub fn stream(&self) -> Option<&StreamId> {
        Some(&self.stream)
    }

    /// What the append expected of the stream.
    pub fn expected(&self) -> Option<Expected> {
        Some(self.expected)
    }

    /// The version that the stream has.
    pub fn actual(&self) -> Option<Version> {
        Some(self.actual)
    }

    /// Whether some of the event ids are stored already, but not by this same append.
    pub fn ids_taken(&self) -> bool {
        self.ids_taken
    }
}

impl Conflict {
    /// A conflict of this violation alone.
    pub fn new(violation: Violation) -> Self {
        Self { first: violation, more: Vec::new() }
    }

    /// A conflict of all `violations`, or `None` when there are none.
    pub fn from_all(violations: impl IntoIterator<Item = Violation>) -> Option<Self> {
        let mut violations = violations.into_iter();
        Some(Self { first: violations.next()?, more: violations.collect() })
    }

    /// The stream of the first violation, if it is about one.
    pub fn stream(&self) -> Option<&StreamId> {
        self.first.stream()
    }

    /// What the append expected of that stream.
    pub fn expected(&self) -> Option<Expected> {
        self.first.expected()
    }

    /// The version that that stream has.
    pub fn actual(&self) -> Option<Version> {
        self.first.actual()
    }

    /// All violations.
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
