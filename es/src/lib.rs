//! Event sourcing from annotated domain code: macros write the rest, storage plugs in, nothing is lost.

#[allow(unused_extern_crates, reason = "code generated in our own tests, doctests and examples names `::es`")]
extern crate self as es;

mod connect;
pub mod prelude;

pub use connect::{ConnectError, connect};
pub use es_core::*;
#[cfg(feature = "memory")]
pub use es_memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use es_postgres::{PostgresBuilder, PostgresError, PostgresStore};
#[cfg(feature = "testing")]
pub use es_testing as testing;

/// The example of the README, as a test.
#[cfg(all(doctest, feature = "memory"))]
#[doc = include_str!("../../README.md")]
struct Readme;
