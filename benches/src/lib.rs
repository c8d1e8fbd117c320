//! Measures what es costs compared with the same work written by hand.
//!
//! Run `cargo bench -p benches`; each bench says what it compares.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench fails by a panic, prints its table, and rounds its figures"
)]

pub mod bank;
pub mod measure;
pub mod table;

use std::{hint::black_box, time::Instant};

const TURNS: usize = 4000;
const CALLS: u32 = 200;

/// Returns the speed of `ours` relative to `by_hand`: the ratio of the medians over many short, alternating turns.
pub fn relative_speed<A, B>(by_hand: impl Fn() -> A, ours: impl Fn() -> B) -> f64 {
    let turns: Vec<_> = (0..TURNS).map(|_| (turn(&by_hand), turn(&ours))).collect();
    let by_hand = median(turns.iter().map(|turn| turn.0).collect());
    let ours = median(turns.iter().map(|turn| turn.1).collect());
    by_hand / ours
}

fn turn<R>(call: impl Fn() -> R) -> f64 {
    let start = Instant::now();
    for _ in 0..CALLS {
        black_box(call());
    }
    start.elapsed().as_secs_f64()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
