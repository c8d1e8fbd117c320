//! Checks that a payload which is JSON already can be read again.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::EncodeError;
use crate::event::{
    decode::{NUMBER, NUMBERS_ARE_TEXTS},
    limits::JSON_DEPTH,
};

/// Checks that `json` is one JSON value that every store can keep and every reader can read: UTF-8, no NUL, no unpaired
/// surrogate, no number out of range, at most [`JSON_DEPTH`] arrays and objects deep.
///
/// # Errors
/// [`EncodeError::NotJson`], [`EncodeError::Nul`] or [`EncodeError::TooDeep`].
pub(crate) fn check_json(json: &[u8]) -> Result<(), EncodeError> {
    let refusal = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let checked = Check { depth: 0, refusal: &refusal }.deserialize(&mut deserializer);
    checked
        .and_then(|()| deserializer.end())
        .map_err(|error| refusal.take().unwrap_or(EncodeError::NotJson { line: error.line(), column: error.column() }))
}

#[derive(Clone, Copy)]
struct Check<'a> {
    depth: usize,
    refusal: &'a Cell<Option<EncodeError>>,
}

impl Check<'_> {
    fn inside<E: Error>(self) -> Result<Self, E> {
        if self.depth == JSON_DEPTH {
            return Err(self.refuse(EncodeError::TooDeep { field: None }));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn refuse<E: Error>(self, why: EncodeError) -> E {
        self.refusal.set(Some(why));
        E::custom("refused")
    }
}

impl<'de> DeserializeSeed<'de> for Check<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Check<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if text.as_bytes().contains(&0) { Err(self.refuse(EncodeError::Nul { field: None })) } else { Ok(()) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while elements.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        if NUMBERS_ARE_TEXTS {
            return self.visit_object_or_number(entries);
        }
        let inside = self.inside()?;
        while entries.next_key_seed(inside)?.is_some() {
            entries.next_value_seed(inside)?;
        }
        Ok(())
    }
}

impl Check<'_> {
    /// In a program where [`NUMBERS_ARE_TEXTS`] a number comes as a map with one key, even if no float can hold it.
    fn visit_object_or_number<'de, A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut key: Option<String> = entries.next_key()?;
        if key.as_deref() == Some(NUMBER) {
            let number: String = entries.next_value()?;
            let held = number.parse().is_ok_and(f64::is_finite);
            return if held { Ok(()) } else { Err(A::Error::custom("number out of range")) };
        }
        let inside = self.inside()?;
        while let Some(text) = key {
            inside.visit_str(&text)?;
            entries.next_value_seed(inside)?;
            key = entries.next_key()?;
        }
        Ok(())
    }
}
