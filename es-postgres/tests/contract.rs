//! The store on PostgreSQL keeps every promise.

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

struct OnPostgres;

#[async_trait]
impl Factory for OnPostgres {
    async fn fresh(&self) -> Result<Box<dyn FreshStore>, es_contract::FactoryError> {
        Ok(Box::new(Fresh { database: Database::fresh()?, handles: Mutex::default() }))
    }

    async fn join(&self, address: &str) -> Result<Arc<dyn EventStore>, es_contract::FactoryError> {
        Ok(Arc::new(PostgresStore::connect(address).await?))
    }

    fn properties(&self) -> &[Property] {
        &[Property::Durable, Property::SeveralProcesses]
    }

    fn operations(&self) -> &[Operation] {
        &[Operation::Snapshots, Operation::ReadModels]
    }
}

/// A new database; every handle is a new store with its own connections.
struct Fresh {
    database: Database,
    handles: Mutex<Vec<PostgresStore>>,
}

impl Fresh {
    async fn open(&self) -> Result<Arc<dyn EventStore>, es_contract::FactoryError> {
        let store = PostgresStore::connect(&self.database.url()).await?;
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
        Some(self.database.url())
    }

    fn open_readers(&self) -> usize {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).iter().map(PostgresStore::open_readers).sum()
    }

    async fn put_clock_back(&self, by: Duration) -> Result<(), es_contract::FactoryError> {
        clock::put_back(&self.database, by)
    }
}

store_contract!(OnPostgres);

mod tables {
    use super::shared_tables::TablesOnPostgres;

    es_contract::tables_contract!(TablesOnPostgres::default());
}
