//! Snapshots, as far as the store itself answers: a shortcut, never the truth.

use es_core::{SnapshotError, StoredSnapshot, StreamId, Version, limits::NAME_BYTES};

use super::{Subject, held, same};
use crate::{Broken, Factory, Operation};

/// A store that does not declare snapshots refuses them with a typed error.
pub async fn undeclared_snapshots_are_refused(factory: &dyn Factory) -> Result<(), Broken> {
    if declared(factory) {
        return Ok(());
    }
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("snapshot")?;
    let loaded = subject.store.load_snapshot(&stream, "1").await;
    held("loading is refused", matches!(loaded, Err(SnapshotError::Unsupported)), || format!("{loaded:?}"))?;
    let stored = subject.store.store_snapshot(snapshot(&stream, 1, "1", "x")).await;
    held("storing is refused", matches!(stored, Err(SnapshotError::Unsupported)), || format!("{stored:?}"))
}

/// A stream without a snapshot has none.
pub async fn a_stream_without_a_snapshot_has_none(factory: &dyn Factory) -> Result<(), Broken> {
    let Some((subject, stream)) = begun(factory).await? else { return Ok(()) };
    loads(&subject, &stream, "1", None).await?;
    subject.store.store_snapshot(snapshot(&stream, 3, "1", "three")).await?;
    loads(&subject, &subject.stream("other")?, "1", None).await
}

/// The latest snapshot is loaded, by every handle.
pub async fn the_latest_snapshot_is_loaded(factory: &dyn Factory) -> Result<(), Broken> {
    let Some((subject, stream)) = begun(factory).await? else { return Ok(()) };
    let three = snapshot(&stream, 3, "1", "three");
    subject.store.store_snapshot(three.clone()).await?;
    loads(&subject, &stream, "1", Some(&three)).await?;
    let seen = subject.another_handle().await?.load_snapshot(&stream, "1").await?;
    same("another handle loads it too", Some(&three), seen.as_ref())
}

/// A newer snapshot takes the place of an older one.
pub async fn a_newer_snapshot_replaces_an_older_one(factory: &dyn Factory) -> Result<(), Broken> {
    let Some((subject, stream)) = begun(factory).await? else { return Ok(()) };
    for version in 1..=5 {
        let newer = snapshot(&stream, version, "1", &format!("at {version}"));
        subject.store.store_snapshot(newer.clone()).await?;
        loads(&subject, &stream, "1", Some(&newer)).await?;
    }
    Ok(())
}

/// A snapshot that is older than the newest, or as old, does not take its place.
pub async fn an_older_snapshot_is_ignored(factory: &dyn Factory) -> Result<(), Broken> {
    let Some((subject, stream)) = begun(factory).await? else { return Ok(()) };
    let newest = snapshot(&stream, 4, "1", "four");
    subject.store.store_snapshot(newest.clone()).await?;
    for version in 1..=4 {
        // Refused is as good as ignored.
        let answer = subject.store.store_snapshot(snapshot(&stream, version, "1", "older")).await;
        drop(answer);
        loads(&subject, &stream, "1", Some(&newest)).await?;
    }
    Ok(())
}

/// A snapshot of a version that its stream never reached is not loaded, and does no harm to those that come.
pub async fn a_snapshot_ahead_of_its_stream_is_ignored(factory: &dyn Factory) -> Result<(), Broken> {
    let Some((subject, stream)) = begun(factory).await? else { return Ok(()) };
    let answer = subject.store.store_snapshot(snapshot(&stream, 6, "1", "ahead")).await;
    drop(answer);
    loads(&subject, &stream, "1", None).await?;
    let honest = snapshot(&stream, 5, "1", "five");
    subject.store.store_snapshot(honest.clone()).await?;
    loads(&subject, &stream, "1", Some(&honest)).await?;
    let answer = subject.store.store_snapshot(snapshot(&stream, u64::MAX, "1", "far ahead")).await;
    drop(answer);
    let seen = subject.store.load_snapshot(&stream, "1").await?;
    held("what is ahead is never loaded", seen.is_none_or(|seen| seen == honest), || "far ahead".to_owned())
}

