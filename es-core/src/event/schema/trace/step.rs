//! The steps on the way into a type, the last of which is what the type is tried with.

/// The way to a place inside of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// What an `Option` holds.
    Inner,
    /// A value of a list.
    Element,
    /// A key of a map.
    Key,
    /// A value of a map.
    Value,
    /// A place of a tuple.
    Place(usize),
    /// A field, by its place among the keys.
    Field(usize),
    /// A variant, by its place among the names.
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
    /// The value itself.
    Sample(Sample),
}

/// A value that a type is tried with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// A text.
    Text(&'static str),
    /// A whole number that is not negative.
    Natural(u128),
    /// A negative whole number.
    Negative(i128),
}
