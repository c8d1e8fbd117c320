//! Seats in a file: a run finds the events of an earlier one, and two stores share the seats.

#![cfg(feature = "sqlite")]

mod shared;

use tempfile::TempDir;

/// A new folder, and the URL of a file in it.
fn fresh() -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}/seats.db", folder.path().display());
    (folder, url)
}

#[tokio::test]
async fn the_conferences_of_every_run_are_found_by_the_next() {
    let (_folder, url) = fresh();
    shared::conferences_are_found_again(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_seats_are_shared_by_those_who_ask_in_two_stores_at_once() {
    let (_folder, url) = fresh();
    shared::two_stores_share_the_last_seats(&url).await;
}
