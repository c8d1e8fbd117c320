//! The parameters of a statement of a projection, encoded: what is sent later borrows nothing, and what the driver logs shows no
//! values.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use tokio_postgres::{
    Statement,
    types::{IsNull, ToSql, Type, to_sql_checked},
};

use crate::{server::error::BoxError, table::error::PostgresTxError};

/// An encoded parameter; `None` for NULL.
pub(super) struct Encoded(Option<Bytes>);

/// Encodes the parameters of `statement`.
pub(super) fn encode(
    statement: &Statement,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Encoded>, PostgresTxError> {
    let types = statement.params();
    if types.len() != parameters.len() {
        let count = format!("the statement has {} parameters, and {} were given", types.len(), parameters.len());
        return Err(PostgresTxError::Parameters(count.into()));
    }
    let mut buffer = BytesMut::new();
    let encoded = types.iter().zip(parameters).map(|(ty, parameter)| {
        let is_null = parameter.to_sql_checked(ty, &mut buffer).map_err(PostgresTxError::Parameters)?;
        let bytes = buffer.split().freeze();
        Ok(Encoded(matches!(is_null, IsNull::No).then_some(bytes)))
    });
    encoded.collect()
}

/// References to the parameters, as the driver takes them.
pub(super) fn references(encoded: &[Encoded]) -> Vec<&(dyn ToSql + Sync)> {
    encoded.iter().map(|parameter| parameter as _).collect()
}

impl Encoded {
    pub(super) fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, Bytes::len)
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.bytes())
    }
}

impl ToSql for Encoded {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        let Some(bytes) = &self.0 else { return Ok(IsNull::Yes) };
        out.put_slice(bytes);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
