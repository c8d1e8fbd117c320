//! Two processes write to one file, until they are told to end or are killed.

use std::{thread, time::Duration};

use es_contract::Effort;
use es_core::EventStore;
use es_sqlite::SqliteStore;

use crate::{
    child::start,
    process::Process,
    random::Random,
    record::{Counts, Records, log},
};

/// How many rounds use one file.
const ROUNDS: u32 = 20;

#[test]
fn two_processes_under_load_keep_the_promises() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let mut processes = ["write until told"; 2].map(|role| start(role, &path));
    let mut lines = processes.each_ref().map(|process| appended(process, 5));
    thread::sleep(Effort::from_env().unwrap().lasting(Duration::from_secs(10)));
    processes.iter_mut().for_each(Process::proceed);
    let mut records = Records::default();
    for (process, lines) in processes.iter().zip(&mut lines) {
        lines.extend(process.rest());
        records.add(lines);
    }
    let counts = records.check(&log(&path)).unwrap();
    println!("{counts:?}");
    assert!(counts.done > 40 && counts.refused > 5 && counts.seen > 80, "{counts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_of_a_writing_process_loses_nothing_and_the_others_go_on() {
    let rounds = Effort::from_env().unwrap().times(200);
    let mut random = Random::new();
    let mut total = Counts::default();
    for _ in 0..rounds.div_ceil(ROUNDS) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let mut records = Records::default();
        let mut counts = Counts::default();
        for _ in 0..ROUNDS.min(rounds) {
            let mut processes = ["write"; 2].map(|role| start(role, &path));
            let mut lines = processes.each_ref().map(|process| appended(process, 1));
            thread::sleep(Duration::from_micros(random.below(60_000)));
            let [first, survivor] = &mut processes;
            first.kill();
            // What it has said so far may be from before the kill.
            while let Some(line) = survivor.line_so_far() {
                lines[1].push(line);
            }
            lines[1].extend(appended(survivor, 6));
            thread::sleep(Duration::from_micros(random.below(30_000)));
            survivor.kill();
            for (process, lines) in processes.iter().zip(&mut lines) {
                lines.extend(process.rest());
                records.add(lines);
            }
            let store = SqliteStore::open(&path).await.unwrap();
            let found = store.verify().await.unwrap();
            assert!(found.is_intact(), "{:?}", found.problems);
            let last = store.frontier().await.unwrap().position().get();
            store.close().await;
            let log = log(&path);
            assert_eq!(last, log.len() as u64);
            counts = records.check(&log).unwrap();
        }
        total.done += counts.done;
        total.refused += counts.refused;
        total.unknown += counts.unknown;
        total.seen += counts.seen;
    }
    println!("{} kills: {total:?}", 2 * rounds);
    assert!(total.done >= 8 * rounds as usize && total.refused > 0 && total.unknown > 0, "{total:?}");
}

/// Checks that the tests above can fail.
#[test]
fn the_check_finds_a_log_that_breaks_a_promise() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let mut process = start("write", &path);
    let mut lines = appended(&process, 20);
    process.kill();
    lines.extend(process.rest());
    let records = |lines: &[String]| {
        let mut records = Records::default();
        records.add(lines);
        records
    };
    let whole = log(&path);
    records(&lines).check(&whole).unwrap();
    let caught = |lines: &[String], log: &[_], expected: &str| {
        let broken = records(lines).check(log).unwrap_err();
        assert!(broken.contains(expected), "{broken}");
    };
    let done = lines.iter().find(|line| line.starts_with("done ")).unwrap();
    let number = done.split(' ').nth(1).unwrap();
    let refused: Vec<_> =
        lines.iter().map(|line| if line == done { format!("refused {number}") } else { line.clone() }).collect();
    caught(&refused, &whole, "was refused and is stored");
    caught(&lines, &[], "acknowledged and are not stored");
    caught(&lines, &whole[1..], "is at position 1");
    caught(&[], &whole, "was sent by nobody");
    let mut moved = whole.clone();
    moved[0].stream = "life/other".to_owned();
    records(&lines).check(&moved).unwrap_err();
    let mut changed = whole;
    changed[0].payload.push(' ');
    caught(&lines, &changed, "has another payload");
}

/// The lines of a process up to its next acknowledged appends.
fn appended(process: &Process, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    while lines.iter().filter(|line: &&String| line.starts_with("done ")).count() < count {
        lines.push(process.line());
    }
    lines
}
