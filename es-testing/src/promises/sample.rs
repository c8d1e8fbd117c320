//! The events that the promises store.

use es_core::{Event, EventSet};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

/// An event of the promises.
#[doc(hidden)] // rustc names it to nobody who lacks an event
#[derive(EventSet, Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Sample {
    /// A number in the order of things.
    Noted(Noted),
    /// A text of any kind.
    Written(Written),
    /// A float.
    Measured(Measured),
    /// JSON of any depth.
    Nested(Nested),
    /// Encodes to what it does not decode.
    Lost(Lost),
}

/// See [`Sample::Noted`].
#[doc(hidden)]
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "sample.noted")]
pub struct Noted {
    /// The number.
    pub n: u64,
}

/// See [`Sample::Written`].
#[doc(hidden)]
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "sample.written")]
pub struct Written {
    /// The text.
    pub text: String,
}

/// See [`Sample::Measured`].
#[doc(hidden)]
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "sample.measured")]
pub struct Measured {
    /// The float.
    pub value: f64,
}

/// See [`Sample::Nested`].
#[doc(hidden)]
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "sample.nested")]
pub struct Nested(pub Value);

/// See [`Sample::Lost`].
#[doc(hidden)]
#[derive(Event, Clone, Debug, PartialEq, Serialize)]
#[event(name = "sample.lost")]
pub struct Lost;

impl<'de> Deserialize<'de> for Lost {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(de::Error::custom("it is lost"))
    }
}
