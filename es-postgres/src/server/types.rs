//! Values on the wire: JSON and times without a detour, and the columns of an answer.

use std::fmt;

use bytes::{BufMut, BytesMut};
use es_core::Timestamp;
use serde::{Serialize, Serializer};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

use crate::server::error::BoxError;
use crate::server::error::PostgresError;

type AnyError = Box<dyn std::error::Error + Sync + Send>;

/// From the epoch of 1970 to the server's, which is 2000-01-01.
const SERVER_EPOCH_MICROS: i64 = 946_684_800_000_000;

/// JSON as the bytes that were written. The driver logs the `Debug` of parameters.
#[derive(Clone, Copy)]
pub(crate) struct Json<'a>(pub(crate) &'a [u8]);

/// Bytes as they are. The driver logs the `Debug` of parameters.
#[derive(Clone, Copy)]
pub(crate) struct Binary<'a>(pub(crate) &'a [u8]);

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

/// As a text that holds the very bytes: inside a document they would be parsed and written anew.
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

/// A `timestamptz`: microseconds since 2000. What no [`Timestamp`] is, such as `infinity`, becomes the last or the first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time(pub(crate) Timestamp);

impl Time {
    /// The time so many microseconds after 1970.
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

/// A column of the row that a function answers.
pub(crate) fn column<'r, T: for<'a> FromSql<'a>>(
    row: impl Into<Option<&'r Row>>,
    index: usize,
) -> Result<T, PostgresError> {
    let row = row.into().ok_or_else(|| PostgresError::Answer("no row".into()))?;
    row.try_get(index).map_err(|error| PostgresError::Answer(error.into()))
}

/// A column with a place: what is below 0 is none.
pub(crate) fn unsigned_column<T: TryFrom<i64, Error: Into<BoxError>>>(
    row: Option<&Row>,
    index: usize,
) -> Result<T, PostgresError> {
    T::try_from(column(row, index)?).map_err(|error| PostgresError::Answer(error.into()))
}

impl ToSql for Time {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, AnyError> {
        // no `Timestamp` is so early that this is not a number
        out.put_i64(self.0.as_micros().saturating_sub(SERVER_EPOCH_MICROS));
        Ok(IsNull::No)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}
