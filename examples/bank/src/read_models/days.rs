//! A range of days.

use jiff::civil::Date;

/// The days from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    from: Date,
    to: Date,
}

/// The first day is after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{from} is after {to}; give the earlier day first")]
#[non_exhaustive]
pub struct DaysError {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Days {
    /// Every day.
    pub const ALL: Self = Self { from: Date::MIN, to: Date::MAX };

    /// The days from `from` to `to`, both included; without one of them there is no bound on that side.
    ///
    /// # Errors
    /// [`DaysError`] if `from` is after `to`.
    pub fn new(from: Option<Date>, to: Option<Date>) -> Result<Self, DaysError> {
        let (from, to) = (from.unwrap_or(Date::MIN), to.unwrap_or(Date::MAX));
        if from > to { Err(DaysError { from, to }) } else { Ok(Self { from, to }) }
    }

    /// Whether `day` is one of them.
    pub fn contains(self, day: Date) -> bool {
        (self.from..=self.to).contains(&day)
    }
}
