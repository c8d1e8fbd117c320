//! Projections: views and rows by key that are folded from the log, on each store; and tables, which write to a target.

#![cfg(feature = "memory")]

use std::{error::Error, sync::Arc, time::Duration};

use es::EventStore;

mod consistent;
mod domain;
mod failing;
mod folding;
mod following;
#[cfg(feature = "testing")]
mod forgetful;
mod models;
mod newer;
mod restored;
#[cfg(feature = "testing")]
mod row_scenarios;
#[cfg(feature = "testing")]
mod scenarios;
mod started;
mod stored;
mod tables;
#[cfg(feature = "sqlite")]
mod tables_on_sqlite;
mod watched;

type TestResult = Result<(), Box<dyn Error>>;

/// Longer than a test may wait.
const LONG: Duration = Duration::from_mins(1);

/// A store of each kind that the features bring in, in a folder that lives as long as the test.
async fn stores() -> Result<Vec<(Arc<dyn EventStore>, tempfile::TempDir)>, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    #[cfg_attr(not(feature = "sqlite"), expect(unused_mut, reason = "only SQLite adds a store"))]
    let mut stores = vec![(es::connect("memory:").await?, folder)];
    #[cfg(feature = "sqlite")]
    {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite:{}", folder.path().join("events.db").display());
        stores.push((es::connect(&url).await?, folder));
    }
    Ok(stores)
}
