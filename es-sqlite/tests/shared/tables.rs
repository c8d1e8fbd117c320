//! Stores in files, for the contract of tables.

use std::{collections::BTreeMap, path::Path};

use async_trait::async_trait;
use es_contract::{FactoryError, tables::TableFactory};
use es_core::{Fault, ReadModelId, Transactions};
use es_sqlite::{
    SqliteStore, SqliteTx,
    rusqlite::{Connection, OptionalExtension},
};

const OUT_OF_REACH: [&str; 6] = [
    "INSERT INTO events SELECT * FROM events",
    "UPDATE streams SET category = 'x'",
    "DROP INDEX events_of_kind",
    "PRAGMA synchronous = OFF",
    "PRAGMA writable_schema = ON",
    "ATTACH ':memory:' AS other",
];

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

    async fn out_of_reach(&self, store: &SqliteStore) -> Result<Vec<String>, FactoryError> {
        let connection = Connection::open(store.path())?;
        let find = "SELECT name, upper(type) FROM sqlite_schema
                    WHERE type IN ('table', 'view') AND name NOT GLOB 'numbers_*' AND name NOT GLOB 'sqlite_*'";
        let mut names = connection.prepare(find)?;
        let names = names.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let mut statements: Vec<_> = OUT_OF_REACH.map(str::to_owned).into();
        for found in names {
            let (name, kind) = found?;
            statements.extend([format!("DROP {kind} {name}"), format!("CREATE TEMP VIEW {name} AS SELECT 1")]);
            if kind == "TABLE" {
                statements.extend([
                    format!("DELETE FROM main.{}", name.to_uppercase()),
                    format!("ALTER TABLE {name} ADD COLUMN more"),
                    format!("CREATE TRIGGER {{t}} AFTER INSERT ON {name} BEGIN SELECT 1; END"),
                    format!(
                        "CREATE TRIGGER {{t}} AFTER INSERT ON {{numbers}} BEGIN DELETE FROM {name}; END;
                         INSERT INTO {{numbers}} VALUES ('t', 1)"
                    ),
                ]);
            }
        }
        Ok(statements)
    }

    fn of_others(&self, store: &SqliteStore, model: &ReadModelId) -> String {
        let table = store.table(model, "Theirs").unwrap_or_default();
        format!("CREATE TABLE {table} (x)")
    }
}
