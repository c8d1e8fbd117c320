//! Stores in new databases, for the contract of tables.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use es_contract::{FactoryError, tables::TableFactory};
use es_core::{Fault, ReadModelId, Transactions};
use es_postgres::{PostgresStore, PostgresTx};
use test_postgres::Database;
use tokio_postgres::{Client, NoTls};

/// Statements that nobody may execute.
const FOR_NOBODY: [&str; 3] = ["UPDATE es.events SET id = 'x'", "DELETE FROM es.events", "TRUNCATE es.events"];

/// Statements that an application may not execute after hardening.
const FOR_THE_OWNER: [&str; 10] = [
    "INSERT INTO es.events SELECT * FROM es.events",
    "UPDATE es.projections SET handled = 0",
    "INSERT INTO es.rows VALUES ('numbers', 1, 'a', '{}')",
    "DELETE FROM es.migrations",
    "ALTER TABLE es.events DISABLE TRIGGER events_never_change",
    "CREATE TRIGGER t AFTER INSERT ON es.events EXECUTE FUNCTION es.refuse()",
    "LOCK TABLE es.appending IN ROW SHARE MODE",
    "SELECT nextval('es.position')",
    "DROP SCHEMA es CASCADE",
    "CREATE TABLE es.mine ()",
];

/// Each store is in a database of its own.
#[derive(Default)]
pub(crate) struct TablesOnPostgres {
    is_hardened: bool,
    database: Mutex<Option<Database>>,
}

impl TablesOnPostgres {
    /// Stores whose role may only execute the functions of es and read.
    #[allow(dead_code, reason = "each test uses one of the two")]
    pub(crate) fn hardened() -> Self {
        Self { is_hardened: true, ..Self::default() }
    }

    /// The URL of the application.
    fn url(&self) -> Result<String, FactoryError> {
        let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let database = match &mut *database {
            Some(database) => database,
            none => none.insert(self.new_database()?),
        };
        let application = format!("app_{}", database.name());
        Ok(if self.is_hardened { database.url_as(&application) } else { database.url() })
    }

    fn new_database(&self) -> Result<Database, FactoryError> {
        let mut database = Database::fresh()?;
        for role in ["app", "es_owner", "es_projections"] {
            database.drop_role(format!("{role}_{}", database.name()));
        }
        if self.is_hardened {
            let migrations = PostgresStore::migrations("es")?;
            let mut statements: Vec<&str> = migrations.iter().map(|(_, sql)| sql.as_str()).collect();
            let hardening = PostgresStore::hardening(&format!("app_{}", database.name()));
            statements.push(&hardening);
            database.run(&statements)?;
        }
        Ok(database)
    }

    /// A connection of the application.
    async fn connect(&self) -> Result<Client, FactoryError> {
        let (client, connection) = tokio_postgres::connect(&self.url()?, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

#[async_trait]
impl TableFactory for TablesOnPostgres {
    type Store = PostgresStore;

    async fn open(&self, _: &Path) -> Result<PostgresStore, FactoryError> {
        let store = PostgresStore::connect(&self.url()?).await?;
        match store.missing_protections().await?.first() {
            Some(missing) if self.is_hardened => Err(format!("the role lacks a protection: {missing}").into()),
            _ => Ok(store),
        }
    }

    async fn execute(&self, target: &mut PostgresTx, sql: &str) -> Result<(), Fault> {
        Ok(target.execute_batch(sql).await?)
    }

    async fn read(
        &self,
        store: &PostgresStore,
        model: &ReadModelId,
    ) -> Result<Option<BTreeMap<String, i64>>, FactoryError> {
        let (table, client) = (store.table(model, "numbers")?, self.connect().await?);
        let find = client.query_one("SELECT to_regclass($1) IS NULL", &[&table]).await?;
        if find.try_get(0)? {
            return Ok(None);
        }
        let rows = client.query(&format!("SELECT key, number FROM {table}"), &[]).await?;
        Ok(Some(
            rows.iter()
                .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
                .collect::<Result<_, tokio_postgres::Error>>()?,
        ))
    }

    async fn execute_outside(&self, _: &PostgresStore, sql: &str) -> Result<(), FactoryError> {
        Ok(self.connect().await?.batch_execute(sql).await?)
    }

    fn ending(&self) -> &'static [&'static str] {
        &[
            "COMMIT",
            "/* at last */ end",
            "-- done\rROLLBACK",
            "BEGIN",
            "SELECT 1; COMMIT; BEGIN",
            "SAVEPOINT s",
            "ROLLBACK TO s",
            "ABORT",
            "PREPARE TRANSACTION 'x'",
            "DO $$ BEGIN COMMIT; END $$",
        ]
    }

    async fn out_of_reach(&self, _: &PostgresStore) -> Result<Vec<String>, FactoryError> {
        let others: &[&str] = if self.is_hardened { &FOR_THE_OWNER } else { &[] };
        Ok(FOR_NOBODY.iter().chain(others).map(|sql| (*sql).to_owned()).collect())
    }

    fn of_others(&self, store: &PostgresStore, model: &ReadModelId) -> String {
        let table = store.table(model, "theirs").unwrap_or_default();
        let schema = table.strip_suffix(".\"theirs\"").unwrap_or_default();
        format!("CREATE SCHEMA {schema}; CREATE TABLE {table} (x int)")
    }
}
