//! The store on SQLite under random load, by four stores on one file. `TORTURE_SEED` repeats a run; `ES_FIRE=full` makes it ten
//! times as long.

use std::sync::Arc;

use es_contract::torture::{self, Plan};
use es_core::EventStore;
use es_sqlite::SqliteStore;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_keeps_its_promises_under_torture() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("log.db");
    let mut handles: Vec<Arc<dyn EventStore>> = Vec::new();
    let mut stores = Vec::new();
    for _ in 0..4 {
        let store = SqliteStore::open(&path).await?;
        handles.push(Arc::new(store.clone()));
        stores.push(store);
    }
    let (history, log) = torture::run(Plan::from_env(handles)?).await?;
    let report = torture::check(&history, &log).into_result()?;
    assert!(report.acknowledged > 100 && report.refused > 10 && report.delivered > 100, "{report:?}");
    let found = stores[0].verify().await?;
    assert!(found.is_intact(), "{:?}", found.problems);
    assert_eq!(found.events, u64::try_from(log.events.len())?);
    Ok(())
}
