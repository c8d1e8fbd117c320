//! Seats on PostgreSQL: a run finds the events of an earlier one, and two stores share the seats.

#![cfg(feature = "postgres")]

mod shared;

use test_postgres::Database;

#[tokio::test]
async fn the_conferences_of_every_run_are_found_by_the_next() {
    let database = Database::fresh().expect("a server");
    shared::conferences_are_found_again(&database.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_seats_are_shared_by_those_who_ask_in_two_stores_at_once() {
    let database = Database::fresh().expect("a server");
    shared::two_stores_share_the_last_seats(&database.url()).await;
}
