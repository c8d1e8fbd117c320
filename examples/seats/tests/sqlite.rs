//! Seats in a file: a run finds the events of an earlier one, and two stores share the seats.

#![cfg(feature = "sqlite")]

use std::{path::Path, process::Command};

use es::prelude::*;
use seats::conference::{Book, Conference, ConferenceRefusal, Open};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Runs the program in `folder` and returns its conference and the version at which it was closed.
fn run(folder: &Path) -> (Uuid, u64) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_seats"));
    let output = program.current_dir(folder).args(["--store", "sqlite:seats.db"]).output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains("64 tasks, 10 seats: 10 booked, 54 refused\n"), "{out}");
    let value = |before| out.lines().find_map(|line| line.strip_prefix(before)).expect("a line");
    (value("conference ").parse().expect("an id"), value("closed at version ").parse().expect("a version"))
}

#[tokio::test]
async fn the_conferences_of_every_run_are_found_by_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let conferences = [run(folder.path()), run(folder.path())];
    assert_ne!(conferences[0].0, conferences[1].0);
    let store = es::connect(&format!("sqlite:{}/seats.db", folder.path().display())).await.expect("a store");
    for (id, version) in conferences {
        let conference = store.repository::<Conference>().load(&id).await.expect("loaded");
        assert_eq!(conference.version().get(), version);
        assert!(matches!(&*conference, Conference::Closed { seated } if seated.len() == 10), "{conference:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_seats_are_shared_by_those_who_ask_in_two_stores_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}/seats.db", folder.path().display());
    let connect = async || es::connect(&url).await.expect("a store").repository::<Conference>();
    let conferences = [connect().await, connect().await];
    let id = Uuid::now_v7();
    conferences[0].execute(&id, Open { seats: 10 }).await.expect("opened");
    let mut bookings = JoinSet::new();
    for number in 0..64 {
        let conferences = conferences[number % 2].clone();
        bookings.spawn(async move {
            conferences.with_retries(64).execute(&id, Book { attendee: format!("attendee {number}") }).await
        });
    }
    let mut booked = 0;
    while let Some(booking) = bookings.join_next().await {
        match booking.expect("a task") {
            Ok(_) => booked += 1,
            Err(ExecuteError::Refused(ConferenceRefusal::Full)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(booked, 10);
    let seating = conferences[1].load(&id).await.expect("loaded").seating().expect("open").clone();
    assert_eq!((seating.seated.len(), seating.free()), (10, 0));
}
