//! Stores in files, for the contract of tables.

use std::{collections::BTreeMap, path::Path};

use async_trait::async_trait;
use es_contract::{FactoryError, tables::TableFactory};
use es_core::{Fault, ReadModelId, Transactions};
use es_sqlite::{
    SqliteStore, SqliteTx,
    rusqlite::{Connection, OptionalExtension},
};

/// Each store is in a file of its own.
pub(crate) struct TablesInFiles;

#[async_trait]
impl TableFactory for TablesInFiles {
    type Store = SqliteStore;

    async fn open(&self, folder: &Path) -> Result<SqliteStore, FactoryError> {
        Ok(SqliteStore::open(folder.join("log.db")).await?)
    }

    async fn execute(&self, target: &mut SqliteTx, sql: &str) -> Result<(), Fault> {
        Ok(target.execute_batch(sql)?)
    }

    async fn read(
        &self,
        store: &SqliteStore,
        model: &ReadModelId,
    ) -> Result<Option<BTreeMap<String, i64>>, FactoryError> {
        let (table, connection) = (store.table(model, "numbers")?, Connection::open(store.path())?);
        let name = table.trim_matches('"').replace("\"\"", "\"");
        let find = "SELECT 1 FROM sqlite_schema WHERE name = ?1";
        if connection.query_row(find, [name], |_| Ok(())).optional()?.is_none() {
            return Ok(None);
        }
        let mut rows = connection.prepare(&format!("SELECT key, number FROM {table}"))?;
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Some(rows.collect::<Result<_, _>>()?))
    }

    async fn execute_outside(&self, store: &SqliteStore, sql: &str) -> Result<(), FactoryError> {
        Ok(Connection::open(store.path())?.execute_batch(sql)?)
    }

    fn ending(&self) -> &'static [&'static str] {
        &[
            "COMMIT",
            "/* at last */ end",
            "ROLLBACK",
            "BEGIN IMMEDIATE",
            "COMMIT; BEGIN IMMEDIATE",
            "SAVEPOINT s",
            "ROLLBACK TO s",
            "INSERT OR ROLLBACK INTO {numbers} VALUES ('a', 1)",
        ]
    }

    async fn out_of_reach(&self, _: &SqliteStore) -> Vec<String> {
        let tables = [
            "events",
            "incarnations",
            "keys",
            "kinds",
            "READ_MODEL_ROWS",
            "read_models",
            "snapshots",
            "main.streams",
            "wal_base",
        ];
        let of_each = |table: &str| {
            [
                format!("DELETE FROM {table}"),
                format!("DROP TABLE {table}"),
                format!("ALTER TABLE {table} ADD COLUMN more"),
                format!(
                    "CREATE TRIGGER {{t}} AFTER INSERT ON {} BEGIN SELECT 1; END",
                    table.trim_start_matches("main.")
                ),
                format!(
                    "CREATE TRIGGER {{t}} AFTER INSERT ON {{numbers}} BEGIN DELETE FROM {}; END;
                     INSERT INTO {{numbers}} VALUES ('t', 1)",
                    table.trim_start_matches("main.")
                ),
                format!("CREATE TEMP TABLE {} (x)", table.trim_start_matches("main.")),
            ]
        };
        let others = [
            "INSERT INTO events SELECT * FROM events",
            "UPDATE streams SET category = 'x'",
            "DROP VIEW log",
            "DROP INDEX events_of_kind",
            "PRAGMA synchronous = OFF",
            "PRAGMA writable_schema = ON",
            "ATTACH ':memory:' AS other",
            "CREATE TEMP VIEW log AS SELECT 1",
        ];
        tables.iter().flat_map(|table| of_each(table)).chain(others.map(str::to_owned)).collect()
    }

    fn of_others(&self, store: &SqliteStore, model: &ReadModelId) -> String {
        let table = store.table(model, "Theirs").unwrap_or_default();
        format!("CREATE TABLE {table} (x)")
    }
}
