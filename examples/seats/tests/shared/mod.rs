//! What the seats do on every store that outlives the program.

use std::process::Command;

use es::prelude::*;
use seats::conference::{Book, Conference, ConferenceRefusal, Open};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Runs the program on the store at `url`, and returns its conference and the version at which it was closed.
fn run(url: &str) -> (Uuid, u64) {
    let output = Command::new(env!("CARGO_BIN_EXE_seats")).args(["--store", url]).output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains("64 tasks, 10 seats: 10 booked, 54 refused\n"), "{out}");
    let value = |before| out.lines().find_map(|line| line.strip_prefix(before)).expect("a line");
    (value("conference ").parse().expect("an id"), value("closed at version ").parse().expect("a version"))
}

/// The conferences of every run are found by the next.
pub(crate) async fn conferences_are_found_again(url: &str) {
    let conferences = [run(url), run(url)];
    assert_ne!(conferences[0].0, conferences[1].0);
    let store = es::connect(url).await.expect("a store");
    for (id, version) in conferences {
        let conference = store.repository::<Conference>().load(&id).await.expect("loaded");
        assert_eq!(conference.version().get(), version);
        assert!(matches!(&*conference, Conference::Closed { seated } if seated.len() == 10), "{conference:?}");
    }
}

/// The last seats are shared by those who ask in two stores at once.
pub(crate) async fn two_stores_share_the_last_seats(url: &str) {
    let connect = async || es::connect(url).await.expect("a store").repository::<Conference>();
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
