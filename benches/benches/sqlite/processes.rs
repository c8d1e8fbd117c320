//! Measures several processes on one file.

use std::{
    cell::Cell,
    io::BufRead,
    path::Path,
    time::{Duration, Instant},
};

use benches::{
    measure::{concurrently, run_workers, start_worker, wait_for_start},
    table::{Row, median},
};
use es::{EventStore, Expected, Filter, SqliteStore};
use futures_util::StreamExt;

use crate::{Setup, append::append};

const TASKS: usize = 32;

/// Does the work of a child process: `append`, a time and a path, or `listen` and a path.
pub(crate) async fn work(text: &str) {
    match text.split_once(' ').unwrap() {
        ("append", rest) => {
            let (millis, path) = rest.split_once(' ').unwrap();
            append_for(Duration::from_millis(millis.parse().unwrap()), path.as_ref()).await;
        }
        ("follow", path) => crate::projections::follow(path).await,
        ("listen", path) => listen(path.as_ref()).await,
        other => panic!("{other:?}"),
    }
}

/// Appends from 32 tasks to new streams, and prints how many there were and how long the slowest took.
async fn append_for(time: Duration, path: &Path) {
    let store = SqliteStore::open(path).await.unwrap();
    wait_for_start();
    let (count, worst) = (Cell::new(0_u64), Cell::new(Duration::ZERO));
    let name = std::process::id();
    let began = Instant::now();
    concurrently(TASKS, |task| {
        let (store, count, worst) = (&store, &count, &worst);
        async move {
            for number in 0.. {
                let sent = Instant::now();
                if sent - began >= time {
                    break;
                }
                let append = append(&format!("{name}-{task}-{number}"), Expected::NoStream, 1);
                store.append(append.into()).await.unwrap();
                count.set(count.get() + 1);
                worst.set(worst.get().max(sent.elapsed()));
            }
        }
    })
    .await;
    println!("{} {}", count.get(), worst.get().as_micros());
}

/// What a process did: its appends, and the time of the slowest.
fn appended(path: &Path, processes: usize, time: Duration) -> Vec<(f64, Duration)> {
    let work = format!("append {} {}", time.as_millis(), path.display());
    let (_, outputs) = run_workers(&vec![work; processes]);
    let parse = |output: &String| {
        let (count, worst) = output.trim().split_once(' ').unwrap();
        (count.parse().unwrap(), Duration::from_micros(worst.parse().unwrap()))
    };
    outputs.iter().map(parse).collect()
}

/// Measures two processes with 32 tasks each, compared with one process with 32.
#[expect(clippy::unused_async, reason = "every row of the table is awaited")]
pub(crate) async fn two_against_one(setup: &Setup) -> Row {
    let path = setup.path("processes");
    let time = Duration::from_millis(setup.effort.scaled(3_000) as u64);
    let (mut one, mut two, mut unfair, mut slowest) = (Vec::new(), Vec::new(), 1.0_f64, Duration::ZERO);
    for round in 0..=setup.effort.rounds {
        let alone = appended(&path, 1, time)[0].0;
        let both = appended(&path, 2, time);
        if round > 0 {
            let (first, second) = (both[0].0, both[1].0);
            one.push(time.div_f64(alone));
            two.push(time.div_f64(first + second));
            unfair = unfair.max(first.max(second) / first.min(second));
            slowest = slowest.max(both[0].1).max(both[1].1);
        }
    }
    let mut row = Row::rates(1, &one, &two, "at least 0.8 of one process, at most 1.3 : 1, none above 100 ms");
    row.ours = format!("{}, at most {unfair:.2} : 1, worst append {slowest:.0?}", row.ours);
    row
}

/// Prints a line for each event.
async fn listen(path: &Path) {
    let store = SqliteStore::open(path).await.unwrap();
    let mut events = store.subscribe(store.frontier().await.unwrap(), &Filter::all());
    println!("ready");
    while let Some(event) = events.next().await {
        println!("{}", event.unwrap().position);
    }
}

/// Measures how long an idle subscription of another process takes to deliver an event.
pub(crate) async fn wake_up(setup: &Setup) -> Row {
    let path = setup.path("wake");
    let store = SqliteStore::open(&path).await.unwrap();
    let (mut child, mut output) = start_worker(&format!("listen {}", path.display()));
    let mut times = Vec::new();
    for round in 0..20_u64 {
        // No multiple of the interval at which the other process looks at the file.
        tokio::time::sleep(Duration::from_micros(200_000 + 730 * round)).await;
        store.append(append(&format!("wake-{round}"), Expected::NoStream, 1).into()).await.unwrap();
        let appended = Instant::now();
        output.read_line(&mut String::new()).unwrap();
        times.push(appended.elapsed());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let worst = times.iter().max().copied().unwrap_or_default();
    Row {
        baseline: String::new(),
        ours: format!("median {:.1?}, worst {worst:.1?}", median(&times)),
        ratio: None,
        target: "within 10 ms",
    }
}
