//! Several processes on one log.

use std::env;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use es::{EventStore, Filter, PostgresStore};
use futures_util::StreamExt;

use crate::Ground;
use crate::append::share;
use crate::table::{Row, median};

/// What a second process is told to do.
pub(crate) struct Orders {
    url: String,
    name: String,
    tasks: usize,
    each: usize,
}

impl Orders {
    pub(crate) fn given() -> Option<Self> {
        let text = env::var("ES_BENCH_ORDERS").ok()?;
        let mut words = text.split(' ').map(str::to_owned);
        let mut word = || words.next().unwrap();
        Some(Self { url: word(), name: word(), tasks: word().parse().unwrap(), each: word().parse().unwrap() })
    }

    pub(crate) async fn follow(self) {
        let store = PostgresStore::connect(&self.url).await.unwrap();
        // everybody begins when the parent says so, so that starting up is not measured
        println!("ready");
        std::io::stdin().read_line(&mut String::new()).unwrap();
        share(&store, &self.name, self.tasks, self.each).await;
    }
}

/// The rate of four processes with 16 tasks each, against one with 64.
#[expect(clippy::unused_async, reason = "every row of the table is awaited")]
pub(crate) async fn four_against_one(ground: &Ground) -> Row {
    let each = ground.scaled(20_000) / 64;
    let (mut one, mut four) = (Vec::new(), Vec::new());
    for round in 0..=ground.rounds {
        one.push(together(&ground.url, &format!("one-{round}"), 1, 64, each));
        four.push(together(&ground.url, &format!("four-{round}"), 4, 16, each));
    }
    Row::rates(each * 64, &one[1..], &four[1..], "at least 0.7 of one process")
}

fn together(url: &str, name: &str, processes: usize, tasks: usize, each: usize) -> Duration {
    use std::io::{BufRead, BufReader, Write};
    let mut children: Vec<_> = (0..processes)
        .map(|number| {
            let mut command = Command::new(env::current_exe().unwrap());
            command.env("ES_BENCH_ORDERS", format!("{url} {name}-{number} {tasks} {each}"));
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in &mut children {
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    }
    let began = Instant::now();
    for child in &mut children {
        child.stdin.take().unwrap().write_all(b"\n").unwrap();
    }
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    began.elapsed()
}

/// How long an idle subscription of another store takes to deliver.
pub(crate) async fn wake_up(ground: &Ground) -> Row {
    let other = PostgresStore::connect(&ground.url).await.unwrap();
    let mut events = other.subscribe(other.frontier().await.unwrap(), &Filter::all());
    let mut times = Vec::new();
    for round in 0..20 {
        // long enough for the reader to be at its slowest pace of polling
        let idle = tokio::time::timeout(Duration::from_millis(1_500), events.next()).await;
        assert!(idle.is_err(), "an event out of nowhere");
        share(&ground.store, &format!("wake-{round}"), 1, 1).await;
        let appended = Instant::now();
        events.next().await.unwrap().unwrap();
        times.push(appended.elapsed());
    }
    let worst = times.iter().max().copied().unwrap_or_default();
    Row {
        baseline: String::new(),
        ours: format!("median {:.1?}, worst {worst:.1?}", median(&times)),
        ratio: None,
        must: "within 50 ms",
    }
}
