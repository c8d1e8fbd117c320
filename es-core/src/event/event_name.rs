//! The stored name of an event.

use std::{cmp::Ordering, fmt, hash, ops::Deref, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::event::{
    limits::{self, LimitError},
    shared_string::SharedString,
};

/// The stored name of an event: 1 to 512 bytes of UTF-8 without NUL. Cheap to clone.
///
/// ```
/// # use es_core::EventName;
/// let name: EventName = "account.opened".parse()?;
/// assert_eq!(name, "account.opened");
/// assert!("".parse::<EventName>().is_err());
/// # Ok::<(), es_core::LimitError>(())
/// ```
#[derive(Clone)]
pub struct EventName(SharedString);

impl EventName {
    /// Checks a name that the program read or built at run time.
    ///
    /// # Errors
    /// [`LimitError`] when it is empty, too long or holds a NUL.
    pub fn new(name: impl Into<Arc<str>>) -> Result<Self, LimitError> {
        let name = name.into();
        limits::check_name("event name", &name)?;
        Ok(Self(SharedString::Counted(name)))
    }

    /// Checks a name that is a constant of the program, without an allocation.
    ///
    /// # Errors
    /// [`LimitError`] when it is empty, too long or holds a NUL.
    pub fn from_static(name: &'static str) -> Result<Self, LimitError> {
        limits::check_name("event name", name)?;
        Ok(Self(SharedString::Static(name)))
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

impl PartialOrd for EventName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EventName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialEq for EventName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for EventName {}

impl hash::Hash for EventName {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
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
