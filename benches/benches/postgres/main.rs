//! Measures what es-postgres costs compared with raw tokio-postgres on the same server in the same run.
//!
//! `cargo bench -p benches --bench postgres` prints the table; words after `--` select rows by a part of their name.
//! Rounds alternate between the two, and the medians are compared. `ES_BENCH_ROUNDS` (5) and `ES_BENCH_SCALE` (1.0)
//! make it shorter or longer. `ES_TEST_POSTGRES_URL` names a server to use instead of a private one with `fsync = on`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench fails by a panic, prints its table, and rounds its figures"
)]

mod append;
mod execute;
mod processes;
mod raw;
mod read;

use benches::{
    measure::{Effort, is_chosen},
    table::Table,
};
use es::PostgresStore;
use raw::Raw;
use test_postgres::Database;

/// What a row of the table needs: both sides on one database, and the amount of work.
struct Setup {
    url: String,
    store: PostgresStore,
    raw: Raw,
    effort: Effort,
}

impl Setup {
    async fn new(database: &Database) -> Self {
        Self {
            url: database.url(),
            store: PostgresStore::connect(&database.url()).await.unwrap(),
            raw: Raw::connect(&database.url(), 16).await,
            effort: Effort::from_env(),
        }
    }
}

#[tokio::main]
async fn main() {
    if let Some(worker) = processes::Worker::from_env() {
        return worker.run().await;
    }
    let mut table = Table::new("es-postgres");
    macro_rules! rows {
        ($($name:literal => $row:expr),+ $(,)?) => {$(
            if is_chosen($name) {
                let database = Database::fresh().unwrap();
                let setup = Setup::new(&database).await;
                table.setting = setup.raw.settings().await;
                let row = $row(&setup).await;
                table.push($name, row);
            }
        )+};
    }
    rows! {
        "execute, one task" => execute::one_task,
        "execute, 64 tasks" => execute::many_tasks,
        "append, 64 tasks" => append::many_streams,
        "append, one hot stream" => append::hot_stream,
        "rehydrate 10,000 events" => read::rehydrate,
        "read_all of 1,000,000 events" => read::read_all,
        "4 processes of 16 tasks" => processes::four_against_one,
        "append at 1M stored events" => append::at_one_million,
        "append at 5M stored events" => append::at_five_million,
        "idle wake-up of another process" => processes::wake_up,
    }
    println!("{table}");
}