/// A snapshot of another schema is not loaded, and each schema keeps its own.
pub async fn a_snapshot_of_another_schema_is_ignored(factory: &dyn Factory) -> Result<(), Broken> {
    let Some((subject, stream)) = begun(factory).await? else { return Ok(()) };
    let old = snapshot(&stream, 4, "account 1", "old");
    subject.store.store_snapshot(old.clone()).await?;
    for foreign in ["account 2", "account", "", "account 1 "] {
        loads(&subject, &stream, foreign, None).await?;
    }
    let new = snapshot(&stream, 2, "account 2", "new");
    subject.store.store_snapshot(new.clone()).await?;
    loads(&subject, &stream, "account 2", Some(&new)).await?;
    loads(&subject, &stream, "account 1", Some(&old)).await
}

/// Events come back the same whether there are snapshots or not.
pub async fn a_snapshot_never_changes_what_is_read(factory: &dyn Factory) -> Result<(), Broken> {
    let Some((subject, stream)) = begun(factory).await? else { return Ok(()) };
    let (before, frontier) = (subject.log().await?, subject.frontier().await?);
    subject.store.store_snapshot(snapshot(&stream, 4, "1", "four")).await?;
    same("the log is as it was", &before, &subject.log().await?)?;
    same("the stream is as it was", &before, &subject.events(&stream).await?)?;
    same("the frontier is where it was", frontier, subject.frontier().await?)
}

/// A schema that not every store can keep is refused with a typed error, whether a snapshot is stored or loaded: a NUL, or
/// a text that is too long. The longest and the empty one are kept.
pub async fn a_schema_with_a_bad_name_is_refused(factory: &dyn Factory) -> Result<(), Broken> {
    let Some((subject, stream)) = begun(factory).await? else { return Ok(()) };
    for bad in ["a\0b", "\0", &"s".repeat(NAME_BYTES + 1)] {
        let what = bad.get(..bad.len().min(9));
        let stored = subject.store.store_snapshot(snapshot(&stream, 3, bad, "three")).await;
        let refused = matches!(stored, Err(SnapshotError::Limit(_)));
        held(&format!("storing with schema {what:?} is refused"), refused, || format!("{stored:?}"))?;
        let loaded = subject.store.load_snapshot(&stream, bad).await;
        let refused = matches!(loaded, Err(SnapshotError::Limit(_)));
        held(&format!("loading with schema {what:?} is refused"), refused, || format!("{loaded:?}"))?;
    }
    for good in ["", &"s".repeat(NAME_BYTES)] {
        let kept = snapshot(&stream, 3, good, "three");
        subject.store.store_snapshot(kept.clone()).await?;
        loads(&subject, &stream, good, Some(&kept)).await?;
    }
    Ok(())
}

fn declared(factory: &dyn Factory) -> bool {
    factory.operations().contains(&Operation::Snapshots)
}

/// A stream of five events, where snapshots are declared.
async fn begun(factory: &dyn Factory) -> Result<Option<(Subject, StreamId)>, Broken> {
    if !declared(factory) {
        return Ok(None);
    }
    let subject = Subject::fresh(factory).await?;
    let stream = subject.stream("snapshot")?;
    subject.fill(&stream, 5).await?;
    Ok(Some((subject, stream)))
}

fn snapshot(stream: &StreamId, version: u64, schema: &str, payload: &str) -> StoredSnapshot {
    StoredSnapshot {
        stream: stream.clone(),
        version: Version::new(version),
        schema: schema.to_owned(),
        payload: format!("\"{payload}\"").into(),
    }
}

async fn loads(
    subject: &Subject,
    stream: &StreamId,
    schema: &str,
    expected: Option<&StoredSnapshot>,
) -> Result<(), Broken> {
    let seen = subject.store.load_snapshot(stream, schema).await?;
    same(&format!("the snapshot of schema `{schema}`"), expected, seen.as_ref())
}
