//! The incarnations of the log: which one it has now, and whether a checkpoint of an earlier one still holds.

use es_core::{Checkpoint, Position, ReadError};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::{
    codec::checksum,
    error::SqliteError,
    file::{identity::Place, migrate},
};

/// A row of `incarnations`.
#[derive(Debug)]
pub(super) struct Incarnation {
    number: i64,
    pub(super) id: Uuid,
    start: i64,
    /// Which file it began in; empty for a backup that was not opened yet.
    pub(super) origin: String,
}

impl Incarnation {
    /// Decodes a row, which must be as it was written, of these columns: number, incarnation, start, origin, checksum. An older
    /// file has no checksums.
    fn decode(row: &Row<'_>, has_checksum: bool) -> Result<Self, SqliteError> {
        let (number, id, start, origin) = (row.get(0)?, Uuid::from_bytes(row.get(1)?), row.get(2)?, row.get(3)?);
        let incarnation = Self { number, id, start, origin };
        if has_checksum && incarnation.checksum() != row.get::<_, i64>(4)? {
            return Err(SqliteError::damaged(format!("incarnation {number} of the log: its checksum does not match")));
        }
        Ok(incarnation)
    }

    fn checksum(&self) -> i64 {
        checksum::of_incarnation([self.number, self.start], self.id.as_bytes(), &self.origin)
    }

    /// Writes the row, in place of the one of this number.
    fn store(&self, connection: &Connection) -> Result<(), SqliteError> {
        let Self { number, id, start, origin } = self;
        let store = "INSERT OR REPLACE INTO incarnations (number, incarnation, start, origin, checksum)
                     VALUES (?1, ?2, ?3, ?4, ?5)";
        connection.execute(store, params![number, id.as_bytes(), start, origin, self.checksum()])?;
        Ok(())
    }
}

/// The newest incarnation; `None` in a new file.
fn newest(connection: &Connection) -> Result<Option<Incarnation>, SqliteError> {
    let newest = "SELECT number, incarnation, start, origin, checksum FROM incarnations ORDER BY number DESC LIMIT 1";
    let mut newest = connection.prepare_cached(newest)?;
    let mut rows = newest.query([])?;
    rows.next()?.map(|row| Incarnation::decode(row, true)).transpose()
}

/// All incarnations, the oldest first. The file may be of an older library.
pub(super) fn all(connection: &Connection) -> Result<Vec<Incarnation>, SqliteError> {
    let has_checksum = migrate::has_checksums(connection)?;
    let mut all = connection.prepare("SELECT * FROM incarnations ORDER BY number")?;
    let mut rows = all.query([])?;
    let mut incarnations = Vec::new();
    while let Some(row) = rows.next()? {
        incarnations.push(Incarnation::decode(row, has_checksum)?);
    }
    Ok(incarnations)
}

/// The incarnation that the log has now.
pub(crate) fn today(connection: &Connection) -> Result<Uuid, SqliteError> {
    let newest = newest(connection)?.ok_or_else(|| SqliteError::damaged("the log has no incarnation"))?;
    Ok(newest.id)
}

/// The last position of the log; 0 when it has no events.
pub(crate) fn last_position(connection: &Connection) -> Result<Position, SqliteError> {
    let last = "SELECT coalesce(max(position), 0) FROM events";
    let last = connection.prepare_cached(last)?.query_row([], |row| row.get::<_, i64>(0))?;
    position(last)
}

fn position(last: i64) -> Result<Position, SqliteError> {
    u64::try_from(last).map(Position::new).map_err(|_| SqliteError::damaged(format!("position {last} is below 0")))
}

/// The newest incarnation that a connection has read: its number and its id. It is not read again until there is a newer one.
#[derive(Debug, Default)]
pub(crate) struct KnownIncarnation(Option<(i64, Uuid)>);

impl KnownIncarnation {
    /// The frontier: today's incarnation and the last position.
    pub(crate) fn frontier(&mut self, connection: &Connection) -> Result<Checkpoint, SqliteError> {
        let (id, last) = self.end(connection)?;
        Ok(Checkpoint::new(id, last))
    }

