//! The place of a read model: a schema that has its tables.

use es_core::{LimitError, ReadModelId};

use crate::server::schema_name::{SchemaName, quote_identifier};

/// The longest name that the server keeps, in bytes.
const NAME_BYTES: usize = 63;

/// The schema of the tables of one read model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place(String);

impl Place {
    /// The place of `model`, whose checkpoint is in the log of the schema `log`.
    ///
    /// # Errors
    /// [`LimitError::TooLong`]: the server would cut the name off.
    pub(crate) fn new(log: &SchemaName, model: &ReadModelId) -> Result<Self, LimitError> {
        let name = format!("{}_{}_v{}", log.as_str(), model.name(), model.version());
        check("schema for the tables of the read model", &name)?;
        Ok(Self(name))
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// The name, ready for SQL.
    pub(crate) fn quoted(&self) -> String {
        quote_identifier(&self.0)
    }

    /// The name, ready for SQL, of a table from anywhere.
    ///
    /// # Errors
    /// [`LimitError`].
    pub(crate) fn table(&self, table: &str) -> Result<String, LimitError> {
        Ok(format!("{}.{}", self.quoted(), quoted_table(table)?))
    }
}

/// The name, ready for SQL, of a table in the first schema of the search path.
///
/// # Errors
/// [`LimitError`].
pub(super) fn quoted_table(table: &str) -> Result<String, LimitError> {
    check("table", table)?;
    Ok(quote_identifier(table))
}

fn check(what: &'static str, name: &str) -> Result<(), LimitError> {
    if name.is_empty() {
        return Err(LimitError::Empty { what });
    }
    if name.len() > NAME_BYTES {
        return Err(LimitError::TooLong { what, bytes: name.len(), limit: NAME_BYTES });
    }
    if name.contains('\0') { Err(LimitError::Nul { what }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_never_cut_off() {
        let place =
            |log: &str, name: &str| Place::new(&SchemaName::new(log).unwrap(), &ReadModelId::new(name, 7).unwrap());
        assert_eq!(place("es", "who\"paid").unwrap().table("a b").unwrap(), "\"es_who\"\"paid_v7\".\"a b\"");
        let longest = place(&"l".repeat(11), &"n".repeat(48)).unwrap();
        assert_eq!(longest.name().len(), 63);
        assert!(longest.table(&"t".repeat(63)).is_ok());
        assert!(matches!(
            place(&"l".repeat(12), &"n".repeat(48)),
            Err(LimitError::TooLong { bytes: 64, limit: 63, .. })
        ));
        assert!(matches!(longest.table(&"t".repeat(64)), Err(LimitError::TooLong { .. })));
        assert!(matches!(longest.table(""), Err(LimitError::Empty { .. })));
        assert!(matches!(longest.table("a\0"), Err(LimitError::Nul { .. })));
    }
}
