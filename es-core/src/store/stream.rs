//! The stream of an aggregate, and versions and positions of events.

use std::{fmt, num::TryFromIntError, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Unexpected},
    ser,
};
use smol_str::SmolStr;

use crate::event::{LimitError, limits::check_name};

/// The name of a stream: the category of its aggregate and the id within it.
///
/// It prints, parses and serialises as `category/id`. The category ends at the first `/`, and the id may hold more of
/// them. So a category that holds a `/` itself is not serialised: it would be read as another stream. It has no
/// `AsRef<str>`, since category and id are two texts; use `to_string`.
///
/// ```
/// # use es_core::StreamId;
/// let stream = StreamId::new("account", "4711")?;
/// assert_eq!((stream.category(), stream.id()), ("account", "4711"));
/// assert_eq!(stream.to_string(), "account/4711");
/// assert_eq!("account/4711".parse(), Ok(stream));
/// # Ok::<(), es_core::LimitError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    category: SmolStr,
    id: SmolStr,
}

impl StreamId {
    /// Names the stream `id` of `category`; each 1 to 512 bytes of UTF-8 without NUL.
    ///
    /// # Errors
    /// [`LimitError`] when one of the two is empty, too long or holds a NUL.
    pub fn new(category: impl AsRef<str>, id: impl AsRef<str>) -> Result<Self, LimitError> {
        let (category, id) = (category.as_ref(), id.as_ref());
        check_name("category", category)?;
        check_name("stream id", id)?;
        Ok(Self { category: category.into(), id: id.into() })
    }

    /// Names the stream `id` of a category that is a constant of the program.
    pub(crate) fn of_category(category: &'static str, id: &str) -> Result<Self, LimitError> {
        check_name("category", category)?;
        check_name("stream id", id)?;
        Ok(Self { category: SmolStr::new_static(category), id: id.into() })
    }

    /// Names the stream `id` of the same category, whose text the two share in memory.
    ///
    /// ```
    /// # use es_core::StreamId;
    /// let one = StreamId::new("account", "1")?;
    /// assert_eq!(one.sibling("2")?, StreamId::new("account", "2")?);
    /// # Ok::<(), es_core::LimitError>(())
    /// ```
    ///
    /// # Errors
    /// [`LimitError`] as for [`new`](Self::new).
    pub fn sibling(&self, id: impl AsRef<str>) -> Result<Self, LimitError> {
        let id = id.as_ref();
        check_name("stream id", id)?;
        Ok(Self { category: self.category.clone(), id: id.into() })
    }

    /// The category.
    pub fn category(&self) -> &str {
        &self.category
    }

    /// The id within the category.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How many slices a log has.
    pub const SLICES: u16 = 1024;

    /// The slice of the log that the stream belongs to, below [`SLICES`](Self::SLICES). Readers that share the log each take a
    /// range of slices, with [`Filter::slices`](crate::Filter::slices). The slice of a name never changes, since stores keep
    /// it on disk.
    ///
    /// ```
    /// # use es_core::StreamId;
    /// assert_eq!(StreamId::new("account", "4711")?.slice(), 787);
    /// # Ok::<(), es_core::LimitError>(())
    /// ```
    pub fn slice(&self) -> u16 {
        let hash = stable_hash(&[self.category().as_bytes(), self.id.as_bytes()]);
        u16::try_from((hash >> 32) % u64::from(Self::SLICES)).unwrap_or_default()
    }
}

/// A hash that never changes: FNV-1a with 64 bits over the parts, each followed by a zero byte, mixed by the finalizer of
/// `MurmurHash3`. For storage crates: a hash that is kept on disk must not depend on a library's version.
///
/// ```
/// # use es_core::stable_hash;
/// assert_eq!(stable_hash(&[b"account", b"4711"]), 0xa221_9b13_92b5_ea91);
/// assert_ne!(stable_hash(&[b"ab", b"c"]), stable_hash(&[b"a", b"bc"]));
/// ```
pub fn stable_hash(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.iter().chain(&[0]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.category(), self.id)
    }
}

/// Reads `category/id`; the category ends at the first `/`.
impl FromStr for StreamId {
    type Err = LimitError;

    fn from_str(name: &str) -> Result<Self, LimitError> {
        let (category, id) = name.split_once('/').ok_or(LimitError::NoSlash)?;
        Self::new(category, id)
    }
}

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.category.contains('/') {
            return Err(ser::Error::custom(
                "the category of a stream holds a `/`, so `category/id` would name another stream",
            ));
        }
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StreamId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StreamId").field(&self.category()).field(&self.id).finish()
    }
}

/// A number is above the highest [`Version`] and [`Position`].
///
/// ```
/// # use es_core::{NumberTooHigh, Position};
/// assert_eq!(Position::try_from(7_u64), Ok(Position::new(7)));
/// assert_eq!(Position::try_from(u64::MAX), Err(NumberTooHigh));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the number is above 9223372036854775807, the highest version and position")]
pub struct NumberTooHigh;

/// What serde expects of a version or a position.
const BIGINT: &str = "a number from 0 to 9223372036854775807";

