//! Decodes the key of an object.

use std::{borrow::Cow, str::FromStr};

use serde::{
    de::{Deserializer, IgnoredAny, Visitor, value::StrDeserializer},
    forward_to_deserialize_any,
};

use super::{
    cause::{Cause, wrong_type},
    typed::{bytes, number, small_number, text},
};

/// A key of an object: a string, which may hold a number or a boolean.
pub(super) struct Key<'a, 'de>(pub(super) &'a Cow<'de, str>);

impl Key<'_, '_> {
    /// The JSON in the string, if it is JSON without the quotes. As `serde_json`, this reads no number from a string with
    /// escapes.
    fn json(&self) -> Result<&str, Cause> {
        match self.0 {
            Cow::Borrowed(text) if serde_json::from_str::<IgnoredAny>(text).is_ok() => Ok(text),
            _ => wrong_type(),
        }
    }

    fn parsed<T: FromStr>(&self) -> Result<T, Cause> {
        self.json()?.parse().or_else(|_| wrong_type())
    }
}

macro_rules! keys {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
            number(self.json()?, visitor)
        }
    )+};
}

impl<'de> Deserializer<'de> for Key<'_, 'de> {
    type Error = Cause;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        text(self.0, visitor)
    }

    keys! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f64
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        small_number(self.json()?, visitor)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        visitor.visit_i128(self.parsed()?)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        visitor.visit_u128(self.parsed()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        visitor.visit_bool(self.parsed()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Cause> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Cause> {
        visitor.visit_enum(StrDeserializer::<Cause>::new(self.0))
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        bytes(self.0, visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        bytes(self.0, visitor)
    }

    forward_to_deserialize_any! {
        char str string unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
