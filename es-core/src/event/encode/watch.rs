//! Records what the guard has found in a value.

use std::cell::Cell;

use super::EncodeError;
use crate::event::limits::JSON_DEPTH;

/// Creates the error for a field.
pub(super) type Why = fn(Option<&'static str>) -> EncodeError;

/// What the guard has found.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) refusal: Cell<Option<Why>>,
    /// Whether it found a `RawValue` or a number that is kept as its text, which are written unchecked.
    pub(super) raw: Cell<bool>,
}

/// Checks the values at one depth.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    pub(super) depth: usize,
    pub(super) seen: &'a Seen,
}

impl Watch<'_> {
    /// The watch for values inside `containers` more arrays and objects.
    #[inline]
    pub(super) fn inside<E: serde::ser::Error>(self, containers: usize) -> Result<Self, E> {
        let depth = self.depth + containers;
        if depth > JSON_DEPTH {
            return Err(self.refuse(|field| EncodeError::TooDeep { field }));
        }
        Ok(Self { depth, ..self })
    }

    #[cold]
    pub(super) fn refuse<E: serde::ser::Error>(self, why: Why) -> E {
        self.seen.refusal.set(Some(why));
        E::custom("refused")
    }

    #[cold]
    pub(super) fn refuse_key(self) {
        let why: Why = self.seen.refusal.get().unwrap_or(|field| EncodeError::Key { field });
        self.seen.refusal.set(Some(why));
    }

    #[inline]
    pub(super) fn finite<E: serde::ser::Error>(self, finite: bool) -> Result<(), E> {
        if finite { Ok(()) } else { Err(self.refuse(|field| EncodeError::NotFinite { field })) }
    }
}
