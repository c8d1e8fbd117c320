//! The event batch: stored events on their way to a projection.

use std::{fmt, vec};

use crate::{
    event::EventSet,
    store::{ReadError, Recorded, StoredEvent},
};

/// Stored events on their way to a projection, in the order of the log. Each is decoded when it is asked for.
///
/// ```
/// # use es_core::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # #[event(name = "account.deposited")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Aggregate, Default, Debug)]
/// # #[aggregate(category = "account", id = String, events(Deposited))]
/// # struct Account { balance: u64 }
/// # #[es_core::apply]
/// # impl Account { fn deposited(&mut self, event: Deposited) { self.balance += event.amount; } }
/// fn sum(page: Page) -> Result<u64, ReadError> {
///     let mut batch = EventBatch::<AccountEvent>::new(page.events);
///     let mut sum = 0;
///     while let Some(event) = batch.try_next()? {
///         let AccountEvent::Deposited(Deposited { amount }) = event.event;
///         sum += amount;
///     }
///     Ok(sum)
/// }
/// ```
pub struct EventBatch<S> {
    stored: Vec<StoredEvent>,
    /// How many of the stored events were decoded.
    decoded: usize,
    /// What is left of the event that was decoded last.
    parts: vec::IntoIter<Recorded<S>>,
}

impl<S: EventSet> EventBatch<S> {
    /// Creates a batch of these events, which are in the order of the log.
    pub fn new(stored: Vec<StoredEvent>) -> Self {
        Self { stored, decoded: 0, parts: Vec::new().into_iter() }
    }

    /// Gives the next event; `Ok(None)` at the end. A retired event gives each event that it became, and an event that the set
    /// does not hold gives none.
    ///
    /// # Errors
    /// [`ReadError::Decode`] and [`ReadError::Damaged`], for the event that [`at`](Self::at) gives.
    pub fn try_next(&mut self) -> Result<Option<Recorded<S>>, ReadError> {
        loop {
            if let Some(part) = self.parts.next() {
                return Ok(Some(part));
            }
            let Some(stored) = self.stored.get(self.decoded) else { return Ok(None) };
            self.decoded += 1;
            let (first, rest) = stored.clone().into_parts()?;
            self.parts = rest.into_iter();
            if first.is_some() {
                return Ok(first);
            }
        }
    }

    /// The event that was decoded last: the one to blame for a failure. `None` before the first.
    pub fn at(&self) -> Option<&StoredEvent> {
        self.decoded.checked_sub(1).and_then(|last| self.stored.get(last))
    }

    /// Begins again with the first event, for another attempt.
    pub fn rewind(&mut self) {
        (self.decoded, self.parts) = (0, Vec::new().into_iter());
    }

    /// The stored events, which may be more or fewer than the events that they become.
    pub fn stored(&self) -> &[StoredEvent] {
        &self.stored
    }
}

impl<S> fmt::Debug for EventBatch<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stored, decoded, .. } = self;
        f.debug_struct("EventBatch").field("stored", &stored.len()).field("decoded", decoded).finish_non_exhaustive()
    }
}
