//! The place of a read model: its tables, whose names have a prefix.

use es_core::{LimitError, ReadModelId, WorkError};
use rusqlite::{Connection, OptionalExtension};

use crate::{error::SqliteError, table::guard::is_of_the_store};

/// What the names of the tables of `model` begin with: no prefix is the beginning of another one with a table's name.
///
/// # Errors
/// [`LimitError::TableName`].
pub(crate) fn prefix(model: &ReadModelId) -> Result<String, LimitError> {
    let (name, version) = (model.name(), model.version());
    // SQLite takes `a` and `A` for one letter.
    let is_ambiguous = name.chars().any(|letter| letter.is_ascii_uppercase())
        || name.split("_v").skip(1).any(|behind| {
            let digits = behind.trim_start_matches(|letter: char| letter.is_ascii_digit());
            digits.len() < behind.len() && (digits.is_empty() || digits.starts_with('_'))
        });
    if is_ambiguous { Err(LimitError::TableName) } else { Ok(format!("{name}_v{version}_")) }
}

/// The name of a table, ready for SQL.
pub(crate) fn quoted(prefix: &str, table: &str) -> String {
    format!("\"{}\"", format!("{prefix}{table}").replace('"', "\"\""))
}

/// The type and the name of a table or a view of the place, views first; `None` if there is none.
pub(crate) fn any(connection: &Connection, prefix: &str) -> Result<Option<(String, String)>, SqliteError> {
    let sql = "SELECT type, name FROM sqlite_schema
               WHERE type IN ('table', 'view') AND lower(substr(name, 1, length(?1))) = ?1 ORDER BY type = 'table' LIMIT 1";
    let mut find = connection.prepare_cached(sql)?;
    Ok(find.query_row([prefix], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// Removes what the place holds.
pub(crate) fn clear(connection: &Connection, prefix: &str) -> Result<(), SqliteError> {
    // Tables may refer to each other. The setting ends with the transaction.
    connection.execute_batch("PRAGMA defer_foreign_keys = ON")?;
    while let Some((kind, name)) = any(connection, prefix)? {
        connection.execute_batch(&format!("DROP {kind} {}", quoted("", &name)))?;
    }
    connection.execute_batch("PRAGMA defer_foreign_keys = OFF")?;
    Ok(())
}

/// Refuses tables of the place that refer to those of the store: their foreign keys would keep the store from writing.
pub(crate) fn check(connection: &Connection, prefix: &str) -> Result<(), WorkError> {
    let sql =
        "SELECT found.name, keys.\"table\" FROM sqlite_schema AS found, pragma_foreign_key_list(found.name) AS keys
               WHERE found.type = 'table' AND lower(substr(found.name, 1, length(?1))) = ?1";
    let mut find = connection.prepare(sql).map_err(SqliteError::from)?;
    let mut found = find.query([prefix]).map_err(SqliteError::from)?;
    while let Some(row) = found.next().map_err(SqliteError::from)? {
        let (name, other): (String, String) = (|| Ok((row.get(0)?, row.get(1)?)))().map_err(SqliteError::Sqlite)?;
        if is_of_the_store(&other) {
            let source =
                format!("the table `{name}` refers to `{other}`, a table of the store; leave the foreign key out");
            return Err(WorkError::Part { index: 0, source: source.into() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use es_core::{LimitError, ReadModelId};

    use super::prefix;

    #[test]
    fn no_prefix_is_the_beginning_of_the_table_of_another_read_model() {
        for name in ["a_v1", "a_v12_b", "Turnover", "_v1_", "a_vb_v2"] {
            assert_eq!(prefix(&ReadModelId::new(name, 1).expect("a name")), Err(LimitError::TableName), "{name}");
        }
        for name in ["turnover", "who-paid-whom", "a_v", "a_vb", "a_v1b", "a_v_1", "v1", "é_v1é"] {
            assert!(prefix(&ReadModelId::new(name, 7).expect("a name")).is_ok(), "{name}");
        }
    }
}
