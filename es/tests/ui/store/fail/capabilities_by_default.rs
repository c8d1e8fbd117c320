//! A store that wraps another one fills its capabilities from `Default`.

use es::store::{Capabilities, EventStore};

fn passed_on(inner: &dyn EventStore) -> Capabilities<'_> {
    Capabilities { read_models: None, snapshots: inner.snapshots(), ..Default::default() }
}

fn main() {}
