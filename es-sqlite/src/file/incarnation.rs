//! The incarnations of the log: which one it has now, and whether a checkpoint of an earlier one still holds.

use es_core::{Checkpoint, Position, ReadError};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::{error::SqliteError, file::identity::Place};

/// The incarnation that the log has now.
pub(crate) fn today(connection: &Connection) -> Result<Uuid, SqliteError> {
    let newest = "SELECT incarnation FROM incarnations ORDER BY number DESC LIMIT 1";
    let id = connection.prepare_cached(newest)?.query_row([], |row| row.get::<_, [u8; 16]>(0)).optional()?;
    id.map(Uuid::from_bytes).ok_or_else(|| SqliteError::damaged("the log has no incarnation"))
}

/// The last position of the log; 0 when it has no events.
pub(crate) fn last_position(connection: &Connection) -> Result<Position, SqliteError> {
    let last = "SELECT coalesce(max(position), 0) FROM events";
    let last = connection.prepare_cached(last)?.query_row([], |row| row.get::<_, i64>(0))?;
    u64::try_from(last).map(Position::new).map_err(|_| SqliteError::damaged(format!("position {last} is below 0")))
}

/// The frontier: today's incarnation and the last position.
pub(crate) fn frontier(connection: &Connection) -> Result<Checkpoint, SqliteError> {
    Ok(Checkpoint::new(today(connection)?, last_position(connection)?))
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
    let later =
        "SELECT min(later.start) FROM incarnations AS one JOIN incarnations AS later ON later.number > one.number
                 WHERE one.incarnation = ?1";
    let start =
        connection.prepare_cached(later)?.query_row([incarnation.as_bytes()], |row| row.get::<_, Option<i64>>(0))?;
    Ok(start.and_then(|start| u64::try_from(start).ok()).map(Position::new))
}

/// Begins a new incarnation where the file is a copy of the one that the newest incarnation began in, or when `restored` says
/// so. Called in a transaction that may write.
pub(crate) fn begin_if_copied(connection: &Connection, place: &Place, restored: bool) -> Result<(), SqliteError> {
    let newest = "SELECT origin FROM incarnations ORDER BY number DESC LIMIT 1";
    let origin = connection.query_row(newest, [], |row| row.get::<_, String>(0)).optional()?;
    if origin.as_deref() == Some(place.origin()) && !restored {
        return Ok(());
    }
    let (start, incarnation) = (last_position(connection)?, Uuid::now_v7());
    connection.execute(
        "INSERT INTO incarnations (number, incarnation, start, origin)
         SELECT coalesce(max(number), 0) + 1, ?1, ?2, ?3 FROM incarnations",
        params![incarnation.as_bytes(), start.get().cast_signed(), place.origin()],
    )?;
    connection.execute("UPDATE wal_base SET incarnation = ?1", [incarnation.as_bytes()])?;
    if origin.is_some() {
        tracing::info!(path = %place.path().display(), position = %start, "the file is a copy: a new incarnation of the log begins");
    }
    Ok(())
}

/// Marks the log of a copy, so that it begins a new incarnation wherever it is opened.
pub(crate) fn forget_origin(connection: &Connection) -> Result<(), SqliteError> {
    connection.execute("UPDATE incarnations SET origin = ''", [])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_of_an_earlier_incarnation_holds_up_to_the_first_restore_after_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::file::migrate::run(&mut connection).unwrap();
        for (number, start) in [(1_u8, 0), (2, 70), (3, 50), (4, 90)] {
            connection
                .execute("INSERT INTO incarnations VALUES (?1, ?2, ?3, 'x')", params![number, [number; 16], start])
                .unwrap();
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
