//! The stored name of an event.

use std::{fmt, ops::Deref, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smol_str::SmolStr;

use crate::event::limits::{self, LimitError};

/// The stored name of an event: 1 to 512 bytes of UTF-8 without NUL. Cheap to clone.
///
/// ```
/// # use es_core::EventName;
/// let name: EventName = "account.opened".parse()?;
/// assert_eq!(name, "account.opened");
/// assert!("".parse::<EventName>().is_err());
/// # Ok::<(), es_core::LimitError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventName(SmolStr);

impl EventName {
    /// Checks a name that the program read or built at run time.
    ///
    /// # Errors
    /// [`LimitError`] when it is empty, too long or holds a NUL.
    pub fn new(name: impl AsRef<str>) -> Result<Self, LimitError> {
        let name = name.as_ref();
        limits::check_name("event name", name)?;
        Ok(Self(SmolStr::new(name)))
    }

    /// Checks a name that is a constant of the program, without an allocation.
    ///
    /// # Errors
    /// [`LimitError`] when it is empty, too long or holds a NUL.
    pub fn from_static(name: &'static str) -> Result<Self, LimitError> {
        limits::check_name("event name", name)?;
        Ok(Self(SmolStr::new_static(name)))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for EventName {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for EventName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl FromStr for EventName {
    type Err = LimitError;

    fn from_str(name: &str) -> Result<Self, LimitError> {
        Self::new(name)
    }
}

impl Serialize for EventName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for EventName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl PartialEq<str> for EventName {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for EventName {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
