//! The row of `wal_base`: it is in each write-ahead log, and says which one that is.

use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::{
    codec::checksum,
    error::SqliteError,
    file::{incarnation::today, migrate},
};

/// The two numbers that SQLite draws anew whenever it begins a write-ahead log.
pub(crate) type Salts = [u8; 8];

/// The row.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) salts: Salts,
    /// Counts the write-ahead logs.
    pub(super) number: i64,
    pub(super) incarnation: Uuid,
    pub(super) schema_version: i64,
}

impl Base {
    /// Reads the row, which must be as it was written; `None` when no write-ahead log was followed yet. A file of an older library
    /// has no checksum.
    pub(super) fn read(connection: &Connection) -> Result<Option<Self>, SqliteError> {
        let has_checksum = migrate::has_checksums(connection)?;
        let mut row = connection.prepare_cached("SELECT * FROM wal_base")?;
        let mut rows = row.query([])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let incarnation = Uuid::from_bytes(row.get(3)?);
        let base = Self { salts: row.get(1)?, number: row.get(2)?, incarnation, schema_version: row.get(4)? };
        if has_checksum && base.checksum() != row.get::<_, i64>(5)? {
            return Err(SqliteError::damaged("the row of the write-ahead log: its checksum does not match"));
        }
        Ok(Some(base))
    }

    fn checksum(&self) -> i64 {
        checksum::of_wal_base([self.number, self.schema_version], &self.salts, self.incarnation.as_bytes())
    }

    /// Writes the row.
    pub(super) fn store(&self, connection: &Connection) -> Result<(), SqliteError> {
        let store = "INSERT OR REPLACE INTO wal_base (one, salts, number, incarnation, schema_version, checksum)
                     VALUES (1, ?1, ?2, ?3, ?4, ?5)";
        let Self { salts, number, incarnation, schema_version } = self;
        let row = params![salts, number, incarnation.as_bytes(), schema_version, self.checksum()];
        connection.prepare_cached(store)?.execute(row)?;
        Ok(())
    }
}

/// Writes the row of the write-ahead log with these salts and gives it; `None` when that has its row. Called in a transaction that
/// may write.
pub(super) fn store(connection: &Connection, salts: Salts) -> Result<Option<Base>, SqliteError> {
    let before = Base::read(connection)?;
    if before.as_ref().is_some_and(|before| before.salts == salts) {
        return Ok(None);
    }
    let number = before.map_or(0, |before| before.number) + 1;
    let schema_version = connection.pragma_query_value(None, "schema_version", |row| row.get(0))?;
    let base = Base { salts, number, incarnation: today(connection)?, schema_version };
    base.store(connection)?;
    Ok(Some(base))
}

/// Lets the row say which incarnation is the newest. Called in the transaction that begins it.
pub(super) fn follow_incarnation(connection: &Connection) -> Result<(), SqliteError> {
    match Base::read(connection)? {
        Some(base) => Base { incarnation: today(connection)?, ..base }.store(connection),
        None => Ok(()),
    }
}
