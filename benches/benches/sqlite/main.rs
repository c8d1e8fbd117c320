//! Measures what es-sqlite costs compared with raw rusqlite, with the same pragmas on the same disk in the same run.
//!
//! `cargo bench -p benches --bench sqlite` prints the table; words after `--` select rows by a part of their name.
//! Rounds alternate between the two, and the medians are compared. `ES_BENCH_ROUNDS` (5) and `ES_BENCH_SCALE` (1.0)
//! make it shorter or longer. The files are in the folder of cargo's target, and are removed afterwards.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench fails by a panic, prints its table, and rounds its figures"
)]

mod append;
mod cpu;
mod execute;
mod filled;
mod processes;
mod projections;
mod raw;
mod read;

use std::path::PathBuf;

use benches::{
    measure::{Effort, is_chosen},
    table::Table,
};
use es::{
    SqliteStore,
    sqlite::{Synchronous, rusqlite},
};
use filled::Filled;
use raw::Raw;
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// What the rows of the table need: a folder on the disk, and the amount of work.
struct Setup {
    folder: TempDir,
    effort: Effort,
    filled: OnceCell<Filled>,
}

impl Setup {
    /// Makes two new files, one for each side.
    async fn both(&self, name: &str, synchronous: Synchronous) -> (Raw, SqliteStore) {
        let raw = Raw::open(&self.path(&format!("{name}-raw")), synchronous);
        let store = SqliteStore::builder(self.path(name)).synchronous(synchronous).open().await.unwrap();
        (raw, store)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.db"))
    }

    /// The long log, which several rows read.
    async fn filled(&self) -> &Filled {
        self.filled.get_or_init(|| Filled::new(self)).await
    }
}

#[tokio::main]
async fn main() {
    if let Some(work) = benches::measure::worker() {
        return processes::work(&work).await;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let setup = Setup { folder, effort: Effort::from_env(), filled: OnceCell::new() };
    let mut table = Table::new("es-sqlite");
    table.setting = format!("SQLite {}, raw with the same pragmas", rusqlite::version());
    macro_rules! rows {
        ($($name:literal => $row:expr),+ $(,)?) => {$(
            if is_chosen($name) {
                let row = $row(&setup).await;
                table.push($name, row);
            }
        )+};
    }
    rows! {
        "append, 1 task, FULL" => append::one_task,
        "append, 64 tasks, FULL, against a transaction each" => append::many_tasks_against_single,
        "append, 64 tasks, FULL, against batches of 64" => append::many_tasks_against_batches,
        "load 10 events, decide, append, 1 task, NORMAL" => execute::one_task,
        "rehydrate 10,000 events" => read::rehydrate,
        "read_all of 1,000,000 events" => read::read_all,
        "bytes per event, payload of 144 bytes, random ids" => filled::bytes_per_event,
        "bytes per event, payload of 144 bytes, ids v7" => filled::bytes_per_event_with_sorted_ids,
        "open a log of 1,000,000 events" => filled::open,
        "2 processes of 32 tasks" => processes::two_against_one,
        "wake another process" => processes::wake_up,
        "catch up on 1,000,000 events, counting in memory" => projections::in_memory,
        "the same into a table, one by one" => projections::one_by_one,
        "the same into a table, in batches" => projections::in_batches,
        "the same into rows by key" => projections::rows_by_key,
        "from an append to its row, same process" => projections::visible_here,
        "from an append to its row, other process" => projections::visible_elsewhere,
        "20 projections live" => projections::twenty_live,
        "20 projections idle" => projections::twenty_idle,
    }
    println!("{table}");
}
