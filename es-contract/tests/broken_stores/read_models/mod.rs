//! Faults of read models.

mod caught;
mod claims;
mod fault;
mod requests;
mod rows;
mod steps;

use std::{collections::HashMap, sync::Mutex};

use es_core::{Claim, Position, ReadModelError, ReadModelId, ReadModelStatus, ReadModelStep, ReadModels, Timestamp};

pub(crate) use self::{
    caught::CAUGHT,
    claims::claim,
    fault::ReadModelFault,
    requests::ask,
    rows::{rows, rows_after},
    steps::advance,
};
use crate::{fault::Fault, store::Reads};

/// What the faults of read models remember.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    /// By how much the epochs are lower than those of the inner store.
    epochs: Mutex<HashMap<ReadModelId, u64>>,
    /// The owners, and when their leases end.
    leases: Mutex<HashMap<ReadModelId, (String, Timestamp)>>,
    /// The keys of the rows, in the order in which they were written.
    keys: Mutex<Vec<(ReadModelId, String)>>,
}

impl Remembered {
    fn offset(&self, model: &ReadModelId) -> u64 {
        self.epochs.lock().unwrap().get(model).copied().unwrap_or_default()
    }
}

/// The fault of the store, if it is one of read models.
fn fault(store: &Reads) -> Option<ReadModelFault> {
    match store.fault {
        Fault::OfReadModels(fault) => Some(fault),
        _ => None,
    }
}

/// The status of a read model in the inner store.
async fn status(store: &Reads, model: &ReadModelId) -> Option<ReadModelStatus> {
    store.inner.statuses().await.unwrap().into_iter().find(|status| status.model == *model)
}

/// The claim that is good for the inner store, whoever got it.
fn good_claim(status: &ReadModelStatus) -> Claim {
    Claim::new(status.model.clone(), status.epoch, status.handled, status.seen, status.complete)
}

/// Changes a read model, whoever owns it.
async fn rewrite(
    store: &Reads,
    model: &ReadModelId,
    change: impl FnOnce(&mut ReadModelStep) + Send,
) -> Result<(), ReadModelError> {
    let Some(status) = status(store, model).await else { return Ok(()) };
    let mut step = ReadModelStep::new(status.handled, status.seen, status.state);
    (step.failure, step.lease) = (status.failure.clone(), status.lease_left);
    change(&mut step);
    store.inner.advance(&good_claim(&status), step).await
}

pub(crate) async fn statuses(store: &Reads) -> Result<Vec<ReadModelStatus>, ReadModelError> {
    let mut all = store.inner.statuses().await?;
    all.iter_mut().for_each(|status| tell(store, status));
    match fault(store) {
        Some(ReadModelFault::ListsWhatHasMovedAlone) => {
            all.retain(|status| status.handled.position() > Position::START);
        }
        Some(ReadModelFault::ListsByVersionBeforeName) => all.sort_by_key(|status| status.model.version()),
        _ => {}
    }
    Ok(all)
}

/// Changes a status as the store tells it.
fn tell(store: &Reads, status: &mut ReadModelStatus) {
    status.epoch -= store.shared.read_models.offset(&status.model);
    if fault(store) == Some(ReadModelFault::CompleteIsLive) {
        status.complete = status.state == es_core::ReadModelState::Live;
    }
}

pub(crate) async fn events_after(store: &Reads, after: Position) -> Result<u64, ReadModelError> {
    let after = match fault(store) {
        Some(ReadModelFault::CountsTheEventItself) => Position::new(after.get().saturating_sub(1)),
        Some(ReadModelFault::CountsTheWholeLog) => Position::START,
        _ => after,
    };
    store.inner.events_after(after).await
}

/// Lets the epochs of all read models begin at 1 again.
pub(crate) async fn start_epochs_anew(store: &Reads) {
    for status in store.inner.statuses().await.unwrap() {
        store.shared.read_models.epochs.lock().unwrap().insert(status.model, status.epoch);
    }
}
