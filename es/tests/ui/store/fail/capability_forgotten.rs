//! A store that wraps another one destructures its capabilities and forgets one.

use es::store::{Capabilities, EventStore};

fn passed_on(inner: &dyn EventStore) -> Capabilities<'_> {
    let Capabilities {} = inner.capabilities();
    Capabilities { read_models: None, snapshots: None }
}

fn main() {}
