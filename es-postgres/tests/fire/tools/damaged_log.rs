//! A log with a damaged row.

use std::sync::Arc;

use es_core::{EventStore, EventStoreExt, Filter, Position, Repository};
use es_postgres::PostgresStore;
use futures_util::TryStreamExt;
use test_postgres::Database;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::tools::{
    counter::{Counted, Counter, load},
    trial::connect,
};

/// A log of two counters with three events each, whose protecting trigger is off.
pub(crate) struct DamagedLog {
    // Dropped first, so that its connections end before the database is dropped.
    pub(crate) store: PostgresStore,
    client: Client,
    pub(crate) database: Database,
}

impl DamagedLog {
    /// Runs `statement` on the log; `$second` in it is a condition for the second event of counter `a`.
    pub(crate) async fn with(statement: &str) -> Self {
        let database = Database::fresh().unwrap();
        let store = PostgresStore::connect(&database.url()).await.unwrap();
        let counters = store.repository::<Counter>();
        for id in ["a", "b"] {
            let mut root = counters.load(&id.to_owned()).await.unwrap();
            for number in 1..=3 {
                root.record(Counted { number });
                counters.append(&mut root).await.unwrap();
            }
        }
        let client = connect(&database.url()).await;
        client.batch_execute("ALTER TABLE es.events DISABLE TRIGGER events_never_change").await.unwrap();
        client
            .batch_execute(&statement.replace("$second", "category = 'counter' AND id = 'a' AND version = 2"))
            .await
            .unwrap();
        Self { store, client, database }
    }

    /// Counter `b` and a new counter work, and the log can be read above the damage.
    ///
    /// # Errors
    /// The first operation that does not work.
    pub(crate) async fn others_still_work(&self, store: &Arc<dyn EventStore>) -> Result<(), String> {
        let b = load(store, "b").await?.map_err(|error| format!("counter b: {error}"))?;
        let id = Uuid::now_v7().to_string();
        let counters = store.repository::<Counter>();
        let mut fresh = counters.load(&id).await.map_err(|error| format!("a new counter: {error}"))?;
        fresh.record(Counted { number: 7 });
        counters.append(&mut fresh).await.map_err(|error| format!("a new counter: {error}"))?;
        let c = load(store, &id).await?.map_err(|error| format!("a new counter: {error}"))?;
        if (b, c) != (6, 7) {
            return Err(format!("the other sums are {b} and {c}"));
        }
        let rest: Vec<_> = store
            .read_all(Position::new(3).into(), &Filter::all(), None)
            .try_collect()
            .await
            .map_err(|error| format!("above the damage: {error}"))?;
        let count = "SELECT count(*) FROM es.events WHERE position > 3";
        let count: i64 = self.client.query_one(count, &[]).await.unwrap().get(0);
        if rest.len() as u64 != count.unsigned_abs() {
            return Err(format!("{} of {count} events are read above the damage", rest.len()));
        }
        // A process that starts now can connect.
        PostgresStore::connect(&self.database.url()).await.map(drop).map_err(|error| format!("start-up: {error}"))
    }
}
