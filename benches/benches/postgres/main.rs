//! Measures what es-postgres costs compared with raw tokio-postgres on the same server in the same run.
//!
//! `cargo bench -p benches --bench postgres` prints the table; words after `--` select rows by a part of their name.
//! Rounds alternate between the two, and the medians are compared. `ES_BENCH_ROUNDS` (5) and `ES_BENCH_SCALE` (1.0)
//! make it shorter or longer. `ES_TEST_POSTGRES_URL` names a server to use instead of a private one with `fsync = on`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench fails by a panic, prints its table, and rounds its figures"
)]

mod append;
mod bank;
mod execute;
mod processes;
mod raw;
mod read;
mod table;

use std::env;

use es::PostgresStore;
use raw::Raw;
use table::Table;
use test_postgres::Database;

/// What a row of the table needs: both sides on one database, and the amount of work.
struct Setup {
    url: String,
    store: PostgresStore,
    raw: Raw,
    rounds: usize,
    scale: f64,
}

impl Setup {
    async fn new(database: &Database) -> Self {
        let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<f64>().ok());
        Self {
            url: database.url(),
            store: PostgresStore::connect(&database.url()).await.unwrap(),
            raw: Raw::connect(&database.url(), 16).await,
            rounds: number("ES_BENCH_ROUNDS").map_or(5, |rounds| rounds as usize),
            scale: number("ES_BENCH_SCALE").unwrap_or(1.0),
        }
    }

    fn scaled(&self, count: usize) -> usize {
        ((count as f64 * self.scale) as usize).max(64)
    }
}

#[tokio::main]
async fn main() {
    if let Some(worker) = processes::Worker::from_env() {
        return worker.run().await;
    }
    let words: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let chosen = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let mut table = Table::default();
    macro_rules! rows {
        ($($name:literal => $row:expr),+ $(,)?) => {$(
            if chosen($name) {
                let database = Database::fresh().unwrap();
                let setup = Setup::new(&database).await;
                table.note_server(&setup.raw).await;
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
