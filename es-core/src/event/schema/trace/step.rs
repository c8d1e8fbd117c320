//! The steps of a path into a type. The last is the value that the type is tried with.

/// A step into a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The value of an `Option`.
    Inner,
    /// An element of a list.
    Element,
    /// A key of a map.
    Key,
    /// A value of a map.
    Value,
    /// An element of a tuple, by its index.
    Place(usize),
    /// A field, by its index among the keys.
    Field(usize),
    /// A variant, by its index among the names.
    Variant(usize),
    /// A variant with made-up content, to learn which one it is.
    Chosen(usize),
    /// A variant that does not exist.
    Unknown,
    /// An object without keys.
    Empty,
    /// An object with this key and this string.
    Tag(&'static str, &'static str),
    /// An object with two keys, the second of which may be an alias of the first.
    Twice(usize, usize),
    /// An object with all keys whose bit is set.
    Only(u64),
    /// The value itself.
    Sample(Sample),
}

/// A value that a type is tried with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// A string.
    Text(&'static str),
    /// A whole number that is not negative.
    Natural(u128),
    /// A negative whole number.
    Negative(i128),
}
