//! The store on SQLite keeps every promise; its handles are stores of their own on one file.

use es_contract::store_contract;
use es_sqlite::Synchronous;
use files::InFiles;

#[path = "shared/files.rs"]
mod files;
#[path = "shared/tables.rs"]
mod shared_tables;

store_contract!(InFiles(Synchronous::Full));

mod tables {
    use super::shared_tables::TablesInFiles;

    es_contract::tables_contract!(TablesInFiles);
}
