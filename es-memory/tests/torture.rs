//! The store in memory under random load. `TORTURE_SEED` repeats a run; `ES_FIRE=full` makes it ten times as long.

use std::sync::Arc;

use es_contract::{
    BrokenPromise,
    torture::{self, Plan},
};
use es_core::EventStore;
use es_memory::MemoryStore;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_keeps_its_promises_under_torture() -> Result<(), BrokenPromise> {
    let store = MemoryStore::new();
    let handles: Vec<Arc<dyn EventStore>> = vec![Arc::new(store.clone()), Arc::new(store)];
    let (history, log) = torture::run(Plan::from_env(handles)?).await?;
    let report = torture::check(&history, &log).into_result()?;
    assert!(report.acknowledged > 100 && report.refused > 10 && report.delivered > 100, "{report:?}");
    Ok(())
}
