//! The promises of `es` as tests that any store can run: for authors of stores.
//!
//! The guide of `es` has a page with a whole store: `es::guide::write_your_own_store`.
//!
//! ```
//! # struct MyStores;
//! # #[async_trait::async_trait]
//! # impl es_contract::Factory for MyStores {
//! #     async fn fresh(&self) -> Result<Box<dyn es_contract::FreshStore>, es_contract::FactoryError> { Err("none".into()) }
//! # }
//! // tests/contract.rs of a storage crate
//! es_contract::store_contract!(MyStores);
//! # fn main() {}
//! ```
//!
//! # Layout
//! `contract` runs the promises; `promises` holds them, one module for each family; `tables` holds those of projections that
//! write tables; `torture` runs random load and checks the
//! log that it leaves; `effort` sets how long the slow tests run.

pub mod contract;
mod effort;
#[doc(hidden)]
pub mod promises;
pub mod tables;
pub mod torture;

pub use contract::{BrokenPromise, Factory, FactoryError, FreshStore, Operation, Property};
pub use effort::Effort;
