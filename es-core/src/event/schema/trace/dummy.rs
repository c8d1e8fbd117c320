//! Made-up values, for parts of a type that the tracer must read but does not look at.

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::Halt;

/// The default string.
pub(super) const TEXT: &str = "a";

/// Deserializes as the smallest value of any type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dummy {
    /// The string that it gives.
    text: &'static str,
    /// How much deeper it may nest, since a type may contain itself.
    depth: u8,
}

impl Dummy {
    /// Creates a value whose strings are `text`.
    pub(super) const fn new(text: &'static str) -> Self {
        Self { text, depth: 32 }
    }

    fn deeper(self, text: &'static str) -> Result<Self, Halt> {
        self.depth.checked_sub(1).map(|depth| Self { text, depth }).ok_or(Halt::Here)
    }
}

/// Implements `deserialize_…` by calling `visit_…` with a value.
macro_rules! values {
    ($($method:ident $visit:ident($value:expr))+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
            visitor.$visit($value)
        })+
    };
}

impl<'de> Deserializer<'de> for Dummy {
    type Error = Halt;

    values! {
        deserialize_bool visit_bool(false)
        deserialize_i8 visit_i8(1)
        deserialize_i16 visit_i16(1)
        deserialize_i32 visit_i32(1)
        deserialize_i64 visit_i64(1)
        deserialize_i128 visit_i128(1)
        deserialize_u8 visit_u8(1)
        deserialize_u16 visit_u16(1)
        deserialize_u32 visit_u32(1)
        deserialize_u64 visit_u64(1)
        deserialize_u128 visit_u128(1)
        deserialize_f32 visit_f32(0.0)
        deserialize_f64 visit_f64(0.0)
        deserialize_char visit_char('a')
        deserialize_bytes visit_bytes(b"a")
        deserialize_byte_buf visit_bytes(b"a")
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_str(self.text)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_str(self.text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_str(self.text)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_str(self.text)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_none()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_seq(Several { left: 0, names: &[], value: self })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_seq(Several { left: length, names: &[], value: self.deeper(TEXT)? })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Halt> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_map(Several { left: 0, names: &[], value: self })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Halt> {
        visitor.visit_map(Several { left: fields.len(), names: fields, value: self.deeper(TEXT)? })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Halt> {
        let first = variants.first().copied().unwrap_or_default();
        visitor.visit_enum(self.deeper(if variants.contains(&self.text) { self.text } else { first })?)
    }
}

/// `left` values; in an object, under these names.
struct Several {
    left: usize,
    names: &'static [&'static str],
    value: Dummy,
}

impl<'de> SeqAccess<'de> for Several {
    type Error = Halt;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Halt> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(self.value).map(Some)
    }
}

impl<'de> MapAccess<'de> for Several {
    type Error = Halt;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Halt> {
        let Some((text, rest)) = self.names.split_first() else { return Ok(None) };
        self.names = rest;
        seed.deserialize(Dummy { text, ..self.value }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Halt> {
        seed.deserialize(self.value)
    }
}

impl<'de> EnumAccess<'de> for Dummy {
    type Error = Halt;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Halt> {
        Ok((seed.deserialize(self)?, Self { text: TEXT, ..self }))
    }
}

impl<'de> VariantAccess<'de> for Dummy {
    type Error = Halt;

    fn unit_variant(self) -> Result<(), Halt> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Halt> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Halt> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Halt> {
        self.deserialize_struct("", fields, visitor)
    }
}
