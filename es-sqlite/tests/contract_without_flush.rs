//! The store on SQLite keeps every promise also where a commit does not wait for the disk: small appends then run on the thread
//! that asks.

use es_contract::store_contract;
use es_sqlite::Synchronous;
use files::InFiles;

#[path = "shared/files.rs"]
mod files;

store_contract!(InFiles(Synchronous::LosesLastEventsOnPowerLoss));
