//! Two processes that write as much as they can get about as many turns.

use std::{thread, time::Duration};

use es_contract::Effort;

use crate::{child::start, process::Process};

/// How many times as many appends one process may get as the other. `benches` measures the exact ratio.
const MARGIN: u64 = 3;

#[test]
fn two_processes_with_32_tasks_each_get_about_as_many_appends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let mut processes = ["count"; 2].map(|role| start(role, &path));
    for process in &processes {
        assert_eq!(process.line(), "works");
    }
    // Both count the same time.
    processes.iter_mut().for_each(Process::proceed);
    thread::sleep(Effort::from_env().unwrap().lasting(Duration::from_secs(20)));
    processes.iter_mut().for_each(Process::proceed);
    let counts = processes.each_ref().map(|process| process.line().parse::<u64>().unwrap());
    println!("{counts:?}");
    let (fewer, more) = (counts[0].min(counts[1]), counts[0].max(counts[1]));
    assert!(fewer > 0 && more <= fewer * MARGIN, "{counts:?}");
}
