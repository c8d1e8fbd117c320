//! The promises of `es` as tests that any store can run, and given/when/then for aggregates.
//!
//! Applications use [`scenario`] and [`Corpus`]; who writes a storage crate holds it to the contract:
//!
//! ```
//! # struct MyStores;
//! # #[async_trait::async_trait]
//! # impl es_testing::Factory for MyStores {
//! #     async fn fresh(&self) -> Result<Box<dyn es_testing::FreshStore>, es_core::StoreError> { Err("none".into()) }
//! # }
//! // tests/contract.rs of a storage crate
//! es_testing::store_contract!(MyStores);
//! # fn main() {}
//! ```
//!
//! # Layout
//! `contract` is what runs the promises, `promises` the promises themselves, one file a family, `scenario` given, when
//! and then, `corpus` stored payloads beside what they are today, `faulty` a store that fails on purpose, `torture`
//! random load and the check of what it left.

pub mod contract;
pub mod corpus;
mod drop_after;
mod faulty;
#[doc(hidden)]
pub mod promises;
mod scenario;
pub mod torture;

pub use contract::{Broken, Factory, FreshStore, Operation, Property};
pub use corpus::Corpus;
pub use faulty::FaultyStore;
pub use scenario::{Outcome, Scenario, scenario};
