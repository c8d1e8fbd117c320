//! Which projections run on which stores.

use crate::{
    projection::{
        Projection, Row, Transactions, event_filter::EventFilter, follower::Follower, keeper::RowKeeper,
        table_keeper::TableKeeper,
    },
    store::EventStore,
};

/// What a store of type `S` can follow: rows by key on every store, and a [`Projection`] on a store whose
/// [transactions](Transactions) are its target.
///
/// It is implemented for every [`Row`] and every [`Projection`]; the compiler finds the form.
///
/// ```
/// # use es_core::{Row, RunsOn, form};
/// # use std::sync::Arc;
/// fn is_followed<P: RunsOn<S, F>, S, F>() {}
///
/// fn rows_are_followed_on_every_store<R: Row>() {
///     is_followed::<R, Arc<dyn es_core::EventStore>, form::Rows>();
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be followed on `{S}`",
    label = "does not run on `{S}`",
    note = "rows by key run on every store, and are a `#[es::project(key = …)]` with methods that take `&mut self`",
    note = "a projection that writes to a target runs on the store, by its type, whose target that is: `SqliteTx` on `SqliteStore`, `PostgresTx` on `PostgresStore`",
    note = "a view is kept in memory; give it to `live`"
)]
pub trait RunsOn<S, Form> {
    /// What follows the log for it.
    #[doc(hidden)]
    fn into_follower(self, store: &S) -> Follower;
}

/// The forms of what can be followed.
pub mod form {
    /// Rows by key: a [`Row`](crate::Row).
    #[derive(Clone, Copy, Debug)]
    #[expect(clippy::exhaustive_enums, reason = "it only names a form")]
    pub enum Rows {}

    /// Tables, or whatever else a [`Projection`](crate::Projection) writes to its target.
    #[derive(Clone, Copy, Debug)]
    #[expect(clippy::exhaustive_enums, reason = "it only names a form")]
    pub enum Tables {}
}

#[diagnostic::do_not_recommend]
impl<R: Row, S> RunsOn<S, form::Rows> for R {
    fn into_follower(self, _store: &S) -> Follower {
        // It names the type; a row before its first event is `R::default()`.
        Follower::new(R::NAME, R::VERSION, EventFilter::of::<R::Events>(), RowKeeper::<R>::new())
    }
}

#[diagnostic::do_not_recommend]
impl<P: Projection, S: EventStore + Transactions<Target = P::Target> + Clone> RunsOn<S, form::Tables> for P {
    fn into_follower(self, store: &S) -> Follower {
        let keeper = TableKeeper::new(self, store.clone());
        Follower::new(P::NAME, P::VERSION, EventFilter::of::<P::Events>(), keeper)
    }
}