macro_rules! ordinal {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// It is never above [`MAX`](Self::MAX), so any database can store it unchanged. Deserializing a larger number is an
        /// error.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// The largest number: the largest `bigint` of a database.
            pub const MAX: Self = Self(i64::MAX as u64);

            /// Wraps `number`; above [`MAX`](Self::MAX) it is `MAX`.
            pub const fn new(number: u64) -> Self {
                if number > Self::MAX.0 { Self::MAX } else { Self(number) }
            }

            /// The number.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// Adds `count`, up to [`MAX`](Self::MAX).
            #[must_use]
            pub const fn plus(self, count: u64) -> Self {
                Self::new(self.0.saturating_add(count))
            }
        }

        /// Refuses what is above [`MAX`](Self::MAX).
        impl TryFrom<u64> for $name {
            type Error = NumberTooHigh;

            fn try_from(number: u64) -> Result<Self, NumberTooHigh> {
                if number > Self::MAX.0 { Err(NumberTooHigh) } else { Ok(Self(number)) }
            }
        }

        impl From<$name> for i64 {
            fn from(number: $name) -> Self {
                number.0.cast_signed() // Never above `MAX`.
            }
        }

        /// Refuses a negative number.
        impl TryFrom<i64> for $name {
            type Error = TryFromIntError;

            fn try_from(number: i64) -> Result<Self, TryFromIntError> {
                u64::try_from(number).map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let number = u64::deserialize(deserializer)?;
                number.try_into().map_err(|_| D::Error::invalid_value(Unexpected::Unsigned(number), &BIGINT))
            }
        }

        impl PartialEq<u64> for $name {
            fn eq(&self, number: &u64) -> bool {
                self.0 == *number
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

ordinal! {
    /// The place of an event in its stream: 1, 2, 3 …; 0 means that the stream does not exist.
    Version
}

impl Version {
    /// The version of a stream that does not exist: 0.
    pub const NONE: Self = Self(0);
    /// The version of a stream's first event: 1.
    pub const FIRST: Self = Self(1);
}

ordinal! {
    /// The place of an event in the whole store: increasing, may have gaps.
    Position
}

impl Position {
    /// The start of the log, before every event: 0.
    pub const START: Self = Self(0);
}

/// The version of a stream that an append expects: the one that the decision was based on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a store must answer every expectation; a new one has to break its build")]
pub enum Expected {
    /// Any version, also of a stream that does not exist.
    Any,
    /// The stream does not exist; the same as `Exact` of version 0.
    NoStream,
    /// The stream has at least one event.
    Exists,
    /// The stream is at this version.
    Exact(Version),
}

impl Expected {
    /// Whether a stream at version `actual` meets the expectation.
    pub fn holds(self, actual: Version) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => actual == Version::NONE,
            Self::Exists => actual > Version::NONE,
            Self::Exact(version) => actual == version,
        }
    }

    /// The expected version, if there is only one.
    pub fn version(self) -> Option<Version> {
        match self {
            Self::Any | Self::Exists => None,
            Self::NoStream => Some(Version::NONE),
            Self::Exact(version) => Some(version),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any version"),
            Self::NoStream => f.write_str("no stream"),
            Self::Exists => f.write_str("an existing stream"),
            Self::Exact(version) => write!(f, "version {version}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_positions_never_exceed_a_bigint() {
        let max = i64::MAX.cast_unsigned();
        assert_eq!(serde_json::from_str::<Version>(&max.to_string()).ok(), Some(Version::MAX));
        for number in [max + 1, max + 2, u64::MAX - 1, u64::MAX] {
            let text = number.to_string();
            assert!(serde_json::from_str::<Version>(&text).is_err(), "{text}");
            assert!(serde_json::from_str::<Position>(&text).is_err(), "{text}");
            assert!(serde_json::from_value::<Version>(number.into()).is_err(), "{text}");
            assert_eq!((Version::new(number), Position::new(number)), (Version::MAX, Position::MAX));
            assert_eq!(
                (Version::try_from(number), Position::try_from(number)),
                (Err(NumberTooHigh), Err(NumberTooHigh))
            );
            assert_eq!(Position::new(number).plus(u64::MAX), Position::MAX);
        }
        assert_eq!((i64::from(Version::MAX), i64::from(Position::START)), (i64::MAX, 0));
        assert_eq!((Version::try_from(i64::MAX), Version::try_from(7_i64)), (Ok(Version::MAX), Ok(Version::new(7))));
        assert!(Position::try_from(-1_i64).is_err());
        assert_eq!((Version::try_from(max), Position::try_from(0_u64)), (Ok(Version::MAX), Ok(Position::START)));
    }

    #[test]
    fn a_stream_is_read_from_the_text_it_prints() {
        for (category, id) in [("account", "4711"), ("account", "a/b"), ("account", "/"), ("ž", "ž//"), ("a b", " ")]
        {
            let stream = StreamId::new(category, id).expect("a name");
            assert_eq!(stream.to_string().parse(), Ok(stream.clone()), "{stream}");
            let json = serde_json::to_string(&stream).expect("a text");
            assert_eq!(json, format!("\"{category}/{id}\""));
            assert_eq!(serde_json::from_str::<StreamId>(&json).ok(), Some(stream), "{json}");
        }
    }

    #[test]
    fn a_text_that_is_no_stream_is_refused() {
        let long = "x".repeat(513);
        for (text, error) in [
            ("account", LimitError::NoSlash),
            ("", LimitError::NoSlash),
            ("/1", LimitError::Empty { what: "category" }),
            ("account/", LimitError::Empty { what: "stream id" }),
            ("account/\0", LimitError::Nul { what: "stream id" }),
            (&*format!("{long}/1"), LimitError::TooLong { what: "category", bytes: 513, limit: 512 }),
        ] {
            assert_eq!(text.parse::<StreamId>(), Err(error), "{text:?}");
            assert!(serde_json::from_value::<StreamId>(text.into()).is_err(), "{text:?}");
        }
        assert!(serde_json::to_string(&StreamId::new("a/b", "1").expect("a name")).is_err(), "it is not `a` and `b/1`");
    }
}
