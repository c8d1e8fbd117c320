//! Faults of snapshots.

use es_core::{
    Append, AsOf, EventName, EventStore, Expected, NewEvent, Position, SchemaVersion, SnapshotError, Snapshots,
    StoredSnapshot, StreamId, Timestamp, Version, limits,
};
use uuid::Uuid;

use crate::{append::failed, fault::Fault, store::Reads};

pub(crate) async fn nearest(
    store: &Reads,
    stream: &StreamId,
    schema: &str,
    at: AsOf,
) -> Result<Option<StoredSnapshot>, SnapshotError> {
    if store.fault == Fault::IgnoresASchemaWithABadName && limits::check_snapshot_schema(schema).is_err() {
        return Ok(None);
    }
    if keeps_its_own(store.fault) {
        limits::check_snapshot_schema(schema)?;
        return Ok(own(store, stream, schema, at));
    }
    let at = match (store.fault, at) {
        (Fault::FindsSnapshotsBeyondTheVersion, AsOf::Version(_))
        | (Fault::FindsSnapshotsBeyondThePosition, AsOf::Position(_))
        | (Fault::FindsSnapshotsBeyondTheTime, AsOf::Time(_)) => AsOf::Newest,
        (Fault::FindsSnapshotsBeforeThePoint, AsOf::Version(last)) => {
            AsOf::Version(Version::new(last.get().saturating_sub(1)))
        }
        (Fault::FindsSnapshotsBeforeThePoint, AsOf::Position(last)) => {
            AsOf::Position(Position::new(last.get().saturating_sub(1)))
        }
        (Fault::FindsSnapshotsBeforeThePoint, AsOf::Time(last)) => {
            AsOf::Time(Timestamp::from_micros(last.as_micros() - 1).unwrap_or(last))
        }
        (_, at) => at,
    };
    let found = Snapshots::nearest(&store.inner, stream, schema, at).await?;
    Ok(match store.fault {
        Fault::LosesSnapshots => None,
        Fault::ForgetsThePositionOfASnapshot => {
            found.map(|found| moved_to(&found, (Position::START, found.recorded_at)))
        }
        _ => found,
    })
}

pub(crate) async fn store(store: &Reads, mut snapshot: StoredSnapshot) -> Result<(), SnapshotError> {
    let inner = &store.inner;
    match store.fault {
        Fault::IgnoresASchemaWithABadName if limits::check_snapshot_schema(&snapshot.schema).is_err() => Ok(()),
        Fault::KeepsSnapshotsWithoutEvents => {
            limits::check_snapshot_schema(&snapshot.schema)?;
            keep(store, snapshot);
            Ok(())
        }
        Fault::TrustsTheSnapshot => {
            let place = event(store, &snapshot).await.ok_or_else(|| snapshot.no_such_event())?;
            Snapshots::store(inner, moved_to(&snapshot, place)).await?;
            keep(store, snapshot);
            Ok(())
        }
        Fault::IgnoresSnapshotsWithoutEvents => match Snapshots::store(inner, snapshot).await {
            Err(SnapshotError::NoSuchEvent { .. }) => Ok(()),
            answer => answer,
        },
        Fault::CorrectsTheSnapshot => {
            let place = event(store, &snapshot).await.ok_or_else(|| snapshot.no_such_event())?;
            Snapshots::store(inner, moved_to(&snapshot, place)).await
        }
        Fault::RefusesASnapshotAgain => {
            let (stream, schema) = (snapshot.stream.clone(), snapshot.schema.clone());
            let there = Snapshots::nearest(inner, &stream, &schema, AsOf::Version(snapshot.version)).await?;
            if there.is_some_and(|there| there.version == snapshot.version) {
                return Err(SnapshotError::Store(failed("there is one already")));
            }
            Snapshots::store(inner, snapshot).await
        }
        Fault::TakesAStateForText => {
            snapshot.payload = String::from_utf8_lossy(&snapshot.payload).into_owned().into();
            Snapshots::store(inner, snapshot).await
        }
        Fault::ASnapshotIsAnEvent => {
            let name = EventName::from_static("snapshot").unwrap();
            let event =
                NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, snapshot.payload.clone()).unwrap();
            let append = Append::new(snapshot.stream.clone(), Expected::Any, vec![event]);
            inner.append(append.into()).await.map_err(|error| SnapshotError::Store(failed(&error.to_string())))?;
            Snapshots::store(inner, snapshot).await
        }
        fault => {
            Snapshots::store(inner, snapshot.clone()).await?;
            if keeps_its_own(fault) {
                keep(store, snapshot);
            }
            Ok(())
        }
    }
}

/// Whether a store with this fault keeps its own snapshots instead of those of the inner store.
fn keeps_its_own(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::FindsAnySchema
            | Fault::FindsAnyStream
            | Fault::FindsTheOldestSnapshot
            | Fault::FindsTheSnapshotStoredLast
            | Fault::KeepsSnapshotsWithoutEvents
            | Fault::TrustsTheSnapshot
            | Fault::KeepsOneSnapshotAStream
            | Fault::KeepsTheNewestSnapshotAlone
            | Fault::OverwritesSnapshots
    )
}

fn own(store: &Reads, stream: &StreamId, schema: &str, at: AsOf) -> Option<StoredSnapshot> {
    let kept = store.shared.snapshots.lock().unwrap();
    let mut found: Vec<_> = kept
        .iter()
        .filter(|one| one.stream == *stream || store.fault == Fault::FindsAnyStream)
        .filter(|one| one.schema == schema || store.fault == Fault::FindsAnySchema)
        .filter(|one| at.includes(one.version, one.position, one.recorded_at))
        .collect();
    match store.fault {
        Fault::FindsTheSnapshotStoredLast => {}
        Fault::FindsTheOldestSnapshot => found.sort_by_key(|one| std::cmp::Reverse(one.version)),
        _ => found.sort_by_key(|one| one.version),
    }
    found.last().copied().cloned()
}

fn keep(store: &Reads, new: StoredSnapshot) {
    let mut kept = store.shared.snapshots.lock().unwrap();
    let of_stream = |one: &StoredSnapshot| one.stream == new.stream;
    let of_schema = |one: &StoredSnapshot| of_stream(one) && one.schema == new.schema;
    let is_there = kept.iter().any(|one| of_schema(one) && one.version == new.version);
    match store.fault {
        Fault::KeepsOneSnapshotAStream => kept.retain(|one| !of_stream(one)),
        Fault::OverwritesSnapshots => kept.retain(|one| !of_schema(one) || one.version != new.version),
        Fault::KeepsTheNewestSnapshotAlone if kept.iter().any(|one| of_schema(one) && one.version >= new.version) => {
            return;
        }
        Fault::KeepsTheNewestSnapshotAlone => kept.retain(|one| !of_schema(one)),
        _ if is_there => return,
        _ => {}
    }
    kept.push(new);
}

/// The position and time of the event at the version of the snapshot.
async fn event(store: &Reads, snapshot: &StoredSnapshot) -> Option<(Position, Timestamp)> {
    let events = store.inner.read_stream(&snapshot.stream, snapshot.version, es_core::Direction::Forward, Some(1));
    let found = futures_util::TryStreamExt::try_collect::<Vec<_>>(events).await.ok()?;
    let event = found.first().filter(|event| event.version == snapshot.version)?;
    Some((event.position, event.recorded_at))
}

fn moved_to(snapshot: &StoredSnapshot, (position, recorded_at): (Position, Timestamp)) -> StoredSnapshot {
    let mut moved = snapshot.clone();
    (moved.position, moved.recorded_at) = (position, recorded_at);
    moved
}
