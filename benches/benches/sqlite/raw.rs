//! The baseline: an event table as one writes it by hand, with prepared statements of rusqlite, called without another thread.

use std::path::Path;

use benches::bank::{Account, CATEGORY, Deposited, Opened};
use es::{
    Apply,
    sqlite::{
        Synchronous,
        rusqlite::{CachedStatement, Connection, Row, params},
    },
};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS events (
        position INTEGER PRIMARY KEY,
        stream   TEXT    NOT NULL,
        version  INTEGER NOT NULL,
        name     TEXT    NOT NULL,
        payload  TEXT    NOT NULL,
        UNIQUE (stream, version)
    ) STRICT";

/// A connection with the pragmas of the store.
pub(crate) struct Raw(pub(crate) Connection);

impl Raw {
    pub(crate) fn open(path: &Path, synchronous: Synchronous) -> Self {
        let connection = Connection::open(path).unwrap();
        let set = |name, value: &str| connection.pragma_update_and_check(None, name, value, |_| Ok(())).unwrap();
        set("journal_mode", "WAL");
        set("journal_size_limit", "67108864");
        let synchronous = if synchronous == Synchronous::Full { "FULL" } else { "NORMAL" };
        for (name, value) in [
            ("synchronous", synchronous),
            ("cache_size", "-2048"),
            ("trusted_schema", "OFF"),
            ("cell_size_check", "ON"),
        ] {
            connection.pragma_update(None, name, value).unwrap();
        }
        connection.execute_batch(SCHEMA).unwrap();
        Self(connection)
    }

    fn statement(&self, sql: &str) -> CachedStatement<'_> {
        self.0.prepare_cached(sql).unwrap()
    }

    /// Inserts at a known version: in a transaction of its own, unless one is open.
    pub(crate) fn insert(&self, id: &str, version: i64, amount: i64) {
        let payload = serde_json::to_string(&Deposited::sample(amount)).unwrap();
        let stream = format!("{CATEGORY}/{id}");
        self.statement("INSERT INTO events (stream, version, name, payload) VALUES (?1, ?2, ?3, ?4)")
            .execute(params![stream, version, "account.deposited", payload])
            .unwrap();
    }

    /// Calls `work` in a transaction.
    pub(crate) fn in_transaction(&self, work: impl FnOnce()) {
        self.statement("BEGIN IMMEDIATE").execute([]).unwrap();
        work();
        self.statement("COMMIT").execute([]).unwrap();
    }

    /// Loads, decides and appends.
    pub(crate) fn execute(&self, id: &str, amount: i64) {
        let (account, version) = self.load(id);
        assert!(account.balance >= 0);
        self.insert(id, version + 1, amount);
    }

    /// Loads an account and its version.
    pub(crate) fn load(&self, id: &str) -> (Account, i64) {
        let mut select = self.statement("SELECT version, name, payload FROM events WHERE stream = ?1 ORDER BY version");
        let mut rows = select.query([format!("{CATEGORY}/{id}")]).unwrap();
        let (mut account, mut version) = (Account::default(), 0);
        while let Some(row) = rows.next().unwrap() {
            version = row.get(0).unwrap();
            apply(&mut account, row);
        }
        (account, version)
    }

    /// Adds each deposit of the log to a table on the other connection, in transactions of 1,000.
    pub(crate) fn fold_into_a_table(&self, written: &Self) {
        let table = "CREATE TABLE balances (account TEXT PRIMARY KEY, balance INTEGER NOT NULL) STRICT, WITHOUT ROWID";
        written.0.execute_batch(table).unwrap();
        let mut select = self.statement("SELECT position, name, payload, stream FROM events ORDER BY position");
        let mut rows = select.query([]).unwrap();
        let mut is_end = false;
        while !is_end {
            written.in_transaction(|| {
                for _ in 0..1_000 {
                    let Some(row) = rows.next().unwrap() else {
                        is_end = true;
                        return;
                    };
                    let mut account = Account::default();
                    apply(&mut account, row);
                    let stream = row.get_ref(3).unwrap().as_str().unwrap();
                    let id = stream.split_once('/').unwrap().1;
                    let add = "INSERT INTO balances (account, balance) VALUES (?1, ?2)
                               ON CONFLICT (account) DO UPDATE SET balance = balance + excluded.balance";
                    written.statement(add).execute(params![id, account.balance]).unwrap();
                }
            });
        }
    }

    /// Folds the whole log.
    pub(crate) fn fold(&self) -> (usize, i64) {
        let mut select = self.statement("SELECT position, name, payload FROM events ORDER BY position");
        let mut rows = select.query([]).unwrap();
        let (mut account, mut count) = (Account::default(), 0);
        while let Some(row) = rows.next().unwrap() {
            let _position: i64 = row.get(0).unwrap();
            apply(&mut account, row);
            count += 1;
        }
        (count, account.balance)
    }
}

fn apply(account: &mut Account, row: &Row<'_>) {
    let payload = row.get_ref(2).unwrap().as_bytes().unwrap();
    match row.get_ref(1).unwrap().as_str().unwrap() {
        "account.opened" => account.apply(serde_json::from_slice::<Opened>(payload).unwrap()),
        "account.deposited" => account.apply(serde_json::from_slice::<Deposited>(payload).unwrap()),
        other => panic!("{other}"),
    }
}
