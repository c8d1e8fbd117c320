//! A connection that one transaction has for itself.

use std::{collections::HashMap, sync::Arc};

use futures_util::future::join;
use tokio::task::AbortHandle;
use tokio_postgres::{Client, Row, Statement, types::ToSql};

use crate::{
    server::{connection::Connection, error::PostgresError},
    table::place::Place,
};

/// The most prepared statements that are kept for a place: more than that are a sign that their text changes.
const STATEMENTS: usize = 256;

/// A connection. Dropping it closes it, whatever runs on it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) client: Arc<Client>,
    driver: AbortHandle,
    /// The statements of the store.
    own: HashMap<String, Statement>,
    /// The statements of projections. Those of an older claim may refer to tables that are gone.
    statements: HashMap<Place, (u64, HashMap<String, Statement>)>,
}

impl Session {
    pub(super) fn new(connection: Connection) -> Self {
        let Connection { client, driver, .. } = connection;
        Self {
            client: Arc::new(client),
            driver: driver.abort_handle(),
            own: HashMap::new(),
            statements: HashMap::new(),
        }
    }

    /// Begins a transaction by `begin`, and sends a statement of the store in the same round trip.
    pub(super) async fn begin(
        &mut self,
        begin: &str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, PostgresError> {
        let statement = if let Some(statement) = self.own.get(sql) {
            statement.clone()
        } else {
            let statement = self.client.prepare(sql).await.map_err(PostgresError::statement)?;
            self.own.insert(sql.to_owned(), statement.clone());
            statement
        };
        // Polled, and so sent, in this order.
        let (open, rows) = join(self.client.batch_execute(begin), self.client.query(&statement, parameters)).await;
        open.map_err(PostgresError::statement)?;
        rows.map_err(PostgresError::statement)
    }

    /// The statement of a projection, if it was prepared under the same claim.
    pub(super) fn prepared(&self, place: &Place, epoch: u64, sql: &str) -> Option<Statement> {
        let (of, statements) = self.statements.get(place)?;
        statements.get(sql).filter(|_| *of == epoch).cloned()
    }

    /// Keeps a prepared statement of a projection.
    pub(super) fn keep(&mut self, place: &Place, epoch: u64, sql: String, statement: Statement) {
        let (of, statements) = self.statements.entry(place.clone()).or_default();
        if *of != epoch || statements.len() >= STATEMENTS {
            (*of, *statements) = (epoch, HashMap::new());
        }
        statements.insert(sql, statement);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The driver would wait for the answers to what was sent.
        self.driver.abort();
    }
}
