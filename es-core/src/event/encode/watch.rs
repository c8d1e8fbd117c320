//! What the guard looks out for.

use std::cell::Cell;

use super::EncodeError;
use crate::event::limits::JSON_DEPTH;

/// Makes the error, given the field it is about.
pub(super) type Why = fn(Option<&'static str>) -> EncodeError;

/// What the watch has come across.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) refusal: Cell<Option<Why>>,
    /// A `RawValue`, or a number that is kept as its text: text that goes out as it is, unseen.
    pub(super) raw: Cell<bool>,
}

/// Watches what is written at one depth.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    pub(super) depth: usize,
    pub(super) seen: &'a Seen,
}

impl Watch<'_> {
    /// The watch inside `containers` more arrays and objects.
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
