//! Money, in minor units.

use std::{fmt, str::FromStr};

use es::prelude::*;

/// An amount or a balance in minor units: hundredths of a crown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(i64);

/// The text is no whole number of minor units, or more than 64 bits hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a whole number of minor units within 64 bits")]
#[non_exhaustive]
pub struct MoneyError;

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `minor` hundredths.
    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    /// In hundredths.
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// `units` whole crowns, rounded to a hundredth; beyond 64 bits it is the most there is.
    #[expect(clippy::cast_possible_truncation, reason = "rounded on purpose, and `as` stops at the bounds")]
    pub fn from_units(units: f64) -> Self {
        Self((units * 100.0).round() as i64)
    }

    /// Both together, or the most that 64 bits hold.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left without `other`, or the least that 64 bits hold.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Both together, or `None` beyond 64 bits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// What is left without `other`, or `None` beyond 64 bits.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(MoneyError);
        }
        text.parse().map(Self).map_err(|_| MoneyError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crowns_are_rounded_to_a_hundredth() {
        for (units, minor) in [(0.29, 29), (4.35, 435), (10_506.3, 1_050_630), (f64::MAX, i64::MAX), (f64::NAN, 0)] {
            assert_eq!(Money::from_units(units), Money(minor), "{units}");
        }
    }

    #[test]
    fn only_whole_numbers_are_money() {
        assert_eq!("-372470".parse(), Ok(Money::from_minor(-372_470)));
        assert_eq!("007".parse(), Ok(Money::from_minor(7)));
        for text in ["", "-", "+7", "7.5", " 7", "1e3", "9223372036854775808", "--7"] {
            assert_eq!(text.parse::<Money>(), Err(MoneyError), "{text}");
        }
    }
}
