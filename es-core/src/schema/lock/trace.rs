//! Asks a type's `Deserialize` what it wants to read, one step further each time.

use std::{cell::RefCell, fmt};

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::{
    dummy::{Dummy, TEXT},
    outline::Outline,
};

/// The way to a place inside of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::schema) enum Step {
    Inner,
    Element,
    Value,
    Place(usize),
    Field(usize),
    Variant(usize),
    /// A variant that is not known.
    Unknown,
    /// An object without any key.
    Empty,
    /// An object with this key and a text that is not known.
    Tag(&'static str),
}

/// What is asked for at a place.
#[derive(Clone, Copy, Debug)]
pub(in crate::schema) enum Asked {
    Value(&'static str),
    Anything,
    Option,
    List,
    Map,
    Tuple(usize),
    Struct(&'static str, &'static [&'static str]),
    Enum(&'static str, &'static [&'static str]),
}

/// Why a try ended.
#[derive(Debug)]
pub enum Halt {
    /// The place was reached, or the type refused what it was given.
    Here,
    /// A key is missing.
    Missing(&'static str),
    /// These are the variants.
    Variants(&'static [&'static str]),
    /// What is not known was read all the same. An error as well, or the type around would go on.
    Accepted,
}

/// One try: what was asked for at the end of the way, and how it ended.
pub(in crate::schema) type Try = (Option<Asked>, Result<(), Halt>);

/// Follows `path` into `T`.
pub(in crate::schema) fn follow<T>(path: &[Step], read: impl FnOnce(Tracer<'_>) -> Result<T, Halt>) -> Try {
    let asked = RefCell::new(None);
    let end = read(Tracer { path, asked: &asked }).map(drop);
    (asked.into_inner(), end)
}

/// The outline of the type that `follow` leads into.
pub(in crate::schema) fn outline(follow: &dyn Fn(&[Step]) -> Try) -> Outline {
    Explorer { follow, tries: 20_000, inside: Vec::new() }.outline(&mut Vec::new())
}

struct Explorer<'a> {
    follow: &'a dyn Fn(&[Step]) -> Try,
    /// How many more tries are made.
    tries: usize,
    /// The types around.
    inside: Vec<(&'static str, &'static [&'static str])>,
}

impl Explorer<'_> {
    fn go(&mut self, path: &[Step]) -> Try {
        match self.tries.checked_sub(1) {
            Some(left) => {
                self.tries = left;
                (self.follow)(path)
            }
            None => (None, Err(Halt::Here)),
        }
    }

    fn at(&mut self, path: &mut Vec<Step>, step: Step) -> Outline {
        path.push(step);
        let outline = self.outline(path);
        path.pop();
        outline
    }

    fn outline(&mut self, path: &mut Vec<Step>) -> Outline {
        let (Some(asked), _) = self.go(path) else { return Outline::Unknown };
        match asked {
            Asked::Value(value) => Outline::Value(value.to_owned()),
            Asked::Anything => self.tagged(path),
            Asked::Option => Outline::Option(Box::new(self.at(path, Step::Inner))),
            Asked::List => Outline::List(Box::new(self.at(path, Step::Element))),
            Asked::Map => Outline::Map(Box::new(self.at(path, Step::Value))),
            Asked::Tuple(length) => {
                Outline::Tuple((0..length).map(|place| self.at(path, Step::Place(place))).collect())
            }
            Asked::Struct(name, fields) => self.inside(name, fields, |explorer| {
                let field = |(at, name): (usize, &&str)| ((*name).to_owned(), explorer.at(path, Step::Field(at)));
                Outline::Struct(fields.iter().enumerate().map(field).collect())
            }),
            Asked::Enum(name, variants) => self.inside(name, variants, |explorer| {
                let variant = |(at, name): (usize, &&str)| ((*name).to_owned(), explorer.at(path, Step::Variant(at)));
                let variants = variants.iter().enumerate().map(variant).collect();
                path.push(Step::Unknown);
                let other = matches!(explorer.go(path).1, Err(Halt::Accepted));
                path.pop();
                Outline::Enum { variants, other }
            }),
        }
    }

    fn inside(
        &mut self,
        name: &'static str,
        names: &'static [&'static str],
        look: impl FnOnce(&mut Self) -> Outline,
    ) -> Outline {
        if self.inside.contains(&(name, names)) {
            return Outline::Unknown;
        }
        self.inside.push((name, names));
        let outline = look(self);
        self.inside.pop();
        outline
    }

    /// What takes anything may look for one key that tells what it is.
    fn tagged(&mut self, path: &mut Vec<Step>) -> Outline {
        path.push(Step::Empty);
        let empty = self.go(path).1;
        path.pop();
        let Err(Halt::Missing(tag)) = empty else { return Outline::Unknown };
        path.push(Step::Tag(tag));
        let unknown = self.go(path).1;
        path.pop();
        let variants = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        match unknown {
            Err(Halt::Variants(names)) => {
                Outline::Tagged { tag: tag.to_owned(), variants: variants(names), other: false }
            }
            Err(Halt::Accepted) => Outline::Tagged { tag: tag.to_owned(), variants: Vec::new(), other: true },
            _ => Outline::Unknown,
        }
    }
}

/// Follows the steps of a way, and ends at the last.
#[derive(Clone, Copy, Debug)]
pub struct Tracer<'a> {
    path: &'a [Step],
    asked: &'a RefCell<Option<Asked>>,
}

impl Tracer<'_> {
    fn here(self, asked: Asked) -> Result<(Step, Self), Halt> {
        let Some((step, path)) = self.path.split_first() else {
            *self.asked.borrow_mut() = Some(asked);
            return Err(Halt::Here);
        };
        Ok((*step, Self { path, ..self }))
    }

    fn value<T>(self, value: &'static str) -> Result<T, Halt> {
        self.here(Asked::Value(value)).and(Err(Halt::Here))
    }
}

/// `deserialize_…` of plain values.
macro_rules! values {
    ($($method:ident $value:literal)+) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Halt> {
            self.value($value)
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

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, _: V) -> Result<V::Value, Halt> {
        self.value("null")
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        match self.here(Asked::Anything)? {
            (Step::Empty, next) => accepted(visitor.visit_map(One { key: None, tracer: next, tag: false })),
            (Step::Tag(tag), next) => accepted(visitor.visit_map(One { key: Some(tag), tracer: next, tag: true })),
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
        visitor.visit_map(Entry { tracer: self.here(Asked::Map)?.1 })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Halt> {
        match self.here(Asked::Struct(name, fields))? {
            (Step::Field(at), tracer) => visitor.visit_map(One { key: fields.get(at).copied(), tracer, tag: false }),
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
            (Step::Unknown, tracer) => accepted(visitor.visit_enum(Variant { name: UNKNOWN, tracer, known: false })),
            _ => Err(Halt::Here),
        }
    }
}

/// Ends a try whose value was read.
fn accepted<T>(read: Result<T, Halt>) -> Result<T, Halt> {
    read.and(Err(Halt::Accepted))
}

/// No variant is called this.
const UNKNOWN: &str = "\u{0}unknown";

/// An object with at most one key.
struct One<'a> {
    key: Option<&'static str>,
    tracer: Tracer<'a>,
    /// Whether its value is a text that is not known.
    tag: bool,
}

impl<'de> MapAccess<'de> for One<'_> {
    type Error = Halt;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Halt> {
        self.key.take().map(|key| seed.deserialize(Dummy::new(key))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Halt> {
        if self.tag { seed.deserialize(Dummy::new(UNKNOWN)) } else { seed.deserialize(self.tracer) }
    }
}

/// A map with one key that is made up.
struct Entry<'a> {
    tracer: Tracer<'a>,
}

impl<'de> MapAccess<'de> for Entry<'_> {
    type Error = Halt;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Halt> {
        seed.deserialize(Dummy::new(TEXT)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Halt> {
        seed.deserialize(self.tracer)
    }
}

/// An array whose first values are made up.
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
            None => seed.deserialize(self.tracer).map(Some),
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
        if self.known { self.tracer.value("null") } else { Ok(()) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Halt> {
        seed.deserialize(self.tracer)
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

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Variants(expected)
    }
}
