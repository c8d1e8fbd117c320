//! Runs a type's `Deserialize` to learn what it asks for, one step further each time.

use std::{
    cell::Cell,
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    mem::discriminant,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

mod dummy;
mod step;

use dummy::{Dummy, TEXT};
pub use step::{Sample, Step};

/// What a `Deserialize` asks for.
#[derive(Clone, Copy, Debug)]
pub enum Asked {
    /// A plain value, by its name in the schema lock.
    Value(&'static str),
    /// Any value.
    Anything,
    /// A value or `null`.
    Option,
    /// An array of any length.
    List,
    /// An object with any keys.
    Map,
    /// An array of this length.
    Tuple(usize),
    /// A struct of this name with these keys.
    Struct(&'static str, &'static [&'static str]),
    /// An enum of this name with these variants.
    Enum(&'static str, &'static [&'static str]),
}

/// Why a try ended.
#[derive(Debug)]
pub enum Halt {
    /// The end of the path was reached, or the type refused a value.
    Here,
    /// A key is missing.
    Missing(&'static str),
    /// A key occurs twice.
    Duplicate,
    /// The type has these variants.
    Variants(&'static [&'static str]),
    /// A variant was read, with this hash of its discriminant.
    Variant(u64),
    /// The type accepted the value. This is an error, too, so that the type around it stops.
    Accepted,
}

/// The result of a try: what was asked for at the end of the path, and why it ended.
pub type Try = (Option<Asked>, Result<(), Halt>);

/// Follows `path` into `T`. A panic of the type on a made-up value counts as a refusal.
pub fn follow<T>(path: &[Step], read: impl FnOnce(Tracer<'_>) -> Result<T, Halt>) -> Try {
    let asked = Cell::new(None);
    let tracer = Tracer { path, asked: &asked };
    let end = catch_unwind(AssertUnwindSafe(|| around(read(tracer)).map(drop))).unwrap_or(Err(Halt::Here));
    (asked.into_inner(), end)
}

/// Ends a try whose last value was read by the type around it.
fn around<T>(read: Result<T, Halt>) -> Result<T, Halt> {
    read.and(Err(Halt::Accepted))
}

/// Ends a try that has read a value of an enum.
fn chosen<T>(read: Result<T, Halt>) -> Result<T, Halt> {
    let mut hasher = DefaultHasher::new();
    discriminant(&read?).hash(&mut hasher);
    Err(Halt::Variant(hasher.finish()))
}

/// Follows the steps of a path, and ends at the last.
#[derive(Clone, Copy, Debug)]
pub struct Tracer<'a> {
    path: &'a [Step],
    asked: &'a Cell<Option<Asked>>,
}

impl Tracer<'_> {
    fn here(self, asked: Asked) -> Result<(Step, Self), Halt> {
        let Some((step, path)) = self.path.split_first() else {
            self.asked.set(Some(asked));
            return Err(Halt::Here);
        };
        Ok((*step, Self { path, ..self }))
    }

    fn value<'de, V: Visitor<'de>>(self, value: &'static str, visitor: V) -> Result<V::Value, Halt> {
        let (Step::Sample(sample), _) = self.here(Asked::Value(value))? else { return Err(Halt::Here) };
        let out_of_range = |_| Halt::Here;
        // Calls the same `visit_…` as `serde_json` would.
        match (sample, value) {
            (Sample::Text(text), _) => visitor.visit_str(text),
            (Sample::Natural(number), "uint128") => visitor.visit_u128(number),
            (Sample::Natural(number), "int128") => visitor.visit_i128(number.try_into().map_err(out_of_range)?),
            (Sample::Natural(number), _) => visitor.visit_u64(number.try_into().map_err(out_of_range)?),
            (Sample::Negative(number), "int128") => visitor.visit_i128(number),
            (Sample::Negative(number), _) => visitor.visit_i64(number.try_into().map_err(out_of_range)?),
        }
    }
}

/// Implements `deserialize_…` of plain values.
macro_rules! values {
    ($($method:ident $value:literal)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
            self.value($value, visitor)
        })+
    };
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = Halt;

    values! {
        deserialize_bool "boolean"
        deserialize_i8 "int8"
        deserialize_i16 "int16"
        deserialize_i32 "int32"
        deserialize_i64 "int64"
        deserialize_i128 "int128"
        deserialize_u8 "uint8"
        deserialize_u16 "uint16"
        deserialize_u32 "uint32"
        deserialize_u64 "uint64"
        deserialize_u128 "uint128"
        deserialize_f32 "float"
        deserialize_f64 "double"
        deserialize_char "string(char)"
        deserialize_str "string"
        deserialize_string "string"
        deserialize_bytes "string(bytes)"
        deserialize_byte_buf "string(bytes)"
        deserialize_unit "null"
        deserialize_identifier "string"
        deserialize_ignored_any "any"
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Halt> {
        self.value("null", visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        match self.here(Asked::Anything)? {
            (Step::Empty, next) => around(visitor.visit_map(One { key: None, tracer: next, text: None })),
            // Not ended here: the tagged enum reads the rest after its tag.
            (Step::Tag(tag, text), next) => visitor.visit_map(One { key: Some(tag), tracer: next, text: Some(text) }),
            _ => Err(Halt::Here),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_some(self.here(Asked::Option)?.1)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_seq(Places { before: 0, tracer: self.here(Asked::List)?.1 })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Halt> {
        match self.here(Asked::Tuple(length))? {
            (Step::Place(before), tracer) => visitor.visit_seq(Places { before, tracer }),
            _ => Err(Halt::Here),
        }
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
        let (step, tracer) = self.here(Asked::Map)?;
        visitor.visit_map(Entry { tracer, of_key: step == Step::Key })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Halt> {
        match self.here(Asked::Struct(name, fields))? {
            (Step::Field(at), tracer) => visitor.visit_map(One { key: fields.get(at).copied(), tracer, text: None }),
            (Step::Tag(tag, text), tracer) => {
                chosen(visitor.visit_map(One { key: Some(tag), tracer, text: Some(text) }))
            }
            (Step::Twice(one, other), _) => {
                let keys = [fields.get(one), fields.get(other)].into_iter().flatten().copied().collect();
                visitor.visit_map(Several { keys, ends: true })
            }
            (Step::Only(bits), _) => {
                let keys = fields.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, key)| *key);
                around(visitor.visit_map(Several { keys: keys.collect(), ends: false }))
            }
            _ => Err(Halt::Here),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Halt> {
        match self.here(Asked::Enum(name, variants))? {
            (Step::Variant(at), tracer) => match variants.get(at) {
                Some(name) => visitor.visit_enum(Variant { name, tracer, known: true }),
                None => Err(Halt::Here),
            },
            (Step::Chosen(at), _) => match variants.get(at) {
                Some(name) => chosen(visitor.visit_enum(Dummy::new(name))),
                None => Err(Halt::Here),
            },
            (Step::Unknown, tracer) => around(visitor.visit_enum(Variant { name: UNKNOWN, tracer, known: false })),
            _ => Err(Halt::Here),
        }
    }
}

/// A name that no variant has.
pub const UNKNOWN: &str = "\u{0}unknown";

/// An object with at most one key.
struct One<'a> {
    key: Option<&'static str>,
    tracer: Tracer<'a>,
    /// Its value, if it is a string.
    text: Option<&'static str>,
}

impl<'de> MapAccess<'de> for One<'_> {
    type Error = Halt;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Halt> {
        self.key.take().map(|key| seed.deserialize(Dummy::new(key))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Halt> {
        match self.text {
            Some(text) => seed.deserialize(Dummy::new(text)),
            None => around(seed.deserialize(self.tracer)),
        }
    }
}

/// An object with these keys, given from the last to the first, and made-up values.
struct Several {
    keys: Vec<&'static str>,
    /// Whether the try ends when the type asks for the last value.
    ends: bool,
}

impl<'de> MapAccess<'de> for Several {
    type Error = Halt;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Halt> {
        self.keys.pop().map(|key| seed.deserialize(Dummy::new(key))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Halt> {
        if self.ends && self.keys.is_empty() {
            return Err(Halt::Accepted);
        }
        seed.deserialize(Dummy::new(TEXT))
    }
}

/// A map with one entry, whose key or value is traced.
struct Entry<'a> {
    tracer: Tracer<'a>,
    of_key: bool,
}

impl<'de> MapAccess<'de> for Entry<'_> {
    type Error = Halt;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Halt> {
        if self.of_key {
            return around(seed.deserialize(self.tracer)).map(Some);
        }
        seed.deserialize(Dummy::new(TEXT)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Halt> {
        around(seed.deserialize(self.tracer))
    }
}

/// An array whose first `before` values are made up.
struct Places<'a> {
    before: usize,
    tracer: Tracer<'a>,
}

impl<'de> SeqAccess<'de> for Places<'_> {
    type Error = Halt;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Halt> {
        match self.before.checked_sub(1) {
            Some(left) => {
                self.before = left;
                seed.deserialize(Dummy::new(TEXT)).map(Some)
            }
            None => around(seed.deserialize(self.tracer)).map(Some),
        }
    }
}

struct Variant<'a> {
    name: &'static str,
    tracer: Tracer<'a>,
    known: bool,
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Halt;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Halt> {
        Ok((seed.deserialize(Dummy::new(self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Halt;

    fn unit_variant(self) -> Result<(), Halt> {
        if self.known { self.tracer.here(Asked::Value("null")).and(Err(Halt::Here)) } else { Ok(()) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Halt> {
        around(seed.deserialize(self.tracer))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Halt> {
        self.tracer.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Halt> {
        self.tracer.deserialize_struct(self.name, fields, visitor)
    }
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the type was only asked what it reads")
    }
}

impl std::error::Error for Halt {}

impl de::Error for Halt {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Here
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self::Duplicate
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Variants(expected)
    }
}
