//! Decodes a payload into a type. Numbers are decoded as without `serde_json`'s feature `arbitrary_precision`, and errors
//! hold only constants of the program.

use std::{borrow::Cow, str::FromStr};

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
    value::{BorrowedStrDeserializer, MapDeserializer, StrDeserializer},
};

use super::{
    PayloadErrorKind,
    cause::{Cause, wrong_type},
    key::Key,
    parser::{Kind, Parser},
};

/// Whether some crate of the program enables `serde_json`'s `arbitrary_precision`, which keeps a number as its text and gives
/// one that is not an integer to serde as a map with one key. Without the feature a number needs no drop.
pub(crate) const NUMBERS_ARE_TEXTS: bool = std::mem::needs_drop::<serde_json::Number>();

/// The key of that map.
pub(crate) const NUMBER: &str = "$serde_json::private::Number";
/// The name by which `serde_json` recognises its `RawValue`.
pub(crate) const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// How a number that is not an integer is given to a visitor of any value, while [`NUMBERS_ARE_TEXTS`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Numbers {
    /// As a float to serde's buffer of any value, if the float prints as the same text; as its text to every other visitor,
    /// since those are types of `serde_json`.
    Kept,
    /// As a float.
    Rounded,
}

/// Decodes the whole of `payload` as `T`; `None` when it is not UTF-8.
pub(super) fn read<T: DeserializeOwned>(payload: &[u8], numbers: Numbers) -> Option<Result<T, Cause>> {
    let mut parser = Parser::new(payload)?;
    let value = T::deserialize(At { parser: &mut parser, numbers });
    Some(value.and_then(|value| parser.end().map(|()| value)))
}

/// The next value of the payload.
struct At<'a, 'de> {
    parser: &'a mut Parser<'de>,
    numbers: Numbers,
}

impl<'de> At<'_, 'de> {
    fn any_number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        let text = self.parser.number()?;
        if NUMBERS_ARE_TEXTS && self.numbers == Numbers::Kept && integer(text).is_none() {
            let float: f64 = text.parse().map_err(|_| Cause::Other(PayloadErrorKind::Syntax))?;
            let same = serde_json::to_string(&float).is_ok_and(|written| written == text);
            if !(same && is_content(&visitor)) {
                return visitor.visit_map(MapDeserializer::new(std::iter::once((NUMBER, text))));
            }
        }
        number(text, visitor)
    }

    /// The text of the number, if it is one.
    fn digits(&mut self) -> Result<&'de str, Cause> {
        if self.parser.kind() == Kind::Number { self.parser.number() } else { wrong_type() }
    }

    /// The string, if it is one.
    fn text(&mut self) -> Result<Cow<'de, str>, Cause> {
        if self.parser.kind() == Kind::Text { self.parser.string() } else { wrong_type() }
    }

    /// The boolean, or `None` for `null`, if it is one of these.
    fn word(&mut self) -> Result<Option<bool>, Cause> {
        if self.parser.kind() == Kind::Word { self.parser.word() } else { wrong_type() }
    }

    fn array<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        let mut rest = Elements(Rest::open(self, b']')?);
        let value = visitor.visit_seq(&mut rest)?;
        if rest.0.another()? { Err(Cause::Other(PayloadErrorKind::Length)) } else { Ok(value) }
    }

    fn object<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        let mut rest = Entries(Rest::open(self, b'}')?);
        let value = visitor.visit_map(&mut rest)?;
        if rest.0.another()? { Err(Cause::Other(PayloadErrorKind::Length)) } else { Ok(value) }
    }
}

pub(super) fn number<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, Cause> {
    match integer(text) {
        Some(Integer::Positive(number)) => visitor.visit_u64(number),
        Some(Integer::Negative(number)) => visitor.visit_i64(number),
        None => visitor.visit_f64(finite(text)?),
    }
}

/// As [`number`], for a type with floats of 32 bits.
pub(super) fn small_number<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, Cause> {
    if integer(text).is_none() { visitor.visit_f32(finite(text)?) } else { number(text, visitor) }
}

enum Integer {
    Positive(u64),
    Negative(i64),
}

/// The integer of this text, if it fits into 64 bits; `-0` is a float.
fn integer(text: &str) -> Option<Integer> {
    if text.starts_with('-') {
        text.parse().ok().filter(|number| *number != 0).map(Integer::Negative)
    } else {
        text.parse().ok().map(Integer::Positive)
    }
}

fn finite<F: FromStr + Into<f64> + Copy>(text: &str) -> Result<F, Cause> {
    let float: F = text.parse().map_err(|_| Cause::Other(PayloadErrorKind::Syntax))?;
    if float.into().is_finite() { Ok(float) } else { Err(Cause::Other(PayloadErrorKind::Value)) }
}

/// Whether the visitor is serde's buffer of any value, for tagged, untagged and flattened types. If a later serde changes this
/// text, decoding falls back to [`Numbers::Rounded`].
fn is_content(visitor: &dyn Expected) -> bool {
    visitor.to_string() == "any value"
}

pub(super) fn text<'de, V: Visitor<'de>>(text: &Cow<'de, str>, visitor: V) -> Result<V::Value, Cause> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_str(text),
    }
}

