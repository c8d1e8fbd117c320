//! Two processes keep one read model, until they are killed.

use std::{thread, time::Duration};

use es_contract::Effort;
use es_sqlite::SqliteStore;

use crate::{child::start, follow::check_rows, process::Process, random::Random};

/// How many rounds use one file.
const ROUNDS: u32 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_leaves_a_step_whole_and_two_owners_count_each_event_once() {
    let rounds = Effort::from_env().unwrap().times(200);
    let mut random = Random::new();
    let (mut handled, mut fenced) = (0, 0);
    for _ in 0..rounds.div_ceil(ROUNDS) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let mut last = 0;
        for _ in 0..ROUNDS.min(rounds) {
            let mut processes = ["follow"; 2].map(|role| start(role, &path));
            fenced += processes.iter().map(|process| until_handled(process, 2)).sum::<usize>();
            thread::sleep(Duration::from_micros(random.below(60_000)));
            let [first, survivor] = &mut processes;
            first.kill();
            // What it has said so far may be from before the kill.
            while survivor.line_so_far().is_some() {}
            fenced += until_handled(survivor, 2);
            thread::sleep(Duration::from_micros(random.below(30_000)));
            survivor.kill();
            let lines = processes.iter().flat_map(Process::rest);
            fenced += lines.filter(|line| line == "fenced").count();
            let store = SqliteStore::open(&path).await.unwrap();
            let found = store.verify().await.unwrap();
            assert!(found.is_intact(), "{:?}", found.problems);
            store.close().await;
            let at = check_rows(&path).unwrap();
            assert!(at > last, "it went back from {last} to {at}");
            last = at;
        }
        handled += last;
    }
    println!("{} kills: {handled} events, {fenced} steps were fenced", 2 * rounds);
    assert!(fenced > 0);
}

/// Waits until the process has taken so many steps, and counts those that were fenced.
fn until_handled(process: &Process, steps: usize) -> usize {
    let mut fenced = 0;
    for _ in 0..steps {
        while process.line() == "fenced" {
            fenced += 1;
        }
    }
    fenced
}
