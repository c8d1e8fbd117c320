//! Reading a [`Node`] as a type: numbers are what they are without serde_json's feature `arbitrary_precision`, and errors
//! name what serde says of them as constants of the program.

use std::{borrow::Cow, str::FromStr};

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
    value::{BorrowedStrDeserializer, MapDeserializer, StrDeserializer},
};

use super::{
    Mismatch,
    key::Key,
    tree::{Kind, Node},
    wrong::{Wrong, another_type},
};

/// Whether some crate of the program has turned on serde_json's `arbitrary_precision`, which keeps a number as its text
/// and shows one that is no integer as a map with one key. Without it a number needs no drop.
pub(crate) const NUMBERS_ARE_TEXTS: bool = std::mem::needs_drop::<serde_json::Number>();

/// The key of that map.
pub(crate) const NUMBER: &str = "$serde_json::private::Number";
/// The name by which `serde_json` tells its `RawValue` from other structs.
pub(crate) const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// What becomes of a number that is no integer where somebody takes any value, while [`NUMBERS_ARE_TEXTS`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Numbers {
    /// A float for serde, which takes any value to look at it later, if the float is written in the same way; its text for
    /// all others, who know `serde_json`.
    Kept,
    /// A float.
    Rounded,
}

/// Reads `node` as `T`.
pub(super) fn read<T: DeserializeOwned>(node: &Node<'_>, numbers: Numbers) -> Result<T, Wrong> {
    T::deserialize(At { node, numbers })
}

/// A value to read.
#[derive(Clone, Copy)]
struct At<'a, 'de> {
    node: &'a Node<'de>,
    numbers: Numbers,
}

impl<'de> At<'_, 'de> {
    fn any_number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let text = self.node.text;
        if NUMBERS_ARE_TEXTS && self.numbers == Numbers::Kept && integer(text).is_none() {
            let float: f64 = text.parse().map_err(|_| Wrong::Other(Mismatch::Syntax))?;
            let same = serde_json::to_string(&float).is_ok_and(|written| written == text);
            if !(same && is_content(&visitor)) {
                return visitor.visit_map(MapDeserializer::new(std::iter::once((NUMBER, text))));
            }
        }
        self.number(visitor)
    }

    fn number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match (&self.node.kind, integer(self.node.text)) {
            (Kind::Number, Some(Integer::Positive(number))) => visitor.visit_u64(number),
            (Kind::Number, Some(Integer::Negative(number))) => visitor.visit_i64(number),
            (Kind::Number, None) => visitor.visit_f64(finite(self.node.text)?),
            _ => another_type(),
        }
    }

    fn array<V: Visitor<'de>>(self, elements: &[Node<'de>], visitor: V) -> Result<V::Value, Wrong> {
        let mut rest = Elements { rest: elements.iter(), numbers: self.numbers };
        let value = visitor.visit_seq(&mut rest)?;
        if rest.rest.len() == 0 { Ok(value) } else { Err(Wrong::Other(Mismatch::Length)) }
    }

    fn object<V: Visitor<'de>>(self, entries: &[(Cow<'de, str>, Node<'de>)], visitor: V) -> Result<V::Value, Wrong> {
        let mut rest = Entries { rest: entries.iter(), value: None, numbers: self.numbers };
        let value = visitor.visit_map(&mut rest)?;
        if rest.rest.len() == 0 { Ok(value) } else { Err(Wrong::Other(Mismatch::Length)) }
    }
}

enum Integer {
    Positive(u64),
    Negative(i64),
}

/// The integer that is written so, if it has 64 bits; zero with a sign is a float.
fn integer(text: &str) -> Option<Integer> {
    if text.starts_with('-') {
        text.parse().ok().filter(|number| *number != 0).map(Integer::Negative)
    } else {
        text.parse().ok().map(Integer::Positive)
    }
}

fn finite<F: FromStr + Into<f64> + Copy>(text: &str) -> Result<F, Wrong> {
    let float: F = text.parse().map_err(|_| Wrong::Other(Mismatch::Syntax))?;
    if float.into().is_finite() { Ok(float) } else { Err(Wrong::Other(Mismatch::Value)) }
}

