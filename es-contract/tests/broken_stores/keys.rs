//! Faults of idempotency keys.

use es_core::{AppendRequest, EventStore};

use crate::{append::Answer, store::Reads};

pub(crate) async fn append(store: &Reads, request: AppendRequest) -> Answer {
    store.inner.append(request).await
}
