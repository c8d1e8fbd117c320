//! Measures several processes on one log.

use std::time::{Duration, Instant};

use benches::{
    measure::{run_workers, wait_for_start, worker},
    table::{Row, median},
};
use es::{EventStore, Filter, PostgresStore};
use futures_util::StreamExt;

use crate::{Setup, append::append_to_new_streams};

/// The work of a child process, which the parent passes in an environment variable.
pub(crate) struct Worker {
    url: String,
    name: String,
    tasks: usize,
    each: usize,
}

impl Worker {
    pub(crate) fn from_env() -> Option<Self> {
        let text = worker()?;
        let mut words = text.split(' ').map(str::to_owned);
        let mut word = || words.next().unwrap();
        Some(Self { url: word(), name: word(), tasks: word().parse().unwrap(), each: word().parse().unwrap() })
    }

    pub(crate) async fn run(self) {
        let store = PostgresStore::connect(&self.url).await.unwrap();
        // All processes start working when the parent writes a line, so that their start-up is not measured.
        wait_for_start();
        append_to_new_streams(&store, &self.name, self.tasks, self.each).await;
    }
}

/// Measures four processes with 16 tasks each, compared with one process with 64.
#[expect(clippy::unused_async, reason = "every row of the table is awaited")]
pub(crate) async fn four_against_one(setup: &Setup) -> Row {
    let each = setup.effort.scaled(20_000) / 64;
    let (mut one, mut four) = (Vec::new(), Vec::new());
    for round in 0..=setup.effort.rounds {
        one.push(run_processes(&setup.url, &format!("one-{round}"), 1, 64, each));
        four.push(run_processes(&setup.url, &format!("four-{round}"), 4, 16, each));
    }
    Row::rates(each * 64, &one[1..], &four[1..], "at least 0.7 of one process")
}

fn run_processes(url: &str, name: &str, processes: usize, tasks: usize, each: usize) -> Duration {
    let work = |number| format!("{url} {name}-{number} {tasks} {each}");
    run_workers(&(0..processes).map(work).collect::<Vec<_>>()).0
}

/// Measures how long an idle subscription of another store takes to deliver an event.
pub(crate) async fn wake_up(setup: &Setup) -> Row {
    let other = PostgresStore::connect(&setup.url).await.unwrap();
    let mut events = other.subscribe(other.frontier().await.unwrap(), &Filter::all());
    let mut times = Vec::new();
    for round in 0..20 {
        // Wait until the reader polls at its slowest rate.
        let idle = tokio::time::timeout(Duration::from_millis(1_500), events.next()).await;
        assert!(idle.is_err(), "an event that was not appended");
        append_to_new_streams(&setup.store, &format!("wake-{round}"), 1, 1).await;
        let appended = Instant::now();
        events.next().await.unwrap().unwrap();
        times.push(appended.elapsed());
    }
    let worst = times.iter().max().copied().unwrap_or_default();
    Row {
        baseline: String::new(),
        ours: format!("median {:.1?}, worst {worst:.1?}", median(&times)),
        ratio: None,
        target: "within 50 ms",
    }
}
