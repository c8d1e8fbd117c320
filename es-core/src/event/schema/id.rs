//! What is known of an aggregate's ids: their type, and what they print. An id names a stream, so one that prints as
//! something else starts every stream anew.

use std::{any, fmt, marker::PhantomData, str::FromStr};

/// What is read as an id and printed again, to see what ids print.
pub const ID_SAMPLES: [&str; 3] = ["1", "a", "00000000-0000-0000-0000-000000000000"];

/// What the ids of an aggregate are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdSchema {
    /// The type, as written in the source.
    pub ty: String,
    /// What is printed of each of [`ID_SAMPLES`], or `None` where it is no id; nothing where ids are not read from text.
    pub prints: Option<Vec<Option<String>>>,
}

impl IdSchema {
    /// Ids of the type `T`, of which only the type is watched.
    pub fn of<T: ?Sized>() -> Self {
        Self { ty: any::type_name::<T>().to_owned(), prints: None }
    }

    /// Ids of the type that is written `ty`, which print like this.
    pub fn new(ty: &str, prints: Option<Vec<Option<String>>>) -> Self {
        Self { ty: ty.to_owned(), prints }
    }
}

/// Stands for a type of ids. An inherent `prints`, for types that are read from text, goes before that of [`NotParsed`],
/// for all others.
#[derive(Debug)]
pub struct IdProbe<T>(PhantomData<fn(T)>);

impl<T> IdProbe<T> {
    /// The only one.
    pub const NEW: Self = Self(PhantomData);
}

impl<T: FromStr + fmt::Display> IdProbe<T> {
    /// What is printed of each of [`ID_SAMPLES`].
    pub fn prints(&self) -> Option<Vec<Option<String>>> {
        let print = |sample: &&str| sample.parse::<T>().ok().map(|id| id.to_string());
        Some(ID_SAMPLES.iter().map(print).collect())
    }
}

/// What every type answers.
pub trait NotParsed {
    /// Nothing: it is not read from text.
    fn prints(&self) -> Option<Vec<Option<String>>> {
        None
    }
}

impl<T> NotParsed for IdProbe<T> {}