    /// Today's incarnation and the last position.
    pub(crate) fn end(&mut self, connection: &Connection) -> Result<(Uuid, Position), SqliteError> {
        let end = "SELECT (SELECT max(number) FROM incarnations), coalesce(max(position), 0) FROM events";
        let mut end = connection.prepare_cached(end)?;
        let (newest, last): (Option<i64>, i64) = end.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let id = match self.0 {
            Some((number, id)) if Some(number) == newest => id,
            _ => today(connection)?,
        };
        self.0 = newest.map(|number| (number, id));
        Ok((id, position(last)?))
    }
}

/// Refuses a checkpoint above what the log has in common with the incarnation that it belongs to.
pub(crate) fn check(connection: &Connection, checkpoint: Checkpoint, frontier: Checkpoint) -> Result<(), ReadError> {
    let Some(incarnation) = checkpoint.incarnation() else { return Ok(()) };
    let common = if Some(incarnation) == frontier.incarnation() {
        Some(frontier.position())
    } else {
        common(connection, incarnation)?
    };
    match common {
        Some(common) if checkpoint.position() <= common => Ok(()),
        common => Err(ReadError::Restored { checkpoint, common }),
    }
}

/// The last position that the log has in common with an earlier incarnation; `None` when it never had that one.
fn common(connection: &Connection, incarnation: Uuid) -> Result<Option<Position>, SqliteError> {
    let all = all(connection)?;
    let later = all.iter().skip_while(|one| one.id != incarnation).skip(1);
    Ok(later.map(|later| later.start).min().and_then(|start| u64::try_from(start).ok()).map(Position::new))
}

/// Begins a new incarnation where the file is a copy of the one that the newest incarnation began in, or when `restored` says
/// so, and says whether it did. Called in a transaction that may write.
pub(crate) fn begin_if_copied(connection: &Connection, place: &Place, restored: bool) -> Result<bool, SqliteError> {
    let newest = newest(connection)?;
    if newest.as_ref().is_some_and(|newest| newest.origin == place.origin()) && !restored {
        return Ok(false);
    }
    let (position, id) = (last_position(connection)?, Uuid::now_v7());
    let number = newest.as_ref().map_or(0, |newest| newest.number) + 1;
    let (start, origin) = (position.get().cast_signed(), place.origin().to_owned());
    Incarnation { number, id, start, origin }.store(connection)?;
    if newest.is_some() {
        tracing::info!(path = %place.path().display(), %position, "the file is a copy: a new incarnation of the log begins");
    }
    Ok(true)
}

/// Marks the log of a copy, so that it begins a new incarnation wherever it is opened.
pub(crate) fn forget_origin(connection: &Connection) -> Result<(), SqliteError> {
    for incarnation in all(connection)? {
        Incarnation { origin: String::new(), ..incarnation }.store(connection)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_of_an_earlier_incarnation_holds_up_to_the_first_restore_after_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate::run(&mut connection).unwrap();
        for (number, start) in [(1_u8, 0), (2, 70), (3, 50), (4, 90)] {
            let (number, id) = (number.into(), Uuid::from_bytes([number; 16]));
            Incarnation { number, id, start, origin: "x".to_owned() }.store(&connection).unwrap();
        }
        let frontier = Checkpoint::new(today(&connection).unwrap(), Position::new(95));
        assert_eq!(frontier.incarnation(), Some(Uuid::from_bytes([4; 16])));
        for (number, last) in [(1, Some(50)), (2, Some(50)), (3, Some(90)), (4, Some(95)), (9, None)] {
            for position in 0..=100 {
                let checkpoint = Checkpoint::new(Uuid::from_bytes([number; 16]), Position::new(position));
                match check(&connection, checkpoint, frontier) {
                    Ok(()) => assert!(last.is_some_and(|last| position <= last), "{number}: {position}"),
                    Err(ReadError::Restored { common, .. }) => {
                        assert!(last.is_none_or(|last| position > last), "{number}: {position}");
                        assert_eq!(common, last.map(Position::new));
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
}
