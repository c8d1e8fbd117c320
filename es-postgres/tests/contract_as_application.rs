//! The store keeps every promise for a role that may only execute its functions and read.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use es_contract::{Factory, FreshStore, Operation, Property, store_contract};
use es_core::EventStore;
use es_postgres::PostgresStore;
use test_postgres::Database;

#[path = "shared/clock.rs"]
mod clock;
#[path = "shared/tables.rs"]
mod shared_tables;

struct AsApplication;

#[async_trait]
impl Factory for AsApplication {
    async fn fresh(&self) -> Result<Box<dyn FreshStore>, es_contract::FactoryError> {
        let mut database = Database::fresh()?;
        let application = format!("app_{}", database.name());
        database.drop_role(application.clone());
        database.drop_role(format!("es_owner_{}", database.name()));
        database.drop_role(format!("es_projections_{}", database.name()));
        PostgresStore::connect(&database.url()).await?;
        database.run(&[&PostgresStore::hardening(&application)])?;
        Ok(Box::new(Fresh { url: database.url_as(&application), database, handles: Mutex::default() }))
    }

    async fn join(&self, address: &str) -> Result<Arc<dyn EventStore>, es_contract::FactoryError> {
        Ok(Arc::new(PostgresStore::connect(address).await?))
    }

    fn properties(&self) -> &[Property] {
        &[Property::Durable, Property::SeveralProcesses, Property::WakesWithoutPolling]
    }

    fn operations(&self) -> &[Operation] {
        &[Operation::Snapshots, Operation::ReadModels]
    }
}

/// A new database; every handle is a new store with its own connections.
struct Fresh {
    url: String,
    handles: Mutex<Vec<PostgresStore>>,
    /// Dropped together with its roles after the promise was tested.
    database: Database,
}

impl Fresh {
    async fn open(&self) -> Result<Arc<dyn EventStore>, es_contract::FactoryError> {
        let store = PostgresStore::connect(&self.url).await?;
        if let Some(missing) = store.missing_protections().await?.first() {
            return Err(format!("the application's role lacks a protection: {missing}").into());
        }
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).push(store.clone());
        Ok(Arc::new(store))
    }
}

#[async_trait]
impl FreshStore for Fresh {
    async fn handle(&self) -> Result<Arc<dyn EventStore>, es_contract::FactoryError> {
        self.open().await
    }

    async fn reopened(&self) -> Result<Arc<dyn EventStore>, es_contract::FactoryError> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.open().await
    }

    fn address(&self) -> Option<String> {
        Some(self.url.clone())
    }

    fn open_readers(&self) -> usize {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).iter().map(PostgresStore::open_readers).sum()
    }

    async fn put_clock_back(&self, by: Duration) -> Result<(), es_contract::FactoryError> {
        clock::put_back(&self.database, by)
    }
}

store_contract!(AsApplication);

mod tables {
    use super::shared_tables::TablesOnPostgres;

    es_contract::tables_contract!(TablesOnPostgres::hardened());
}
