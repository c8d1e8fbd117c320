//! The contract: what every store promises, and the code that checks a store against it.
//!
//! [`store_contract!`](crate::store_contract) turns each promise into a test. A promise is an
//! `async fn(&dyn Factory) -> Result<(), BrokenPromise>`; [`PROMISES`] lists them all.

mod broken_promise;
pub(crate) mod child;
mod factory;
mod list;
mod run;

pub use broken_promise::BrokenPromise;
pub use child::Rerun;
pub use factory::{Factory, FactoryError, FreshStore, Operation, Property};
pub use list::{Check, PROMISES, Promise};
pub use run::{list_undeclared, run, run_on_this_runtime};
