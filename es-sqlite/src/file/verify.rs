//! Verifies the whole log: finds damage that only hides events, and so shows in no read.

use std::collections::HashMap;

use es_core::{Position, StreamId};
use rusqlite::Connection;

use crate::{
    codec::{
        checksum,
        read_models::{KeptModel, decode_row},
        row::{COLUMNS, RowDecoder},
    },
    error::SqliteError,
    file::{
        incarnation::{self, last_position},
        migrate,
        wal_base::Base,
    },
};

/// What [`SqliteStore::verify`](crate::SqliteStore::verify) found.
///
/// ```no_run
/// # use es_sqlite::{SqliteError, SqliteStore};
/// # async fn example(store: &SqliteStore) -> Result<(), SqliteError> {
/// let found = store.verify().await?;
/// println!("{} events in {} streams", found.events, found.streams);
/// assert!(found.is_intact(), "restore a backup: {:?}", found.problems);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// How many events the log holds: those that could be read, up to the hundredth problem.
    pub events: u64,
    /// How many streams these events belong to.
    pub streams: u64,
    /// What is damaged, a sentence each; at most 100. It names positions and tables, and holds no payload.
    pub problems: Vec<String>,
}

impl Verification {
    /// Whether nothing is damaged.
    pub fn is_intact(&self) -> bool {
        self.problems.is_empty()
    }
}

/// The most problems that are told.
pub(crate) const PROBLEMS: usize = 100;

/// Verifies the log as of one moment. The connection holds a transaction that reads for as long.
pub(crate) fn verify(connection: &Connection) -> Result<Verification, SqliteError> {
    Ok(verify_in(&*connection.unchecked_transaction()?))
}

/// Verifies the log in the open transaction of `transaction`. The file may be of an older library.
pub(crate) fn verify_in(transaction: &Connection) -> Verification {
    let mut found = Verification::default();
    match migrate::applied(transaction) {
        Ok(applied) => {
            for (_, check) in CHECKS.iter().filter(|(since, _)| *since <= applied) {
                // An error of a check is a finding: the other checks still run.
                if let Err(error) = check(transaction, &mut found) {
                    found.problems.push(told(&error));
                }
            }
        }
        Err(error) => found.problems.push(told(&error)),
    }
    found.problems.truncate(PROBLEMS);
    found
}

/// The error with its sources.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

type Checked = Result<(), SqliteError>;
type Check = fn(&Connection, &mut Verification) -> Checked;

/// The checks, each with the migration that made its tables.
const CHECKS: [(i32, Check); 8] = [
    (0, schema),
    (0, pages),
    (1, events),
    (1, streams),
    (2, incarnations),
    (3, keys),
    (4, snapshots),
    (6, read_models),
];

/// The tables are as the migrations made them.
fn schema(connection: &Connection, found: &mut Verification) -> Checked {
    if let Some(name) = migrate::changed(connection)? {
        found.problems.push(format!("`{name}` is not as the migrations made it"));
    }
    Ok(())
}

/// The tables of the log, each with the migration that made it.
const TABLES: [(i32, &str); 9] = [
    (1, "streams"),
    (1, "kinds"),
    (1, "events"),
    (2, "incarnations"),
    (2, "wal_base"),
    (3, "keys"),
    (4, "snapshots"),
    (6, "read_models"),
    (6, "read_model_rows"),
];

/// The pages hold together, and each index has an entry for each row.
fn pages(connection: &Connection, found: &mut Verification) -> Checked {
    match integrity(connection, found, &PROBLEMS.to_string()) {
        // Another table in the file needs a function or a collation of the program that made it.
        Err(error) if error.is_unknown_name() => {
            let applied = migrate::applied(connection)?;
            let mut tables = TABLES.iter().filter(|(since, _)| *since <= applied);
            tables.try_for_each(|(_, table)| integrity(connection, found, &format!("'{table}'")))
        }
        checked => checked,
    }
}

fn integrity(connection: &Connection, found: &mut Verification, of: &str) -> Checked {
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({of})"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        if line != "ok" {
            found.problems.push(line);
        }
    }
    Ok(())
}

/// Every event is as it was written, and in its place in the log and in its stream.
fn events(connection: &Connection, found: &mut Verification) -> Checked {
    let mut versions = HashMap::new();
    let read = events_in_order(connection, found, &mut versions);
    found.streams = versions.len() as u64;
    if read? {
        let listed: i64 = connection.query_row("SELECT count(*) FROM streams", [], |row| row.get(0))?;
        if usize::try_from(listed) != Ok(versions.len()) {
            found.problems.push(format!("{listed} streams are listed, and {} have events", versions.len()));
        }
    }
    Ok(())
}

