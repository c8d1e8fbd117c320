//! Faults of snapshots.

use es_core::{
    Append, EventName, EventStore, Expected, NewEvent, SchemaVersion, SnapshotError, StoredSnapshot, StreamId, limits,
};
use uuid::Uuid;

use crate::{
    append::{failed, version_of},
    fault::Fault,
    store::Reads,
};

pub(crate) async fn load(
    store: &Reads,
    stream: &StreamId,
    schema: &str,
) -> Result<Option<StoredSnapshot>, SnapshotError> {
    if store.fault == Fault::IgnoresASchemaWithABadName && limits::check_snapshot_schema(schema).is_err() {
        return Ok(None);
    }
    let kept = store.shared.snapshots.lock().unwrap().clone();
    let mut of_stream = kept.into_iter().filter(|one| one.stream == *stream);
    Ok(match store.fault {
        Fault::LoadsAnySchema => of_stream.next_back(),
        Fault::LoadsAnyStream => {
            store.shared.snapshots.lock().unwrap().iter().rfind(|one| one.schema == schema).cloned()
        }
        Fault::LoadsTheOldestSnapshot | Fault::LoadsWhatIsAhead | Fault::KeepsOneSnapshotAStream => {
            of_stream.find(|one| one.schema == schema)
        }
        Fault::TakesOlderSnapshots => of_stream.rfind(|one| one.schema == schema),
        Fault::LosesSnapshots => None,
        _ => store.inner.load_snapshot(stream, schema).await?,
    })
}

pub(crate) async fn store(store: &Reads, snapshot: StoredSnapshot) -> Result<(), SnapshotError> {
    let ahead = snapshot.version > version_of(&store.inner, &snapshot.stream).await;
    match store.fault {
        Fault::IgnoresASchemaWithABadName if limits::check_snapshot_schema(&snapshot.schema).is_err() => {}
        Fault::LoadsWhatIsAhead => {
            keep(store, snapshot, |kept, new| kept.schema == new.schema && kept.version < new.version);
        }
        Fault::KeepsOneSnapshotAStream if !ahead => {
            keep(store, snapshot, |kept, new| kept.schema != new.schema || kept.version < new.version);
        }
        Fault::LoadsTheOldestSnapshot | Fault::LoadsAnySchema | Fault::LoadsAnyStream | Fault::TakesOlderSnapshots
            if !ahead =>
        {
            store.shared.snapshots.lock().unwrap().push(snapshot);
        }
        Fault::ASnapshotIsAnEvent => {
            let name = EventName::from_static("snapshot").unwrap();
            let event =
                NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, snapshot.payload.clone()).unwrap();
            let append = Append::new(snapshot.stream.clone(), Expected::Any, vec![event]);
            store
                .inner
                .append(append.into())
                .await
                .map_err(|error| SnapshotError::Store(failed(&error.to_string())))?;
            store.inner.store_snapshot(snapshot).await?;
        }
        _ => store.inner.store_snapshot(snapshot).await?,
    }
    Ok(())
}

/// Keeps one snapshot a stream, where `newer` says that the new one takes the old one's place.
fn keep(store: &Reads, new: StoredSnapshot, newer: impl Fn(&StoredSnapshot, &StoredSnapshot) -> bool) {
    let mut kept = store.shared.snapshots.lock().unwrap();
    match kept.iter().position(|one| one.stream == new.stream) {
        Some(place) if newer(&kept[place], &new) => kept[place] = new,
        Some(_) => {}
        None => kept.push(new),
    }
}
