//! A point in time, in microseconds.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};

use jiff::{SignedDuration, civil::DateTime, fmt::temporal::Pieces};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A point in time: microseconds since 1970-01-01T00:00:00Z. Prints and parses as RFC 3339.
///
/// Every instant from [`MIN`](Self::MIN) to [`MAX`](Self::MAX) is printed, parsed, serialized and stored without loss.
/// Parsing, `now` and conversions from a finer type round down to the microsecond, before 1970 too. A conversion is a `TryFrom` if the target
/// cannot hold every instant of the source.
///
/// ```
/// # use es_core::Timestamp;
/// let time: Timestamp = "2026-11-20T12:14:00.000001Z".parse()?;
/// assert_eq!(time.as_micros(), 1_795_176_840_000_001);
/// assert_eq!(time.to_string(), "2026-11-20T12:14:00.000001Z");
/// # Ok::<(), es_core::TimestampError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a text or another type's time is not a [`Timestamp`]: it is not RFC 3339, or is outside the years 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time of RFC 3339 within the years 1 to 9999, such as `2026-11-20T12:14:00Z`")]
#[non_exhaustive]
pub struct TimestampError;

/// Why a [`Timestamp`] cannot be converted: the other type cannot hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the other type cannot hold the time {0}")]
pub struct TimestampRangeError(Timestamp);

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(0);

    /// The earliest: 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800_000_000);

    /// The latest: 9999-12-31T23:59:59.999999Z.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// Reads the clock of this machine. If the clock is set before [`MIN`](Self::MIN) or after [`MAX`](Self::MAX), gives the
    /// nearer of the two.
    pub fn now() -> Self {
        let now = SystemTime::now();
        let end = if now < SystemTime::UNIX_EPOCH { Self::MIN } else { Self::MAX };
        Self::try_from(now).unwrap_or(end)
    }

    /// The time `micros` microseconds after the epoch, or `None` outside [`MIN`](Self::MIN) to [`MAX`](Self::MAX).
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if micros < Self::MIN.0 || micros > Self::MAX.0 { None } else { Some(Self(micros)) }
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The time `nanos` nanoseconds after the epoch, rounded down to the microsecond.
    fn from_nanos(nanos: i128) -> Result<Self, TimestampError> {
        let micros = i64::try_from(nanos.div_euclid(1_000)).map_err(|_| TimestampError)?;
        Self::from_micros(micros).ok_or(TimestampError)
    }
}

impl TryFrom<SystemTime> for Timestamp {
    type Error = TimestampError;

    fn try_from(time: SystemTime) -> Result<Self, TimestampError> {
        // Never fails: a `Duration` has less than 2^94 nanoseconds.
        let nanos = |distance: Duration| i128::try_from(distance.as_nanos()).unwrap_or(i128::MAX);
        Self::from_nanos(match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => nanos(after),
            Err(before) => -nanos(before.duration()),
        })
    }
}

impl TryFrom<Timestamp> for SystemTime {
    type Error = TimestampRangeError;

    fn try_from(time: Timestamp) -> Result<Self, TimestampRangeError> {
        let distance = Duration::from_micros(time.0.unsigned_abs());
        let moved =
            if time.0 < 0 { Self::UNIX_EPOCH.checked_sub(distance) } else { Self::UNIX_EPOCH.checked_add(distance) };
        moved.ok_or(TimestampRangeError(time))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}Z", EPOCH.saturating_add(SignedDuration::from_micros(self.0)))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        // Parses the pieces, since jiff's own timestamp ends a day before `MAX`.
        let pieces = Pieces::parse(text).map_err(|_| TimestampError)?;
        let (Some(time), Some(offset)) = (pieces.time(), pieces.to_numeric_offset()) else {
            return Err(TimestampError);
        };
        let local = pieces.date().to_datetime(time).duration_since(EPOCH);
        Self::from_nanos(local.as_nanos() - i128::from(offset.seconds()) * 1_000_000_000)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(feature = "jiff")]
impl TryFrom<Timestamp> for jiff::Timestamp {
    type Error = TimestampRangeError;

    fn try_from(time: Timestamp) -> Result<Self, TimestampRangeError> {
        Self::from_nanosecond(i128::from(time.0) * 1_000).map_err(|_| TimestampRangeError(time))
    }
}

#[cfg(feature = "jiff")]
impl TryFrom<jiff::Timestamp> for Timestamp {
    type Error = TimestampError;

    fn try_from(time: jiff::Timestamp) -> Result<Self, TimestampError> {
        Self::from_nanos(time.as_nanosecond())
    }
}

#[cfg(feature = "chrono")]
impl From<Timestamp> for chrono::DateTime<chrono::Utc> {
    fn from(time: Timestamp) -> Self {
        // Always in range: chrono holds the years -262,143 to 262,142.
        Self::UNIX_EPOCH + chrono::TimeDelta::microseconds(time.0)
    }
}

#[cfg(feature = "chrono")]
impl TryFrom<chrono::DateTime<chrono::Utc>> for Timestamp {
    type Error = TimestampError;

