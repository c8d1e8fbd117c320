//! What a store can do beyond events.

use std::fmt;

use crate::store::{ReadModels, Snapshots};

/// What a store can do beyond events; `None` where it cannot. [`EventStore::capabilities`](crate::EventStore::capabilities)
/// gives it.
///
/// A store without capabilities sets each field to `None`: `Capabilities { read_models: None, snapshots: None }`.
///
/// A store that wraps another one destructures the capabilities of the inner store without `..`, and decides on each: it
/// passes the capability on, wraps it, or hides it. Calls of a capability that it passes on do not go through the wrapper.
///
/// ```
/// use es_core::{Capabilities, EventStore};
///
/// fn passed_on(inner: &dyn EventStore) -> Capabilities<'_> {
///     let Capabilities { read_models, snapshots } = inner.capabilities();
///     Capabilities { read_models, snapshots }
/// }
/// ```
///
/// So when a later release adds a capability, each store and each wrapper fails to compile until it decides on it. For this
/// reason the struct is exhaustive with public fields and has no `Default`: a wrapper that started from an empty value
/// would silently hide what the inner store can do.
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
    /// Keeps read models.
    pub read_models: Option<&'a dyn ReadModels>,
    /// Keeps snapshots.
    pub snapshots: Option<&'a dyn Snapshots>,
}

/// Shows which capabilities are present.
impl fmt::Debug for Capabilities<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { read_models, snapshots } = self;
        f.debug_struct("Capabilities")
            .field("read_models", &read_models.is_some())
            .field("snapshots", &snapshots.is_some())
            .finish()
    }
}
