//! Calls of capabilities that fail on purpose.

use es_core::{EventStore, StoreError, StoreErrorKind};

use super::{FaultyStore, on_purpose};
use crate::drop_after::DropAfter;

impl<S: EventStore> FaultyStore<S> {
    /// Does a call that reads, with the chance of [`read_errors`](FaultyStore::read_errors). `error` makes the error of the
    /// capability.
    pub(super) async fn reading<T, E>(
        &self,
        what: &str,
        call: impl Future<Output = Result<T, E>>,
        error: impl Fn(StoreError) -> E,
    ) -> Result<T, E> {
        self.pause().await;
        if self.dice.hits(self.chances.read_errors) {
            return Err(error(on_purpose(&format!("{what} was not read"))));
        }
        let found = call.await?;
        self.pause().await;
        Ok(found)
    }

    /// Does a call that writes, with the chances of an append. If its answer is lost, it may have been done or not.
    pub(super) async fn writing<T, E>(
        &self,
        what: &str,
        call: impl Future<Output = Result<T, E>> + Unpin,
        error: impl Fn(StoreError) -> E,
    ) -> Result<T, E> {
        self.pause().await;
        if self.dice.hits(self.chances.errors_before) {
            return Err(error(on_purpose(&format!("{what} was not sent"))));
        }
        if self.dice.hits(self.chances.busy) {
            return Err(error(StoreError::new(StoreErrorKind::Busy, "the store is busy, on purpose")));
        }
        if self.dice.hits(self.chances.cancellations) {
            let points = usize::try_from(self.dice.below(4)).unwrap_or_default();
            drop(DropAfter::new(call, points).await);
            return Err(error(on_purpose(&format!("{what} was cancelled"))));
        }
        let answer = call.await?;
        self.pause().await;
        if self.dice.hits(self.chances.lost_answers) {
            Err(error(on_purpose(&format!("the answer to {what} was lost"))))
        } else {
            Ok(answer)
        }
    }
}
