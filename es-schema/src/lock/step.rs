//! The steps on the way into a type, the last of which is what the type is tried with.

use super::node::INTEGERS;

/// The way to a place inside of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::schema) enum Step {
    Inner,
    Element,
    Key,
    Value,
    Place(usize),
    Field(usize),
    Variant(usize),
    /// A variant whose content is made up, to see which one it is.
    Chosen(usize),
    /// A variant that is not known.
    Unknown,
    /// An object without any key.
    Empty,
    /// An object with this key and this text.
    Tag(&'static str, &'static str),
    /// An object with two keys, of which the second may be another name of the first.
    Twice(usize, usize),
    /// An object with all keys that have their bit set.
    Only(u64),
    /// The value itself: one of [`SAMPLES`] or, of whole numbers, of their bounds.
    Sample(usize),
}

/// Texts of several forms.
pub(super) const SAMPLES: [&str; 4] = ["", "1", "a", "00000000-0000-0000-0000-000000000000"];

/// What is offered to who asks for a `value`, as JSON.
pub(super) fn samples(value: &str) -> Vec<String> {
    match INTEGERS.iter().find(|(name, ..)| *name == value) {
        Some((_, min, max)) => {
            let mut samples = vec![min.to_string(), "0".to_owned(), "1".to_owned(), max.to_string()];
            samples.dedup();
            samples
        }
        None if value == "string" => SAMPLES.iter().map(|text| serde_json::Value::from(*text).to_string()).collect(),
        None => Vec::new(),
    }
}
