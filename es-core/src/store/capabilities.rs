//! What a store can do beyond events.

use std::fmt;

use crate::store::Snapshots;

/// What a store can do beyond events; `None` where it cannot. [`EventStore::capabilities`](crate::EventStore::capabilities)
/// gives it.
///
/// A store that can do none of it says so, field by field: `Capabilities { snapshots: None }`.
///
/// A store around another one takes the struct of the one inside apart, without `..`, and says what it does with each
/// capability: it passes it on, or gives one of its own that stands before it, or hides it. A call of a capability does not come
/// by the wrapper in any other way.
///
/// ```
/// use es_core::{Capabilities, EventStore};
///
/// fn passed_on(inner: &dyn EventStore) -> Capabilities<'_> {
///     let Capabilities { snapshots } = inner.capabilities();
///     Capabilities { snapshots }
/// }
/// ```
///
/// So a capability that is new in a later release does not compile until each store and each wrapper has said what it does with
/// it. That is why the struct is exhaustive with public fields, and why there is no value of it without capabilities to start
/// from: a wrapper that took that one would hide what the store inside can do, and nobody would be told.
///
/// ```compile_fail,E0027
/// # use es_core::{Capabilities, EventStore};
/// # fn forgotten(inner: &dyn EventStore) {
/// let Capabilities {} = inner.capabilities();
/// # }
/// ```
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "wrappers take it apart; a new capability has to reach each of them")]
pub struct Capabilities<'a> {
    /// It keeps snapshots.
    pub snapshots: Option<&'a dyn Snapshots>,
}

/// Shows which capabilities there are.
impl fmt::Debug for Capabilities<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { snapshots } = self;
        f.debug_struct("Capabilities").field("snapshots", &snapshots.is_some()).finish()
    }
}