    fn try_from(time: chrono::DateTime<chrono::Utc>) -> Result<Self, TimestampError> {
        Self::from_nanos(i128::from(time.timestamp()) * 1_000_000_000 + i128::from(time.timestamp_subsec_nanos()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Instants from the whole range: near its ends, near 1900, 1970 and the end of jiff's own timestamp, and evenly spread.
    fn instants() -> impl Iterator<Item = Timestamp> {
        let ends = [Timestamp::MIN.0, Timestamp::MAX.0, 0, 253_402_207_200_999_999, -2_208_988_800_000_000];
        let near = ends.into_iter().flat_map(|end| [-1_000_001, -1_000, -1, 0, 1, 999, 1_000_000].map(|by| end + by));
        let spread = (0..500).map(|step| Timestamp::MIN.0 + step * 631_045_791_000_013);
        near.chain(spread).filter_map(Timestamp::from_micros)
    }

    #[test]
    fn every_instant_prints_and_parses_and_comes_back_from_other_types() {
        assert!(instants().count() > 500);
        for time in instants() {
            assert_eq!(time.to_string().parse(), Ok(time), "{time}");
            let json = serde_json::to_string(&time).expect("a text");
            assert_eq!(serde_json::from_str::<Timestamp>(&json).ok(), Some(time), "{json}");
            let system = SystemTime::try_from(time).expect("in range here");
            assert_eq!(Timestamp::try_from(system), Ok(time), "{time}");
            #[cfg(feature = "chrono")]
            assert_eq!(Timestamp::try_from(chrono::DateTime::<chrono::Utc>::from(time)), Ok(time), "{time}");
            #[cfg(feature = "jiff")]
            match jiff::Timestamp::try_from(time) {
                Ok(same) => assert_eq!(Timestamp::try_from(same), Ok(time), "{time}"),
                Err(error) => assert!(time.0 > jiff::Timestamp::MAX.as_microsecond(), "{error}"),
            }
        }
    }

    #[test]
    fn the_ends_are_those_of_rfc_3339() {
        assert_eq!(Timestamp::MIN.to_string(), "0001-01-01T00:00:00.000000Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999999Z");
        assert_eq!("9999-12-31T23:59:59.999999999Z".parse(), Ok(Timestamp::MAX));
        assert_eq!("9999-12-31T22:59:59.999999-01:00".parse(), Ok(Timestamp::MAX));
        assert_eq!("0001-01-01T12:00:00+12:00".parse(), Ok(Timestamp::MIN));
        for outside in [
            "9999-12-31T23:59:59-00:01",
            "0001-01-01T00:00:00+00:01",
            "0000-12-31T23:59:59Z",
            "-009999-01-02T00:00:00Z",
        ] {
            assert_eq!(outside.parse::<Timestamp>(), Err(TimestampError), "{outside}");
        }
        for micros in [Timestamp::MIN.0 - 1, Timestamp::MAX.0 + 1, i64::MIN, i64::MAX] {
            assert_eq!(Timestamp::from_micros(micros), None, "{micros}");
        }
        let beyond = SystemTime::try_from(Timestamp::MAX).expect("in range here") + Duration::from_micros(1);
        assert_eq!(Timestamp::try_from(beyond), Err(TimestampError));
        let before = SystemTime::try_from(Timestamp::MIN).expect("in range here") - Duration::from_nanos(1);
        assert_eq!(Timestamp::try_from(before), Err(TimestampError));
    }

    #[test]
    fn parts_of_a_microsecond_are_rounded_down_before_1970_too() {
        for (nanos, micros) in [(1_i64, 0), (999, 0), (1_001, 1), (-1, -1), (-999, -1), (-1_000, -1), (-1_001, -2)] {
            let expected = Timestamp::from_micros(micros).ok_or(TimestampError);
            let distance = Duration::from_nanos(nanos.unsigned_abs());
            let epoch = SystemTime::UNIX_EPOCH;
            let system = if nanos < 0 { epoch - distance } else { epoch + distance };
            assert_eq!(Timestamp::try_from(system), expected, "{nanos}");
            let text = format!("{:.9}Z", EPOCH.saturating_add(SignedDuration::from_nanos(nanos)));
            assert_eq!(text.parse(), expected, "{text}");
            #[cfg(feature = "jiff")]
            assert_eq!(Timestamp::try_from(jiff::Timestamp::UNIX_EPOCH + SignedDuration::from_nanos(nanos)), expected);
            #[cfg(feature = "chrono")]
            assert_eq!(Timestamp::try_from(chrono::DateTime::from_timestamp_nanos(nanos)), expected, "{nanos}");
        }
    }

    #[test]
    fn text_that_is_not_an_instant_is_refused() {
        for text in
            ["yesterday", "2026-11-20", "2026-11-20T12:14:00", "2026-13-01T00:00:00Z", "2026-11-20T12:14:00Z?", ""]
        {
            assert_eq!(text.parse::<Timestamp>(), Err(TimestampError), "{text}");
        }
    }

    #[test]
    fn six_digits_are_always_printed() {
        assert_eq!(Timestamp::UNIX_EPOCH.to_string(), "1970-01-01T00:00:00.000000Z");
        assert_eq!("1970-01-01T00:00:00Z".parse(), Ok(Timestamp::UNIX_EPOCH));
        assert_eq!("1970-01-01t01:00:00.5+01:00".parse(), Ok(Timestamp(500_000)));
    }
}
