//! The events that the promises store.

use es_core::{Aggregate, Apply, Event};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

/// The aggregate whose events the promises store. It and its events are hidden, so that rustc does not suggest them in messages
/// about a missing event.
#[doc(hidden)]
#[derive(Aggregate, Debug, Default)]
#[aggregate(category = "sample", id = String, event = Sample, events(Noted, Written, Measured, Nested, Lost))]
#[non_exhaustive]
pub struct Samples;

/// Folds nothing: the promises look at stored events.
impl<E> Apply<E> for Samples {
    fn apply(&mut self, _: E) {}
}

/// A number.
#[doc(hidden)]
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "sample.noted")]
pub struct Noted {
    /// The number.
    pub n: u64,
}

/// A text.
#[doc(hidden)]
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "sample.written")]
pub struct Written {
    /// The text.
    pub text: String,
}

/// A float.
#[doc(hidden)]
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "sample.measured")]
pub struct Measured {
    /// The float.
    pub value: f64,
}

/// JSON of any depth.
#[doc(hidden)]
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "sample.nested")]
pub struct Nested(pub Value);

/// An event that encodes to something that it does not decode.
#[doc(hidden)]
#[derive(Event, Clone, Debug, PartialEq, Serialize)]
#[event(name = "sample.lost")]
pub struct Lost;

impl<'de> Deserialize<'de> for Lost {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(de::Error::custom("it is lost"))
    }
}
