//! What becomes of the file behind the store's back: each fault happens for real, and either does not matter or is a typed
//! error.

#![expect(clippy::unwrap_used, reason = "the helpers are tests too")]

mod child;
mod closing;
mod damage;
mod interrupted;
mod log;
mod moved;
mod others;
#[path = "../shared/process.rs"]
#[expect(dead_code, reason = "these tests send no signals")]
mod process;
#[path = "../shared/random.rs"]
mod random;
mod refused;
mod restored;
mod rights;
mod space;
mod unfollowed;
mod verifications;
