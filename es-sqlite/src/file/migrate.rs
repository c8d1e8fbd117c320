//! Migrations of the tables: numbered SQL files that run in one transaction, counted by `PRAGMA user_version`.
//!
//! After a release a migration is never edited: a change is the next number.

use es_core::StoreErrorKind;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::{codec::checksum, error::SqliteError};

/// What `PRAGMA application_id` of a log says: the bytes `esLg`.
pub(crate) const APPLICATION: i32 = 0x6573_4c67;

/// Why the tables of a file are not those that this library works with.
///
/// ```
/// # use es_sqlite::{SqliteMigrateError, SqliteOpenError};
/// fn advice(error: &SqliteOpenError) -> &'static str {
///     match error {
///         SqliteOpenError::Migrate(SqliteMigrateError::Newer { .. }) => "deploy the newer program",
///         SqliteOpenError::Migrate(SqliteMigrateError::Older { .. }) => "run a program that may migrate first",
///         _ => "see the log",
///     }
/// }
/// # assert_eq!(advice(&SqliteOpenError::EmptyPath), "see the log");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteMigrateError {
    /// The file was migrated by a newer version of this library.
    #[error("the file is at migration {found}, this library knows {known}; deploy a newer version of it")]
    Newer {
        /// The newest migration of the file.
        found: i32,
        /// The newest this library knows.
        known: i32,
    },
    /// The file lacks migrations of this library, and it was opened to read only or with
    /// [`migrate(false)`](crate::SqliteBuilder::migrate).
    #[error("the file is at migration {found}, this library needs {known}; open it once with the right to migrate")]
    Older {
        /// The newest migration of the file.
        found: i32,
        /// The newest this library knows.
        known: i32,
    },
    /// A table, an index or a view of the log is not as the migrations made it.
    #[error("`{name}` is not as the migrations of this library made it; restore a backup")]
    Changed {
        /// The name of the table, the index or the view.
        name: String,
    },
    /// A migration failed and was rolled back.
    #[error("migration {number} `{name}` failed")]
    Failed {
        /// Its number.
        number: i32,
        /// Its name.
        name: &'static str,
        /// Why.
        source: SqliteError,
    },
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] SqliteError),
}

impl SqliteMigrateError {
    /// How to react to it. See [`SqliteMigrateError`] for an example.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Newer { .. } | Self::Older { .. } => StoreErrorKind::Misconfigured,
            Self::Changed { .. } => StoreErrorKind::Corrupt,
            Self::Failed { source, .. } | Self::File(source) => source.kind(),
        }
    }
}

impl From<rusqlite::Error> for SqliteMigrateError {
    fn from(error: rusqlite::Error) -> Self {
        Self::File(error.into())
    }
}

struct Step {
    number: i32,
    name: &'static str,
    sql: &'static str,
}

/// The migration that gives each incarnation and each row of a write-ahead log a checksum.
const CHECKSUMS: i32 = 5;

const STEPS: &[Step] = &[
    Step { number: 1, name: "log", sql: include_str!("../migrations/0001_log.sql") },
    Step { number: 2, name: "incarnations", sql: include_str!("../migrations/0002_incarnations.sql") },
    Step { number: 3, name: "keys", sql: include_str!("../migrations/0003_keys.sql") },
    Step { number: 4, name: "snapshots", sql: include_str!("../migrations/0004_snapshots.sql") },
    Step { number: CHECKSUMS, name: "checksums", sql: include_str!("../migrations/0005_checksums.sql") },
    Step { number: 6, name: "read models", sql: include_str!("../migrations/0006_read_models.sql") },
];

/// The newest migration this library knows.
fn newest() -> i32 {
    STEPS.last().map_or(0, |step| step.number)
}

/// The number of the file's newest migration.
pub(super) fn applied(connection: &Connection) -> Result<i32, rusqlite::Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Whether each incarnation and each row of a write-ahead log has a checksum.
pub(super) fn has_checksums(connection: &Connection) -> Result<bool, rusqlite::Error> {
    Ok(applied(connection)? >= CHECKSUMS)
}

