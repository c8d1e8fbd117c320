//! Wraps the serializer of `serde_json`, and refuses values that could not be read again.
//!
//! `serde_json` writes NaN as `null`, and writes any depth but reads only 127. The error type is that of the inner
//! serializer, so the reason of a refusal is kept in a cell.

use serde::ser::{Serialize, Serializer};

use super::{
    EncodeError, check_json,
    watch::{Seen, Watch},
};
use crate::event::decode::{NUMBER, RAW_VALUE};

/// Appends `value` to `out`; after an error `out` ends where the error occurred.
pub(super) fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let start = out.len();
    let seen = Seen::default();
    let guard = Guard { inner: &mut serde_json::Serializer::new(&mut *out), watch: Watch { depth: 0, seen: &seen } };
    let result = value.serialize(guard);
    if result.is_err() {
        let why = seen.refusal.get().unwrap_or(|field| EncodeError::Refused { field });
        return Err(why(None));
    }
    if seen.raw.get() { check_json(&out[start..]) } else { Ok(()) }
}

/// Wraps a serializer of `serde_json`.
pub(super) struct Guard<'a, S> {
    pub(super) inner: S,
    pub(super) watch: Watch<'a>,
}

/// Wraps a value, so that it is serialized by a guarded serializer.
pub(super) struct Guarded<'a, T: ?Sized> {
    pub(super) value: &'a T,
    pub(super) watch: Watch<'a>,
}

impl<T: Serialize + ?Sized> Serialize for Guarded<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, inner: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Guard { inner, watch: self.watch })
    }
}

macro_rules! leaves {
    ($($method:ident: $type:ty),+ $(,)?) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<S::Ok, S::Error> {
            self.inner.$method(value)
        }
    )+};
}

impl<'a, S: Serializer> Serializer for Guard<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Guard<'a, S::SerializeSeq>;
    type SerializeTuple = Guard<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Guard<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Guard<'a, S::SerializeTupleVariant>;
    type SerializeMap = Guard<'a, S::SerializeMap>;
    type SerializeStruct = Guard<'a, S::SerializeStruct>;
    type SerializeStructVariant = Guard<'a, S::SerializeStructVariant>;

    leaves! {
        serialize_bool: bool, serialize_char: char, serialize_str: &str,
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
        serialize_unit_struct: &'static str,
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        self.watch.finite(value.is_finite())?;
        self.inner.serialize_f32(value)
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        self.watch.finite(value.is_finite())?;
        self.inner.serialize_f64(value)
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<S::Ok, S::Error> {
        self.watch.inside::<S::Error>(1)?;
        self.inner.serialize_bytes(value)
    }

    #[inline]
    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_none()
    }

    #[inline]
    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_some(&Guarded { value, watch: self.watch })
    }

    #[inline]
    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit_variant(name, index, variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_struct(name, &Guarded { value, watch: self.watch })
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let watch = self.watch.inside(1)?;
        self.inner.serialize_newtype_variant(name, index, variant, &Guarded { value, watch })
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        let watch = self.watch.inside(1)?;
        Ok(Guard { inner: self.inner.serialize_seq(len)?, watch })
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        let watch = self.watch.inside(1)?;
        Ok(Guard { inner: self.inner.serialize_tuple(len)?, watch })
    }

    #[inline]
    fn serialize_tuple_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeTupleStruct, S::Error> {
        let watch = self.watch.inside(1)?;
        Ok(Guard { inner: self.inner.serialize_tuple_struct(name, len)?, watch })
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        let watch = self.watch.inside(2)?;
        Ok(Guard { inner: self.inner.serialize_tuple_variant(name, index, variant, len)?, watch })
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        let watch = self.watch.inside(1)?;
        Ok(Guard { inner: self.inner.serialize_map(len)?, watch })
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct, S::Error> {
        // Both are written as the text that they hold, and not as an object.
        let watch = if name == RAW_VALUE || name == NUMBER {
            self.watch.seen.raw.set(true);
            self.watch
        } else {
            self.watch.inside(1)?
        };
        Ok(Guard { inner: self.inner.serialize_struct(name, len)?, watch })
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        let watch = self.watch.inside(2)?;
        Ok(Guard { inner: self.inner.serialize_struct_variant(name, index, variant, len)?, watch })
    }

    #[inline]
    fn collect_str<T: std::fmt::Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}
