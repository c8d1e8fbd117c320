//! Describes an aggregate's ids: their type and how they print. The printed id names the stream, so ids that print in another
//! way name other streams.

use std::{any, fmt, marker::PhantomData, str::FromStr};

/// Texts that are parsed as an id and printed again, to record how ids print.
pub const ID_SAMPLES: [&str; 3] = ["1", "a", "00000000-0000-0000-0000-000000000000"];

/// The ids of an aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdSchema {
    /// The type, as written in the source.
    pub ty: String,
    /// How each of [`ID_SAMPLES`] prints, or `None` if it is not an id; `None` if ids cannot be parsed.
    pub prints: Option<Vec<Option<String>>>,
}

impl IdSchema {
    /// Describes ids of the type `T` by their type only.
    pub fn of<T: ?Sized>() -> Self {
        Self { ty: any::type_name::<T>().to_owned(), prints: None }
    }

    /// Describes ids of the type `ty`, as written in the source, with the printed samples.
    pub fn new(ty: &str, prints: Option<Vec<Option<String>>>) -> Self {
        Self { ty: ty.to_owned(), prints }
    }
}

/// Probes a type of ids. The inherent `prints`, for types that can be parsed, takes precedence over that of [`NotParsed`],
/// for all others.
#[derive(Debug)]
pub struct IdProbe<T>(PhantomData<fn(T)>);

impl<T> IdProbe<T> {
    /// The only value.
    pub const NEW: Self = Self(PhantomData);
}

impl<T: FromStr + fmt::Display> IdProbe<T> {
    /// How each of [`ID_SAMPLES`] prints.
    pub fn prints(&self) -> Option<Vec<Option<String>>> {
        let print = |sample: &&str| sample.parse::<T>().ok().map(|id| id.to_string());
        Some(ID_SAMPLES.iter().map(print).collect())
    }
}

/// The fallback for every type.
pub trait NotParsed {
    /// `None`: it cannot be parsed.
    fn prints(&self) -> Option<Vec<Option<String>>> {
        None
    }
}

impl<T> NotParsed for IdProbe<T> {}