/// Brings the tables to the newest migration. Several processes may do so at once.
pub(crate) fn run(connection: &mut Connection) -> Result<(), SqliteMigrateError> {
    if applied(connection)? >= newest() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = applied(&transaction)?;
    for Step { number, name, sql } in STEPS.iter().filter(|step| step.number > found) {
        let failed =
            |error: rusqlite::Error| SqliteMigrateError::Failed { number: *number, name, source: error.into() };
        transaction.execute_batch(sql).map_err(failed)?;
        if *number == CHECKSUMS {
            fill_in_checksums(&transaction).map_err(failed)?;
        }
        transaction.pragma_update(None, "user_version", number).map_err(failed)?;
        tracing::info!(number, name, "migrated");
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    Ok(transaction.commit()?)
}

/// Gives each row that was there before its checksum.
fn fill_in_checksums(connection: &Connection) -> Result<(), rusqlite::Error> {
    let mut incarnations = connection.prepare("SELECT number, incarnation, start, origin FROM incarnations")?;
    let mut rows = incarnations.query([])?;
    while let Some(row) = rows.next()? {
        let (number, id, origin): (i64, [u8; 16], String) = (row.get(0)?, row.get(1)?, row.get(3)?);
        let sum = checksum::of_incarnation([number, row.get(2)?], &id, &origin);
        connection.execute("UPDATE incarnations SET checksum = ?2 WHERE number = ?1", params![number, sum])?;
    }
    let mut base = connection.prepare("SELECT number, schema_version, salts, incarnation FROM wal_base")?;
    let mut rows = base.query([])?;
    while let Some(row) = rows.next()? {
        let (salts, incarnation): ([u8; 8], [u8; 16]) = (row.get(2)?, row.get(3)?);
        let sum = checksum::of_wal_base([row.get(0)?, row.get(1)?], &salts, &incarnation);
        connection.execute("UPDATE wal_base SET checksum = ?1", [sum])?;
    }
    Ok(())
}

/// Fails unless the tables are those of the newest migration of this library.
pub(crate) fn check(connection: &Connection) -> Result<(), SqliteMigrateError> {
    let (found, known) = (applied(connection)?, newest());
    if found > known {
        return Err(SqliteMigrateError::Newer { found, known });
    }
    if found < known {
        return Err(SqliteMigrateError::Older { found, known });
    }
    changed(connection)?.map_or(Ok(()), |name| Err(SqliteMigrateError::Changed { name }))
}

/// The name of the first table, index or view of the log that is missing, or not as the migrations of the file made it. What others
/// added to the file does not matter.
pub(crate) fn changed(connection: &Connection) -> Result<Option<String>, rusqlite::Error> {
    let (applied, model) = (applied(connection)?, Connection::open_in_memory()?);
    for step in STEPS.iter().filter(|step| step.number <= applied) {
        model.execute_batch(step.sql)?;
    }
    let (expected, found) = (schema(&model)?, schema(connection)?);
    let lost = expected.into_iter().find(|object| !found.contains(object));
    Ok(lost.map(|(_, name, ..)| name))
}

/// The type, the name, the table and the SQL of each object.
type Object = (String, String, String, Option<String>);

fn schema(connection: &Connection) -> Result<Vec<Object>, rusqlite::Error> {
    let mut statement = connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migrated() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection).unwrap();
        connection
    }

    #[test]
    fn migrations_are_numbered_without_a_gap_and_run_once() {
        assert!(STEPS.iter().map(|step| step.number).eq(1..=newest()));
        let mut connection = migrated();
        run(&mut connection).unwrap();
        check(&connection).unwrap();
    }

    #[test]
    fn a_changed_table_is_found_and_a_strangers_table_does_not_matter() {
        let connection = migrated();
        connection
            .execute_batch("CREATE TABLE invoices (number INTEGER); CREATE INDEX mine ON events (version)")
            .unwrap();
        check(&connection).unwrap();
        connection.execute_batch("DROP INDEX events_of_stream").unwrap();
        let error = check(&connection).unwrap_err();
        assert!(matches!(&error, SqliteMigrateError::Changed { name } if name == "events_of_stream"), "{error}");
    }

    #[test]
    fn a_newer_and_an_older_file_are_refused() {
        let connection = migrated();
        connection.pragma_update(None, "user_version", newest() + 1).unwrap();
        let newer = check(&connection).unwrap_err();
        assert!(matches!(newer, SqliteMigrateError::Newer { .. }), "{newer}");
        connection.pragma_update(None, "user_version", 0).unwrap();
        let older = check(&connection).unwrap_err();
        assert!(matches!(older, SqliteMigrateError::Older { .. }), "{older}");
    }
}
