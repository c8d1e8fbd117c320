//! A hardened log.

use std::sync::Arc;

use es_postgres::{MissingProtection, PostgresStore};
use test_postgres::{Database, Server};

use crate::faults::altered_sql::Change;

/// A log hardened for the role `app`, on its own server since roles belong to the whole server.
pub(crate) struct HardenedLog {
    // Dropped first, before its server.
    pub(crate) database: Database,
    _server: Arc<Server>,
}

impl HardenedLog {
    pub(crate) async fn new() -> Self {
        Self::with(&Arc::new(Server::start(&[]).unwrap()), Change::NONE).await
    }

    /// Applies `change` to the hardening statements.
    pub(crate) async fn with(server: &Arc<Server>, change: Change) -> Self {
        let database = Database::on(&server.url()).unwrap();
        let store = PostgresStore::connect(&database.url()).await.unwrap();
        assert_eq!(store.missing_protections().await.unwrap(), [MissingProtection::Superuser]);
        let hardening = change.of(&PostgresStore::hardening("app"));
        // Hardening revokes earlier grants, and may run again after a migration.
        database.run(&[&hardening, EVERY_RIGHT, &hardening]).unwrap();
        Self { database, _server: Arc::clone(server) }
    }

    pub(crate) fn url(&self, user: &str) -> String {
        self.database.url().replace("postgres@", &format!("{user}@"))
    }
}

/// Grants that an application may have before hardening.
const EVERY_RIGHT: &str = "GRANT ALL ON SCHEMA es TO app; GRANT ALL ON ALL TABLES IN SCHEMA es TO app; \
                           GRANT ALL ON ALL SEQUENCES IN SCHEMA es TO app; GRANT ALL ON ALL FUNCTIONS IN SCHEMA es TO app";