/// Whether it is serde that takes any value, to look at it later: for tagged, untagged and flattened types. If serde
/// should say so in another way, [`Numbers::Rounded`] helps.
fn is_content(visitor: &dyn Expected) -> bool {
    visitor.to_string() == "any value"
}

pub(super) fn text<'de, V: Visitor<'de>>(text: &Cow<'de, str>, visitor: V) -> Result<V::Value, Wrong> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_str(text),
    }
}

pub(super) fn bytes<'de, V: Visitor<'de>>(text: &Cow<'de, str>, visitor: V) -> Result<V::Value, Wrong> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_bytes(text.as_bytes()),
        Cow::Owned(text) => visitor.visit_bytes(text.as_bytes()),
    }
}

macro_rules! numbers {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            self.number(visitor)
        }
    )+};
}

impl<'de> Deserializer<'de> for At<'_, 'de> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(value) => visitor.visit_bool(*value),
            Kind::Number => self.any_number(visitor),
            Kind::Text(value) => text(value, visitor),
            Kind::Array(elements) => self.array(elements, visitor),
            Kind::Object(entries) => self.object(entries, visitor),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f64
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.kind {
            Kind::Number if integer(self.node.text).is_none() => visitor.visit_f32(finite(self.node.text)?),
            _ => self.number(visitor),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.kind {
            Kind::Number => visitor.visit_i128(self.node.text.parse().map_err(|_| Wrong::Other(Mismatch::Value))?),
            _ => another_type(),
        }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.kind {
            Kind::Number => visitor.visit_u128(self.node.text.parse().map_err(|_| Wrong::Other(Mismatch::Value))?),
            _ => another_type(),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.kind {
            Kind::Bool(value) => visitor.visit_bool(*value),
            _ => another_type(),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.kind {
            Kind::Text(value) => text(value, visitor),
            _ => another_type(),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.kind {
            Kind::Text(value) => bytes(value, visitor),
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.kind {
            Kind::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.kind {
            Kind::Null => visitor.visit_unit(),
            _ => another_type(),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        if name == RAW_VALUE {
            let raw = BorrowedStrDeserializer::new(self.node.text);
            return visitor.visit_map(MapDeserializer::new(std::iter::once((RAW_VALUE, raw))));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.kind {
            Kind::Array(elements) => self.array(elements, visitor),
            _ => another_type(),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.kind {
            Kind::Object(entries) => self.object(entries, visitor),
            _ => another_type(),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match &self.node.kind {
            Kind::Array(elements) => self.array(elements, visitor),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match &self.node.kind {
            Kind::Text(name) => visitor.visit_enum(StrDeserializer::<Wrong>::new(name)),
            Kind::Object(entries) => match entries.as_slice() {
                [(name, node)] => visitor.visit_enum(Variant { name, content: At { node, ..self } }),
                _ => another_type(),
            },
            _ => another_type(),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }
}

struct Elements<'a, 'de> {
    rest: std::slice::Iter<'a, Node<'de>>,
    numbers: Numbers,
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        let numbers = self.numbers;
        self.rest.next().map(|node| seed.deserialize(At { node, numbers })).transpose()
    }
}

struct Entries<'a, 'de> {
    rest: std::slice::Iter<'a, (Cow<'de, str>, Node<'de>)>,
    value: Option<&'a Node<'de>>,
    numbers: Numbers,
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Key(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        match self.value.take() {
            Some(node) => seed.deserialize(At { node, numbers: self.numbers }),
            None => another_type(),
        }
    }
}

struct Variant<'a, 'de> {
    name: &'a str,
    content: At<'a, 'de>,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a, 'de> {
    type Error = Wrong;
    type Variant = At<'a, 'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, At<'a, 'de>), Wrong> {
        let name: StrDeserializer<'_, Wrong> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self.content))
    }
}

impl<'de> VariantAccess<'de> for At<'_, 'de> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        serde::Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_struct("", &[], visitor)
    }
}
