//! The checkpoint: how far a reader has come, and in which incarnation of the log.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::store::Position;

/// How far a reader has come: an incarnation of the log, and a position in it.
///
/// A restore or a failover may lose events that were read, and reuse their positions for others. The log then has a new
/// incarnation, and a store refuses a checkpoint of an older incarnation that is above the last event which both have. A
/// bare [`Position`] becomes a checkpoint without an incarnation, which a store cannot refuse.
///
/// ```
/// # use es_core::{Checkpoint, Position};
/// # use uuid::Uuid;
/// let checkpoint = Checkpoint::new(Uuid::from_u128(7), Position::new(42));
/// assert_eq!(checkpoint.to_string(), "00000000-0000-0000-0000-000000000007/42");
/// assert_eq!("00000000-0000-0000-0000-000000000007/42".parse(), Ok(checkpoint));
/// assert_eq!(serde_json::to_string(&checkpoint)?, r#""00000000-0000-0000-0000-000000000007/42""#);
///
/// let bare = Checkpoint::from(Position::new(42));
/// assert_eq!((bare.to_string().as_str(), bare.incarnation()), ("42", None));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Checkpoint {
    incarnation: Option<Uuid>,
    position: Position,
}

impl Checkpoint {
    /// The start of the log, in any incarnation.
    pub const START: Self = Self { incarnation: None, position: Position::START };

    /// A reader that has handled the events up to `position` in this incarnation of the log.
    pub const fn new(incarnation: Uuid, position: Position) -> Self {
        Self { incarnation: Some(incarnation), position }
    }

    /// The incarnation that the position belongs to; `None` when it belongs to whichever the log has when it is read.
    pub const fn incarnation(self) -> Option<Uuid> {
        self.incarnation
    }

    /// The last position that was handled.
    pub const fn position(self) -> Position {
        self.position
    }

    /// Whether this checkpoint, a frontier, is news to a reader that has seen `seen`: it is above `seen`, or of another
    /// incarnation.
    ///
    /// ```
    /// # use es_core::{Checkpoint, Position};
    /// # use uuid::Uuid;
    /// let frontier = Checkpoint::new(Uuid::from_u128(2), Position::new(5));
    /// assert!(frontier.is_news_after(Position::new(4).into()));
    /// assert!(!frontier.is_news_after(frontier));
    /// assert!(frontier.is_news_after(Checkpoint::new(Uuid::from_u128(1), Position::new(9))));
    /// ```
    pub fn is_news_after(self, seen: Self) -> bool {
        self.is_of_another_log_than(seen) || self.position > seen.position
    }

    /// Whether both have an incarnation, and these differ.
    pub(crate) fn is_of_another_log_than(self, other: Self) -> bool {
        self.incarnation.is_some_and(|here| other.incarnation.is_some_and(|there| there != here))
    }

    /// Gives the same incarnation at another position.
    #[must_use]
    pub const fn at(self, position: Position) -> Self {
        Self { position, ..self }
    }
}

impl From<Position> for Checkpoint {
    fn from(position: Position) -> Self {
        Self { incarnation: None, position }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(incarnation) = self.incarnation {
            write!(f, "{incarnation}/")?;
        }
        self.position.fmt(f)
    }
}

/// Why a text is not a checkpoint, which is `incarnation/position` or a position alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The incarnation is not a UUID.
    #[error("a checkpoint is `incarnation/position`, and the incarnation is a UUID")]
    Incarnation,
    /// The position is not a number.
    #[error("the position of a checkpoint is a whole number from 0 to {}", Position::MAX)]
    Position,
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let (incarnation, position) = match text.split_once('/') {
            Some((incarnation, position)) => {
                (Some(incarnation.parse().map_err(|_| CheckpointError::Incarnation)?), position)
            }
            None => (None, text),
        };
        // `parse` would also accept a sign.
        let digits = !position.is_empty() && position.bytes().all(|byte| byte.is_ascii_digit());
        let number = position.parse::<u64>().ok().filter(|number| digits && *number <= Position::MAX.get());
        let position = Position::new(number.ok_or(CheckpointError::Position)?);
        Ok(Self { incarnation, position })
    }
}

impl Serialize for Checkpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Checkpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Checkpoint;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a checkpoint, as `incarnation/position`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Checkpoint, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_checkpoint_parses_as_itself() {
        for checkpoint in [
            Checkpoint::START,
            Position::MAX.into(),
            Checkpoint::new(Uuid::max(), Position::MAX),
            Checkpoint::new(Uuid::nil(), Position::START),
        ] {
            assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint));
            let json = serde_json::to_string(&checkpoint).expect("a checkpoint is a string");
            assert_eq!(serde_json::from_str::<Checkpoint>(&json).expect("it comes back"), checkpoint);
        }
    }

    #[test]
    fn text_that_is_not_a_checkpoint_is_refused() {
        let nil = Uuid::nil();
        for text in ["", "/", "x", "+1", "-1", " 1", "1 ", "9223372036854775808", "18446744073709551616", "1.0"] {
            assert_eq!(
                text.parse::<Checkpoint>(),
                text.find('/').map_or(Err(CheckpointError::Position), |_| Err(CheckpointError::Incarnation)),
                "{text}"
            );
            assert_eq!(format!("{nil}/{text}").parse::<Checkpoint>(), Err(CheckpointError::Position), "{text}");
        }
        assert_eq!("x/1".parse::<Checkpoint>(), Err(CheckpointError::Incarnation));
        assert!(serde_json::from_str::<Checkpoint>("1").is_err());
    }
}
