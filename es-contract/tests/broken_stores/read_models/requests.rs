//! Faults of requests.

use std::time::Duration;

use es_core::{ReadModelError, ReadModelId, ReadModelRequest, ReadModels};

use super::{ReadModelFault, fault, rewrite, status};
use crate::store::Reads;

pub(crate) async fn ask(store: &Reads, model: &ReadModelId, request: ReadModelRequest) -> Result<(), ReadModelError> {
    let (inner, now) = (&store.inner, status(store, model).await);
    match (fault(store), request, now) {
        (Some(ReadModelFault::MakesWhatItIsAskedOf), _, None) => {
            inner.claim(model, "nobody", Duration::ZERO).await?;
            inner.ask(model, request).await
        }
        (Some(ReadModelFault::EveryRequestEndsTheClaim), _, Some(now)) if request.applied_to(&now).is_none() => {
            inner.ask(model, ReadModelRequest::Pause).await?;
            inner.ask(model, ReadModelRequest::Resume).await
        }
        (Some(ReadModelFault::IgnoresARequestToNobody), _, None)
        | (Some(ReadModelFault::IgnoresResume), ReadModelRequest::Resume, _)
        | (Some(ReadModelFault::IgnoresRetry), ReadModelRequest::Retry, _) => Ok(()),
        (Some(ReadModelFault::RebuildKeepsRows), ReadModelRequest::Rebuild, _) => {
            let rows = inner.rows_after(model, None, usize::MAX).await?;
            inner.ask(model, request).await?;
            rewrite(store, model, |all| all.rows = rows).await
        }
        (Some(ReadModelFault::RebuildKeepsTheCheckpoint), ReadModelRequest::Rebuild, Some(now)) => {
            inner.ask(model, request).await?;
            rewrite(store, model, |all| (all.handled, all.seen) = (now.handled, now.seen)).await
        }
        (Some(ReadModelFault::RebuildsEveryVersion), ReadModelRequest::Rebuild, Some(_)) => {
            for status in inner.statuses().await?.into_iter().filter(|status| status.model.name() == model.name()) {
                inner.ask(&status.model, request).await?;
            }
            Ok(())
        }
        (Some(ReadModelFault::RebuildEndsAPause), ReadModelRequest::Rebuild, Some(_)) => {
            inner.ask(model, request).await?;
            inner.ask(model, ReadModelRequest::Resume).await
        }
        (Some(ReadModelFault::RebuildStartsEpochsAnew), ReadModelRequest::Rebuild, Some(_)) => {
            inner.ask(model, request).await?;
            super::start_epochs_anew(store).await;
            Ok(())
        }
        _ => inner.ask(model, request).await,
    }
}
