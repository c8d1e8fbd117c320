//! The store under fire: kills, lies, hostile input, least privilege.
//!
//! Those that go on for a time go on for a tenth of it, and for all of it with `ES_FIRE=full`; `ES_FIRE_SECONDS=60` makes
//! them longer, `ES_SEED` repeats one.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]
#![expect(clippy::print_stdout, reason = "seeds and figures are printed, to repeat and to compare")]

mod cancellation;
mod damaged_rows;
mod faults;
mod foreign_transactions;
mod full_disk;
mod hardening;
mod hostile_input;
mod incarnation_changes;
mod invalid_arguments;
mod large_appends;
mod limits;
mod load;
mod lost_answers;
mod multiple_processes;
mod network_faults;
mod out_of_range_columns;
mod privilege;
mod restore;
mod server_crashes;
mod subscribers;
mod synchronous_standby;
#[cfg(feature = "tls")]
mod tls;
mod tools;
#[path = "../shared/warnings.rs"]
mod warnings;
