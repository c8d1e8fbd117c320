//! What is known of an event's stored shapes, and, with the feature `testing` or `schema`, the lock that holds them.
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
//! # #[cfg(any(feature = "testing", feature = "schema"))]
//! es::schema::lock!(Account);
//! ```
//!
//! Run `UPDATE_EVENTS_LOCK=1 cargo test` once, and commit the `events.lock` it writes: `Lock` says more.

#[cfg(feature = "schema")]
#[doc(no_inline)]
pub use es_core::schema::schemars;
pub use es_core::schema::{
    Alias, Field, Form, ID_SAMPLES, IdSchema, Member, Presence, Probed, Schema, SchemaVersion, Shape,
};
#[cfg(any(feature = "testing", feature = "schema"))]
#[doc(hidden)]
pub use es_schema::ADVISED;
// By name and inline, or a macro is not in the documentation.
#[cfg(any(feature = "testing", feature = "schema"))]
#[doc(inline)]
pub use es_schema::lock;
#[cfg(any(feature = "testing", feature = "schema"))]
pub use es_schema::{Aggregates, Lock, LockError, Update, VisitAggregate, contents};
