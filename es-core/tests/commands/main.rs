//! Commands, roots and the repository, over a store that records its requests.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod aggregate;
mod executed;
mod loading;
mod metadata;
mod pending;
mod refused;
mod retries;
mod settling;
mod store;