pub(super) fn bytes<'de, V: Visitor<'de>>(text: &Cow<'de, str>, visitor: V) -> Result<V::Value, Cause> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_bytes(text.as_bytes()),
        Cow::Owned(text) => visitor.visit_bytes(text.as_bytes()),
    }
}

macro_rules! numbers {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Cause> {
            number(self.digits()?, visitor)
        }
    )+};
}

impl<'de> Deserializer<'de> for At<'_, 'de> {
    type Error = Cause;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        match self.parser.kind() {
            Kind::Text => text(&self.parser.string()?, visitor),
            Kind::Array => self.array(visitor),
            Kind::Object => self.object(visitor),
            Kind::Number => self.any_number(visitor),
            Kind::Word => match self.parser.word()? {
                Some(value) => visitor.visit_bool(value),
                None => visitor.visit_unit(),
            },
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f64
    }

    fn deserialize_f32<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Cause> {
        small_number(self.digits()?, visitor)
    }

    fn deserialize_i128<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Cause> {
        visitor.visit_i128(self.digits()?.parse().map_err(|_| Cause::Other(PayloadErrorKind::Value))?)
    }

    fn deserialize_u128<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Cause> {
        visitor.visit_u128(self.digits()?.parse().map_err(|_| Cause::Other(PayloadErrorKind::Value))?)
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Cause> {
        self.word()?.map_or_else(wrong_type, |value| visitor.visit_bool(value))
    }

    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Cause> {
        text(&self.text()?, visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        self.deserialize_str(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        match self.parser.kind() {
            Kind::Text => bytes(&self.parser.string()?, visitor),
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        if !self.parser.at_null() {
            return visitor.visit_some(self);
        }
        self.parser.word()?;
        visitor.visit_none()
    }

    fn deserialize_unit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Cause> {
        if self.word()?.is_none() { visitor.visit_unit() } else { wrong_type() }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Cause> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Cause> {
        if name == RAW_VALUE {
            let raw = BorrowedStrDeserializer::new(self.parser.value()?);
            return visitor.visit_map(MapDeserializer::new(std::iter::once((RAW_VALUE, raw))));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        if self.parser.kind() == Kind::Array { self.array(visitor) } else { wrong_type() }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Cause> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Cause> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        if self.parser.kind() == Kind::Object { self.object(visitor) } else { wrong_type() }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Cause> {
        if self.parser.kind() == Kind::Array { self.array(visitor) } else { self.deserialize_map(visitor) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Cause> {
        match self.parser.kind() {
            Kind::Text => visitor.visit_enum(StrDeserializer::<Cause>::new(&self.parser.string()?)),
            Kind::Object => {
                let Self { parser, numbers } = self;
                let mut rest = Rest::open(At { parser, numbers }, b'}')?;
                if !rest.another()? {
                    return wrong_type();
                }
                let name = rest.parser.key()?;
                let value = visitor.visit_enum(Variant { name, content: At { parser: rest.parser, numbers } })?;
                if rest.another()? { wrong_type() } else { Ok(value) }
            }
            _ => wrong_type(),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Cause> {
        self.parser.value()?;
        visitor.visit_unit()
    }
}

/// The rest of an array or object.
struct Rest<'a, 'de> {
    parser: &'a mut Parser<'de>,
    numbers: Numbers,
    closes: u8,
    first: bool,
    ended: bool,
}

impl<'a, 'de> Rest<'a, 'de> {
    fn open(at: At<'a, 'de>, closes: u8) -> Result<Self, Cause> {
        let At { parser, numbers } = at;
        let first = parser.open()?;
        Ok(Self { parser, numbers, closes, first, ended: false })
    }

    fn another(&mut self) -> Result<bool, Cause> {
        self.ended = self.ended || !self.parser.another(self.closes, &mut self.first)?;
        Ok(!self.ended)
    }

    fn value(&mut self) -> At<'_, 'de> {
        At { parser: self.parser, numbers: self.numbers }
    }
}

struct Elements<'a, 'de>(Rest<'a, 'de>);

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Cause;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Cause> {
        if self.0.another()? { seed.deserialize(self.0.value()).map(Some) } else { Ok(None) }
    }
}

struct Entries<'a, 'de>(Rest<'a, 'de>);

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = Cause;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Cause> {
        if !self.0.another()? {
            return Ok(None);
        }
        seed.deserialize(Key(&self.0.parser.key()?)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Cause> {
        seed.deserialize(self.0.value())
    }
}

struct Variant<'a, 'de> {
    name: Cow<'de, str>,
    content: At<'a, 'de>,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a, 'de> {
    type Error = Cause;
    type Variant = At<'a, 'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, At<'a, 'de>), Cause> {
        let name: StrDeserializer<'_, Cause> = (*self.name).into_deserializer();
        Ok((seed.deserialize(name)?, self.content))
    }
}

impl<'de> VariantAccess<'de> for At<'_, 'de> {
    type Error = Cause;

    fn unit_variant(self) -> Result<(), Cause> {
        serde::Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Cause> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Cause> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Cause> {
        self.deserialize_struct("", &[], visitor)
    }
}

#[cfg(test)]
mod tests;
