//! How much of an append is on the disk when it is answered.

/// How much of an append is on the disk when it is answered.
///
/// ```
/// # use es_sqlite::{SqliteStore, Synchronous};
/// let builder = SqliteStore::builder("cache.db").synchronous(Synchronous::LosesLastEventsOnPowerLoss);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Synchronous {
    /// All of it: what was acknowledged survives a power loss. `PRAGMA synchronous = FULL`, the default.
    #[default]
    Full,
    /// Perhaps not yet: a power loss may take the events of the last seconds, though they were acknowledged, and never half an
    /// append. A crash of the program loses nothing. `PRAGMA synchronous = NORMAL`.
    LosesLastEventsOnPowerLoss,
}

impl Synchronous {
    /// The setting with which a new file is made.
    pub(crate) const EXTRA: &str = "EXTRA";

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::LosesLastEventsOnPowerLoss => "NORMAL",
        }
    }

    /// The number that `PRAGMA synchronous` gives for it.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Full => 2,
            Self::LosesLastEventsOnPowerLoss => 1,
        }
    }
}
