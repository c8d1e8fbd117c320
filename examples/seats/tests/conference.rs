//! The decisions of a conference, and that no seat is sold twice.

use es::{
    prelude::*,
    testing::{Scenario, scenario},
};
use seats::{
    conference::{
        Book, BookOrWait, BookingCancelled, Cancel, Close, Closed, Conference, ConferenceRefusal, Open, Opened,
        SeatBooked, WaitingListJoined,
    },
    rush::{Rush, rush},
};
use uuid::Uuid;

fn ann() -> String {
    "Ann".into()
}

fn ben() -> String {
    "Ben".into()
}

fn cid() -> String {
    "Cid".into()
}

/// A conference with one seat, which Ann has.
fn full() -> Scenario<Conference> {
    scenario::<Conference>().given((Opened { seats: 1 }, SeatBooked { attendee: ann() }))
}

/// As before, with Ben and Cid on the waiting list.
fn waiting() -> Scenario<Conference> {
    full().given((WaitingListJoined { attendee: ben() }, WaitingListJoined { attendee: cid() }))
}

#[test]
fn a_conference_is_opened_once() {
    scenario::<Conference>().when(Open { seats: 1 }).then(Opened { seats: 1 });
    full().when(Open { seats: 2 }).then_refused(ConferenceRefusal::AlreadyOpened);
    full().given(Closed).when(Open { seats: 2 }).then_refused(ConferenceRefusal::AlreadyOpened);
}

#[test]
fn a_seat_is_booked_while_there_is_one() {
    let open = || scenario::<Conference>().given(Opened { seats: 1 });
    open().when(Book { attendee: ann() }).then(SeatBooked { attendee: ann() });
    open().when(BookOrWait { attendee: ann() }).then(SeatBooked { attendee: ann() });
    full().when(Book { attendee: ben() }).then_refused(ConferenceRefusal::Full);
    full().when(BookOrWait { attendee: ben() }).then(WaitingListJoined { attendee: ben() });
}

#[test]
fn nobody_books_twice() {
    full().when(Book { attendee: ann() }).then_refused(ConferenceRefusal::AlreadyBooked);
    waiting().when(BookOrWait { attendee: ben() }).then_refused(ConferenceRefusal::AlreadyBooked);
}

#[test]
fn a_cancelled_seat_goes_to_the_first_in_the_waiting_list() {
    full().when(Cancel { attendee: ann() }).then(BookingCancelled { attendee: ann() });
    full()
        .given(BookingCancelled { attendee: ann() })
        .when(Book { attendee: ben() })
        .then(SeatBooked { attendee: ben() });
    waiting()
        .when(Cancel { attendee: ann() })
        .then((BookingCancelled { attendee: ann() }, SeatBooked { attendee: ben() }));
    waiting()
        .given((BookingCancelled { attendee: ann() }, SeatBooked { attendee: ben() }))
        .when(Cancel { attendee: ben() })
        .then((BookingCancelled { attendee: ben() }, SeatBooked { attendee: cid() }));
}

#[test]
fn who_waits_can_stop_waiting() {
    waiting().when(Cancel { attendee: ben() }).then(BookingCancelled { attendee: ben() });
    waiting()
        .given(BookingCancelled { attendee: ben() })
        .when(Cancel { attendee: ann() })
        .then((BookingCancelled { attendee: ann() }, SeatBooked { attendee: cid() }));
    full().when(Cancel { attendee: ben() }).then_refused(ConferenceRefusal::NotBooked);
}

#[test]
fn nothing_is_sold_before_and_after() {
    for conference in [scenario::<Conference>, || full().given(Closed)] {
        conference().when(Book { attendee: ben() }).then_refused(ConferenceRefusal::NotOpen);
        conference().when(Cancel { attendee: ann() }).then_refused(ConferenceRefusal::NotOpen);
        conference().when(Close).then_refused(ConferenceRefusal::NotOpen);
    }
    full().when(Close).then(Closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_ten_seats_go_to_ten_of_64() {
    let store = es::connect("memory:").await.expect("a store");
    let conferences = store.repository::<Conference>();
    let id = Uuid::now_v7();
    conferences.execute(&id, Open { seats: 10 }).await.expect("opened");
    assert_eq!(rush(&store, id, 64).await.expect("no failure"), Rush { booked: 10, refused: 54 });
    let conference = conferences.load(&id).await.expect("loaded");
    assert_eq!(conference.seating().expect("open").seated.len(), 10);
    assert_eq!(conference.version(), 11);
}
