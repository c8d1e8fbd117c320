//! Faults of rows.

use bytes::Bytes;
use es_core::{ReadModelError, ReadModelId, ReadModels, StoredRow};

use super::{ReadModelFault, fault};
use crate::store::Reads;

pub(crate) async fn rows(
    store: &Reads,
    model: &ReadModelId,
    keys: &[String],
) -> Result<Vec<Option<Bytes>>, ReadModelError> {
    let (model, fault) = (read_from(store, model).await?, fault(store));
    let mut keys: Vec<_> = keys.iter().map(|key| fault.map_or(key.clone(), |fault| stored_key(fault, key))).collect();
    if fault == Some(ReadModelFault::GivesRowsInTheOrderOfKeys) {
        keys.sort();
    }
    let mut found = store.inner.rows(&model, &keys).await?;
    if fault == Some(ReadModelFault::LeavesMissingRowsOut) {
        found.retain(Option::is_some);
    }
    Ok(found)
}

pub(crate) async fn rows_after(
    store: &Reads,
    model: &ReadModelId,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<StoredRow>, ReadModelError> {
    let (inner, model) = (&store.inner, read_from(store, model).await?);
    let mut all = inner.rows_after(&model, None, usize::MAX).await?;
    match fault(store) {
        Some(ReadModelFault::OrdersRowsByInsertion) => {
            let keys = store.shared.read_models.keys.lock().unwrap();
            all.sort_by_key(|row| keys.iter().position(|(of, key)| *of == model && *key == row.key));
        }
        Some(ReadModelFault::OrdersRowsWithoutCase) => all.sort_by_key(|row| row.key.to_lowercase()),
        Some(ReadModelFault::PagesFromTheKeyItself) => {
            all.retain(|row| after.is_none_or(|after| row.key.as_str() >= after));
            all.truncate(limit);
            return Ok(all);
        }
        Some(ReadModelFault::IgnoresTheLimitOfAPage) => return inner.rows_after(&model, after, usize::MAX).await,
        Some(ReadModelFault::TakesAHugeLimitForNone) if i64::try_from(limit).is_err() => return Ok(Vec::new()),
        _ => return inner.rows_after(&model, after, limit).await,
    }
    let start = after.and_then(|after| all.iter().position(|row| row.key == after)).map_or(0, |place| place + 1);
    Ok(all.into_iter().skip(start).take(limit).collect())
}

/// The key under which a store with this fault keeps a row.
pub(super) fn stored_key(fault: ReadModelFault, key: &str) -> String {
    match fault {
        ReadModelFault::LowersKeys => key.to_lowercase(),
        ReadModelFault::TrimsKeys => key.trim_matches(' ').to_owned(),
        _ => key.to_owned(),
    }
}

/// The read model whose rows are read for those of `model`: the first one that the store takes for it.
async fn read_from(store: &Reads, model: &ReadModelId) -> Result<ReadModelId, ReadModelError> {
    let joined = |model: &ReadModelId| format!("{}{}", model.name(), model.version());
    let is_taken_for = |other: &ReadModelId| match fault(store) {
        Some(ReadModelFault::MixesVersions) => other.name() == model.name(),
        Some(ReadModelFault::JoinsNameAndVersion) => joined(other) == joined(model),
        Some(ReadModelFault::LowersNames) => {
            (other.name().to_lowercase(), other.version()) == (model.name().to_lowercase(), model.version())
        }
        _ => false,
    };
    let first = store.inner.statuses().await?.into_iter().map(|status| status.model).find(is_taken_for);
    Ok(first.unwrap_or_else(|| model.clone()))
}
