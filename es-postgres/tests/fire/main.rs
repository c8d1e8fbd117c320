//! The store under fire: kills, lies, hostile input, least privilege.
//!
//! Those that go on for a time go on for a tenth of it, and for all of it with `ES_FIRE=full`; `ES_FIRE_SECONDS=60` makes
//! them longer, `ES_SEED` repeats one.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]
#![expect(clippy::print_stdout, reason = "seeds and figures are printed, to repeat and to compare")]

mod answers;
mod children;
mod damaged;
mod dropped;
mod faults;
mod forged;
mod full_disk;
mod hardening;
mod hostile;
mod kills;
mod large;
mod lies;
mod limits;
mod load;
mod moves;
mod odd_rows;
mod privilege;
mod restore;
mod subscribers;
#[cfg(feature = "tls")]
mod tls;
mod tools;
mod transactions;
mod unreplicated;
#[path = "../shared/warnings.rs"]
mod warnings;
