//! For tests of applications: given/when/then for aggregates, given/then for views and rows by key, a corpus of stored payloads, and a store that fails on
//! purpose. The lock is in [`schema`](crate::schema).
//!
//! ```no_run
//! # use es::{Aggregate, testing::Corpus};
//! # fn test<Account: Aggregate, Order: Aggregate>() {
//! Corpus::new("corpus").check::<(Account, Order)>();
//! # }
//! ```

#[doc(inline)]
pub use es_schema::{Corpus, corpus};
pub use es_testing::{
    Decision, DropAfter, FaultyStore, RowScenario, Scenario, ViewScenario, row_scenario, scenario, view_scenario,
};
