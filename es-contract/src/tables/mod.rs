//! The promises of a store whose transactions projections write to: [`Transactions`].
//!
//! [`tables_contract!`](crate::tables_contract) turns each into a test. They are apart from the other promises, since the target is
//! that of the store by its type.
#![expect(clippy::missing_errors_doc, reason = "each promise has one error: it is broken")]

mod claims;
mod parts;
mod steps;
mod trial;
mod work;

use std::{collections::BTreeMap, path::Path};

use async_trait::async_trait;
use es_core::{Fault, ReadModelId, Transactions};

pub use self::{
    claims::{
        a_claim_that_is_refused_makes_no_tables, a_claim_whose_set_up_fails_leaves_nothing,
        a_rebuild_empties_the_place_and_sets_it_up_again, tables_of_others_are_left_as_they_are,
        the_first_claim_sets_up_the_place, versions_and_names_have_places_of_their_own,
    },
    parts::{
        a_part_cannot_append_to_its_own_store, a_part_cannot_end_the_transaction, a_part_cannot_reach_the_log,
        a_part_that_fails_leaves_nothing_and_is_told, a_part_that_ignores_an_error_fails,
        a_part_that_takes_too_long_fails,
    },
    steps::{
        a_dropped_step_is_taken_whole_or_not_at_all, a_step_from_another_position_writes_nothing,
        a_step_of_an_older_claim_writes_nothing, of_two_steps_with_one_claim_one_is_taken,
        tables_and_checkpoint_move_together, tables_survive_a_restart,
    },
};
use crate::FactoryError;

/// Fresh stores, and what the promises do with their targets. The SQL is that of the store, with `{table}` for the tables of a
/// projection.
#[async_trait]
pub trait TableFactory: Send + Sync + 'static {
    /// The store.
    type Store: Transactions + Clone;

    /// Opens a store without events; or, where there was one, the log that it had. `folder` is for its files, and names the log.
    async fn open(&self, folder: &Path) -> Result<Self::Store, FactoryError>;

    /// Executes a statement without parameters on the target.
    async fn execute(&self, target: &mut Target<Self>, sql: &str) -> Result<(), Fault>;

    /// The columns `key` and `number` of the table `numbers` of the read model, as a connection of the application finds them; `None`
    /// where there is no such table.
    async fn read(
        &self,
        store: &Self::Store,
        model: &ReadModelId,
    ) -> Result<Option<BTreeMap<String, i64>>, FactoryError>;

    /// Executes statements on a connection of the application.
    async fn execute_outside(&self, store: &Self::Store, sql: &str) -> Result<(), FactoryError>;

    /// Statements that no projection may execute, since they would end or divide the transaction.
    fn ending(&self) -> &'static [&'static str];

    /// Statements that no projection may execute, since they would change the log or what else the store keeps.
    async fn out_of_reach(&self, store: &Self::Store) -> Result<Vec<String>, FactoryError>;

    /// Statements that make a table or the like in the place of the read model, for somebody else.
    fn of_others(&self, store: &Self::Store, model: &ReadModelId) -> String;
}

/// The target of the factory's stores.
pub type Target<F> = <<F as TableFactory>::Store as Transactions>::Target;

/// Makes a test of each promise about tables, with the stores of a [`TableFactory`](crate::tables::TableFactory).
///
/// ```ignore
/// es_contract::tables_contract!(MyStores);
/// ```
#[macro_export]
macro_rules! tables_contract {
    ($factory:expr) => {
        $crate::tables_contract! { $factory =>
            a_claim_that_is_refused_makes_no_tables
            a_claim_whose_set_up_fails_leaves_nothing
            a_dropped_step_is_taken_whole_or_not_at_all
            a_part_cannot_append_to_its_own_store
            a_part_cannot_end_the_transaction
            a_part_cannot_reach_the_log
            a_part_that_fails_leaves_nothing_and_is_told
            a_part_that_ignores_an_error_fails
            a_part_that_takes_too_long_fails
            a_rebuild_empties_the_place_and_sets_it_up_again
            a_step_from_another_position_writes_nothing
            a_step_of_an_older_claim_writes_nothing
            of_two_steps_with_one_claim_one_is_taken
            tables_and_checkpoint_move_together
            tables_of_others_are_left_as_they_are
            tables_survive_a_restart
            the_first_claim_sets_up_the_place
            versions_and_names_have_places_of_their_own
        }
    };
    ($factory:expr => $($promise:ident)+) => {$(
        #[test]
        fn $promise() -> ::core::result::Result<(), $crate::BrokenPromise> {
            $crate::tables::run(async { $crate::tables::$promise($factory).await })
        }
    )+};
}

/// Runs a promise in a runtime of its own.
///
/// # Errors
/// The promise is broken.
pub fn run(promise: impl Future<Output = Result<(), crate::BrokenPromise>>) -> Result<(), crate::BrokenPromise> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(promise)
}
