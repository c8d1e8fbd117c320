//! What is known of an event's stored shapes, and the lock that holds them.
//!
//! ```
//! # use es::prelude::*;
//! # #[derive(Event, Clone, Serialize, Deserialize)]
//! # #[event(name = "account.opened")]
//! # struct Opened {}
//! # #[derive(Aggregate, Default)]
//! # #[aggregate(category = "account", id = String, events(Opened))]
//! # struct Account;
//! # impl Apply<Opened> for Account { fn apply(&mut self, _: Opened) {} }
//! // tests/lock.rs
//! es::schema::lock!(Account);
//! ```
//!
//! Run `UPDATE_EVENTS_LOCK=1 cargo test` once, and commit the `events.lock` it writes: [`Lock`] says more.

#[doc(hidden)]
pub use es_core::schema::ADVISED;
#[cfg(feature = "schema")]
#[doc(no_inline)]
pub use es_core::schema::schemars;
pub use es_core::schema::{
    Aggregates, Alias, Field, Form, ID_SAMPLES, IdSchema, Lock, LockError, Member, Presence, Schema, SchemaVersion,
    Shape, Update, VisitAggregate,
};
// by name and inline, or a macro is not in the documentation
#[doc(inline)]
pub use es_core::schema::lock;
