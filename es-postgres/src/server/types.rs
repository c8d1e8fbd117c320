//! Converts values to and from SQL types, and reads the columns of a row.

use std::{borrow::Cow, fmt};

use bytes::{BufMut, BytesMut};
use es_core::Timestamp;
use serde::{Serialize, Serializer};
use tokio_postgres::{
    Row,
    types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked},
};

use crate::server::error::{BoxError, PostgresError};

type AnyError = Box<dyn std::error::Error + Sync + Send>;

/// Microseconds from the Unix epoch to the server's epoch, 2000-01-01.
const SERVER_EPOCH_MICROS: i64 = 946_684_800_000_000;

/// JSON as the bytes that were written. `Debug` shows only their number, because the driver logs parameters.
#[derive(Clone, Copy)]
pub(crate) struct Json<'a>(pub(crate) &'a [u8]);

/// A `bytea`. `Debug` shows only the number of bytes, because the driver logs parameters.
#[derive(Clone, Copy)]
pub(crate) struct Binary<'a>(pub(crate) &'a [u8]);

/// A text that may be a part of an event. `Debug` shows only the number of bytes, because the driver logs parameters.
#[derive(Clone)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}

impl fmt::Debug for Binary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}

impl ToSql for Binary<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, AnyError> {
        out.put_slice(self.0);
        Ok(IsNull::No)
    }

    accepts!(BYTEA);
    to_sql_checked!();
}

impl ToSql for Json<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, AnyError> {
        out.put_slice(self.0);
        Ok(IsNull::No)
    }

    accepts!(JSON);
    to_sql_checked!();
}

impl ToSql for Text<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, AnyError> {
        out.put_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    accepts!(TEXT);
    to_sql_checked!();
}

/// Serializes the bytes as a JSON string. As a nested document they would be parsed and written in another form.
impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(self.0).map_err(serde::ser::Error::custom)?)
    }
}

impl<'a> FromSql<'a> for Json<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, AnyError> {
        Ok(Self(raw))
    }

    accepts!(JSON);
}

/// A `timestamptz`: microseconds since 2000. A value out of [`Timestamp`]'s range, such as `infinity`, becomes the nearest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time(pub(crate) Timestamp);

impl Time {
    /// The time at this many microseconds after 1970.
    pub(crate) fn from_micros(micros: i64) -> Self {
        let end = if micros < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Self(Timestamp::from_micros(micros).unwrap_or(end))
    }
}

impl<'a> FromSql<'a> for Time {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, AnyError> {
        let since = i64::from_be_bytes(raw.try_into()?);
        Ok(Self::from_micros(since.saturating_add(SERVER_EPOCH_MICROS)))
    }

    accepts!(TIMESTAMPTZ);
}

/// Reads a column of the row that a function returned.
pub(crate) fn column<'r, T: for<'a> FromSql<'a>>(
    row: impl Into<Option<&'r Row>>,
    index: usize,
) -> Result<T, PostgresError> {
    let row = row.into().ok_or_else(|| PostgresError::Answer("no row".into()))?;
    row.try_get(index).map_err(|error| PostgresError::Answer(error.into()))
}

/// Reads a column with a version or a position, which is never negative.
pub(crate) fn unsigned_column<T: TryFrom<i64, Error: Into<BoxError>>>(
    row: Option<&Row>,
    index: usize,
) -> Result<T, PostgresError> {
    T::try_from(column(row, index)?).map_err(|error| PostgresError::Answer(error.into()))
}

impl ToSql for Time {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, AnyError> {
        // The earliest `Timestamp` does not saturate.
        out.put_i64(self.0.as_micros().saturating_sub(SERVER_EPOCH_MICROS));
        Ok(IsNull::No)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}