/// Reads every event, and says whether it read all of them: it stops after many problems. Gives the last version of each stream.
fn events_in_order(
    connection: &Connection,
    found: &mut Verification,
    versions: &mut HashMap<i64, u64>,
) -> Result<bool, SqliteError> {
    let mut decoder = RowDecoder::default();
    let mut last = Position::START;
    let sql = format!(
        "SELECT {COLUMNS}, events.stream, streams.category, streams.id
         FROM events LEFT JOIN streams USING (stream) ORDER BY position"
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let event = match decoder.event(connection, row) {
            Ok(event) => event,
            Err(error) => {
                found.problems.push(told(&error));
                if found.problems.len() >= PROBLEMS {
                    return Ok(false);
                }
                last = last.plus(1);
                continue;
            }
        };
        if event.position != last.plus(1) {
            found.problems.push(told(&SqliteError::Hole { after: last, found: event.position }));
        }
        last = event.position;
        found.events += 1;
        let (stream, category, id): (i64, Option<String>, Option<String>) = (row.get(11)?, row.get(12)?, row.get(13)?);
        if (category.as_deref(), id.as_deref()) != (Some(event.stream.category()), Some(event.stream.id())) {
            found.problems.push(format!("the event at position {last} is filed under another stream"));
        }
        let version = versions.entry(stream).or_default();
        if event.version != *version + 1 {
            found.problems.push(format!("the stream of position {last} has version {} after {version}", event.version));
        }
        *version = event.version.get();
        if found.problems.len() >= PROBLEMS {
            return Ok(false);
        }
    }
    if last_position(connection)? != last {
        found.problems.push(format!("the last position is told as another one than {last}"));
    }
    Ok(true)
}

/// Every stream is in its slice.
fn streams(connection: &Connection, found: &mut Verification) -> Checked {
    let mut statement = connection.prepare("SELECT category, id, slice FROM streams")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (category, id, slice): (String, String, u16) = (row.get(0)?, row.get(1)?, row.get(2)?);
        match StreamId::new(category, id) {
            Ok(stream) if stream.slice() == slice => {}
            Ok(stream) => found.problems.push(format!("stream `{stream}` is in slice {slice}")),
            Err(error) => found.problems.push(format!("a stream has a bad name: {error}")),
        }
    }
    Ok(())
}

/// Every incarnation and the row of the write-ahead log are as they were written.
fn incarnations(connection: &Connection, found: &mut Verification) -> Checked {
    if let Err(error) = Base::read(connection) {
        found.problems.push(told(&error));
    }
    incarnation::all(connection).map(drop)
}

/// Every idempotency key is as it was written.
fn keys(connection: &Connection, found: &mut Verification) -> Checked {
    let mut statement = connection.prepare("SELECT key, digest, outcome, event, checksum FROM keys")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        let (digest, outcome, event): (Vec<u8>, Vec<u8>, Option<Vec<u8>>) = (row.get(1)?, row.get(2)?, row.get(3)?);
        if checksum::of_key(&key, &digest, &outcome, event.as_deref()) != row.get::<_, i64>(4)? {
            found.problems.push(format!("idempotency key `{key}` is damaged: its checksum does not match"));
        }
    }
    Ok(())
}

/// Every snapshot is as it was written.
fn snapshots(connection: &Connection, found: &mut Verification) -> Checked {
    let mut statement = connection.prepare(
        "SELECT category, id, schema, version, position, recorded_at, payload, checksum
         FROM snapshots LEFT JOIN streams USING (stream)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (category, id): (Option<String>, Option<String>) = (row.get(0)?, row.get(1)?);
        let (Some(category), Some(id)) = (category, id) else {
            found.problems.push("a snapshot belongs to no stream".to_owned());
            continue;
        };
        let schema: String = row.get(2)?;
        let place = [row.get(3)?, row.get(4)?, row.get(5)?];
        let payload: Vec<u8> = row.get(6)?;
        if checksum::of_snapshot([&category, &id, &schema], place, &payload) != row.get::<_, i64>(7)? {
            found
                .problems
                .push(format!("a snapshot of stream `{category}/{id}` is damaged: its checksum does not match"));
        }
    }
    Ok(())
}

/// Every read model and each of its rows is as it was written.
fn read_models(connection: &Connection, found: &mut Verification) -> Checked {
    let mut models = HashMap::new();
    let mut statement = connection.prepare("SELECT * FROM read_models")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let kept = KeptModel::decode(row).map_err(|error| found.problems.push(told(&error)));
        models.insert(row.get::<_, i64>(0)?, kept.ok().map(|kept| kept.status.model));
    }
    let mut statement = connection.prepare("SELECT key, state, checksum, model FROM read_model_rows")?;
    let mut rows = statement.query([])?;
    while found.problems.len() < PROBLEMS
        && let Some(row) = rows.next()?
    {
        let number: i64 = row.get(3)?;
        match models.get(&number) {
            Some(Some(model)) => {
                if let Err(error) = decode_row(model, row) {
                    found.problems.push(told(&error));
                }
            }
            // Its rows are not judged.
            Some(None) => {}
            None => found.problems.push(format!("a row belongs to read model {number}, which does not exist")),
        }
    }
    Ok(())
}
