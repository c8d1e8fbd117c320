//! Folds stored events into a view.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{
    projection::{EventBatch, FoldError, View},
    store::StoredEvent,
};

/// Applies `stored` to `view`. After an error the view holds the events before the one that failed, and perhaps a part of that
/// one.
///
/// # Errors
/// [`FoldError`], also when a method of the view panics.
pub(crate) fn fold<V: View>(view: &mut V, stored: Vec<StoredEvent>) -> Result<(), FoldError> {
    let mut batch = EventBatch::<V::Events>::new(stored);
    while let Some(event) = batch.try_next()? {
        let (stream, version, position) = (event.stream.clone(), event.version, event.position);
        // Unwind safe: the caller drops the view after an error.
        match catch_unwind(AssertUnwindSafe(|| view.apply(event))) {
            Ok(Ok(())) => {}
            Ok(Err(source)) => {
                return Err(FoldError::Failed { projection: V::NAME, stream, version, position, source });
            }
            Err(_) => return Err(FoldError::Panicked { projection: V::NAME, stream, version, position }),
        }
    }
    Ok(())
}
