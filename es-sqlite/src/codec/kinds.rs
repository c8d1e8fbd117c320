//! The kinds: each pair of a category and an event's name is stored once, under a number. A kind never changes.

use std::collections::{BTreeMap, HashMap};

use es_core::{EventName, StreamId};
use rusqlite::{Connection, OptionalExtension};

use crate::{codec::checksum::KindHash, error::SqliteError};

/// A kind as readers need it.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    /// Any stream of the category: gives its streams without a copy of a long category.
    any_stream: StreamId,
    pub(crate) name: EventName,
    pub(crate) hash: KindHash,
}

impl Kind {
    fn new(category: &str, name: String) -> Result<Self, SqliteError> {
        let damaged = |error: es_core::LimitError| SqliteError::damaged(format!("a kind has a bad name: {error}"));
        let hash = KindHash::of(category, &name);
        let any_stream = StreamId::new(category, "-").map_err(damaged)?;
        Ok(Self { any_stream, name: EventName::new(name).map_err(damaged)?, hash })
    }

    pub(crate) fn category(&self) -> &str {
        self.any_stream.category()
    }

    /// The stream `id` of the kind's category.
    pub(crate) fn stream(&self, id: &str) -> Result<StreamId, SqliteError> {
        let damaged = |error| SqliteError::damaged(format!("a stream has a bad id: {error}"));
        self.any_stream.sibling(id).map_err(damaged)
    }
}

/// The kinds that a connection has met.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    by_number: BTreeMap<i64, Kind>,
    /// By category, then by name.
    numbers: HashMap<String, HashMap<String, (i64, KindHash)>>,
}

impl Kinds {
    /// The kind with this number.
    pub(crate) fn get(&mut self, connection: &Connection, number: i64) -> Result<&Kind, SqliteError> {
        if !self.by_number.contains_key(&number) {
            self.load(connection)?;
        }
        let missing = || SqliteError::damaged(format!("an event has kind {number}, which does not exist"));
        self.by_number.get(&number).ok_or_else(missing)
    }

    /// All kinds, as of the transaction of `connection`.
    pub(crate) fn all(&mut self, connection: &Connection) -> Result<&BTreeMap<i64, Kind>, SqliteError> {
        let count = "SELECT count(*) FROM kinds";
        let count: i64 = connection.prepare_cached(count)?.query_row([], |row| row.get(0))?;
        if usize::try_from(count) != Ok(self.by_number.len()) {
            self.load(connection)?;
        }
        Ok(&self.by_number)
    }

    fn load(&mut self, connection: &Connection) -> Result<(), SqliteError> {
        self.by_number.clear();
        let mut statement = connection.prepare_cached("SELECT kind, category, name FROM kinds")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.by_number
                .insert(row.get(0)?, Kind::new(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?, row.get(2)?)?);
        }
        Ok(())
    }

    /// The number and the hash of a kind, which is added where it is new. Called in a transaction that may write.
    pub(crate) fn number(
        &mut self,
        connection: &Connection,
        category: &str,
        name: &str,
    ) -> Result<(i64, KindHash), SqliteError> {
        if let Some(known) = self.numbers.get(category).and_then(|names| names.get(name)) {
            return Ok(*known);
        }
        let find = "SELECT kind FROM kinds WHERE category = ?1 AND name = ?2";
        let found = connection.prepare_cached(find)?.query_row([category, name], |row| row.get(0)).optional()?;
        let number = if let Some(number) = found {
            number
        } else {
            let add = "INSERT INTO kinds (category, name) VALUES (?1, ?2)";
            connection.prepare_cached(add)?.execute([category, name])?;
            connection.last_insert_rowid()
        };
        let known = (number, KindHash::of(category, name));
        self.numbers.entry(category.to_owned()).or_default().insert(name.to_owned(), known);
        Ok(known)
    }

    /// Forgets all numbers, since a transaction that may have added some was rolled back.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}
