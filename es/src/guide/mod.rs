//! The guide: one page for each thing you want to do. Every line of code in it is compiled and run.
//!
//! 1. [Define events](define_events), and the aggregate they make.
//! 2. [Decide](decide) on commands.
//! 3. [Store and load](store_and_load).
//! 4. [Test](mod@test) decisions without a store.
//! 5. [Choose a backend](choose_a_backend).
//! 6. [Run commands concurrently](run_commands_concurrently).
//! 7. [Read the log](read_the_log).
//! 8. [Build read models](projections): views and rows by key.
//! 9. [Answer HTTP requests](answer_http_requests): errors as status codes.
//! 10. [Serve several tenants](serve_several_tenants).
//! 11. [Change an event](change_an_event) that is stored already, or what an id prints.
//! 12. [Guard stored events](guard_stored_events) with two tests: the lock and the corpus.
//! 13. [Write your own store](write_your_own_store).
//! 14. [Operations](operations): PostgreSQL in production, its settings, errors and logs.
//! 15. [Operations on SQLite](operations_on_sqlite): the files, backups, other programs, damage.

#[doc = include_str!("define_events.md")]
///
/// # The whole of it
///
/// ```
#[doc = include_str!("account.rs")]
/// # fn main() {}
/// ```
pub mod define_events {}

#[doc = include_str!("decide.md")]
pub mod decide {}

#[cfg_attr(feature = "memory", doc = include_str!("store_and_load.md"))]
#[cfg_attr(not(feature = "memory"), doc = "This page needs the feature `memory`.")]
pub mod store_and_load {}

#[cfg_attr(feature = "testing", doc = include_str!("test.md"))]
#[cfg_attr(not(feature = "testing"), doc = "This page needs the feature `testing`.")]
pub mod test {}

#[cfg_attr(feature = "memory", doc = include_str!("choose_a_backend.md"))]
#[cfg_attr(not(feature = "memory"), doc = "This page needs the feature `memory`.")]
pub mod choose_a_backend {}

#[cfg_attr(feature = "memory", doc = include_str!("run_commands_concurrently.md"))]
#[cfg_attr(not(feature = "memory"), doc = "This page needs the feature `memory`.")]
pub mod run_commands_concurrently {}

#[cfg_attr(feature = "memory", doc = include_str!("read_the_log.md"))]
#[cfg_attr(not(feature = "memory"), doc = "This page needs the feature `memory`.")]
pub mod read_the_log {}

#[cfg_attr(feature = "memory", doc = include_str!("projections.md"))]
#[cfg_attr(not(feature = "memory"), doc = "This page needs the feature `memory`.")]
pub mod projections {}

#[cfg_attr(feature = "memory", doc = include_str!("answer_http_requests.md"))]
#[cfg_attr(not(feature = "memory"), doc = "This page needs the feature `memory`.")]
pub mod answer_http_requests {}

#[doc = include_str!("serve_several_tenants.md")]
pub mod serve_several_tenants {}

#[doc = include_str!("change_an_event.md")]
pub mod change_an_event {}

#[doc = include_str!("guard_stored_events.md")]
#[expect(clippy::test_attr_in_doctest, reason = "it shows a test")]
pub mod guard_stored_events {}

#[doc = include_str!("write_your_own_store.md")]
#[doc = "```"]
#[doc = include_str!("../../tests/own_store/store.rs")]
#[doc = "# use es_contract::contract::{self, PROMISES, Rerun};"]
#[doc = "# fn main() -> Result<(), es_contract::BrokenPromise> {"]
#[doc = "# // Those about memory run a test binary again, which a doctest is not."]
#[doc = "# for promise in PROMISES.iter().filter(|promise| promise.family != \"memory_use\") {"]
#[doc = "#     contract::run(Rerun::new(promise.name), &OwnStores, promise.check)?;"]
#[doc = "# }"]
#[doc = "# Ok(())"]
#[doc = "# }"]
#[doc = "```"]
pub mod write_your_own_store {}

#[doc = include_str!("operations.md")]
pub mod operations {}

#[cfg_attr(feature = "sqlite", doc = include_str!("operations_on_sqlite.md"))]
#[cfg_attr(not(feature = "sqlite"), doc = "This page needs the feature `sqlite`.")]
pub mod operations_on_sqlite {}
