//! Snapshots, as far as the store handles them: a shortcut, never the truth.

use std::time::Duration;

use es_core::{
    AsOf, EventStore, Expected, Position, SnapshotError, Snapshots, StoredEvent, StoredSnapshot, StreamId, Timestamp,
    Version, limits::NAME_BYTES,
};

use super::{Subject, ensure, ensure_eq, notes};
use crate::{BrokenPromise, Factory, Operation};

/// A store offers snapshots if its factory declares them, and otherwise none: through every handle, by `capabilities` and by
/// `snapshots` alike.
pub async fn snapshots_are_offered_where_they_are_declared(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let subject = Subject::fresh(factory).await?;
    let declared = declared(factory);
    for store in [&subject.store, &subject.another_handle().await?] {
        ensure_eq("the capabilities are as declared", declared, store.capabilities().snapshots.is_some())?;
        ensure_eq("the accessor gives what the capabilities say", declared, store.snapshots().is_some())?;
    }
    Ok(())
}

/// A stream without a snapshot has none.
pub async fn a_stream_without_a_snapshot_has_none(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    trial.finds("1", AsOf::Newest, None).await?;
    trial.store(&trial.snapshot(3, "1", "three")).await?;
    let other = trial.subject.stream("other")?;
    let seen = trial.snapshots()?.nearest(&other, "1", AsOf::Newest).await?;
    ensure_eq("the snapshot of a stream that does not exist", None, seen.as_ref())?;
    trial.subject.fill(&other, 3).await?;
    let seen = trial.snapshots()?.nearest(&other, "1", AsOf::Newest).await?;
    ensure_eq("the snapshot of a stream that has none", None, seen.as_ref())
}

/// The newest snapshot is found, with its version, position, time and state, by every handle.
pub async fn the_newest_snapshot_is_found(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    for version in 1..=5 {
        let newer = trial.snapshot(version, "1", &format!("at {version}"));
        trial.store(&newer).await?;
        trial.finds("1", AsOf::Newest, Some(&newer)).await?;
        let handle = trial.subject.another_handle().await?;
        let seen = offered(&*handle)?.nearest(&trial.stream, "1", AsOf::Newest).await?;
        ensure_eq("another handle finds it too", Some(&newer), seen.as_ref())?;
    }
    Ok(())
}

/// An older snapshot that is stored later does not hide the newest one.
pub async fn an_older_snapshot_hides_no_newer_one(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let newest = trial.snapshot(4, "1", "four");
    trial.store(&newest).await?;
    for version in [3, 1, 2] {
        trial.store(&trial.snapshot(version, "1", "older")).await?;
        trial.finds("1", AsOf::Newest, Some(&newest)).await?;
    }
    Ok(())
}

/// Several snapshots of a stream and schema are kept, in whatever order they are stored: none replaces another.
pub async fn no_snapshot_replaces_another(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let mut kept = Vec::new();
    for version in [3, 1, 5, 2, 4] {
        let snapshot = trial.snapshot(version, "1", &format!("at {version}"));
        trial.store(&snapshot).await?;
        kept.push(snapshot);
        for snapshot in &kept {
            trial.finds("1", AsOf::Version(snapshot.version), Some(snapshot)).await?;
        }
    }
    Ok(())
}

/// Of two snapshots of one stream, schema and version the first is kept; storing the second succeeds, too.
pub async fn the_first_snapshot_of_a_version_stays(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let first = trial.snapshot(3, "1", "first");
    trial.store(&first).await?;
    for again in ["first", "second"] {
        trial.store(&trial.snapshot(3, "1", again)).await?;
        trial.finds("1", AsOf::Newest, Some(&first)).await?;
        trial.finds("1", AsOf::Version(first.version), Some(&first)).await?;
    }
    Ok(())
}

/// The newest snapshot at or before a version is found.
pub async fn the_nearest_snapshot_is_found_by_version(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let (two, four) = trial.two_and_four().await?;
    let expected = [(0, None), (1, None), (2, Some(&two)), (3, Some(&two)), (4, Some(&four)), (5, Some(&four))];
    for (version, nearest) in expected {
        trial.finds("1", AsOf::Version(Version::new(version)), nearest).await?;
    }
    trial.finds("1", AsOf::Version(Version::MAX), Some(&four)).await
}

/// The newest snapshot at or before a position is found, whichever stream the event at that position belongs to.
pub async fn the_nearest_snapshot_is_found_by_position(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let (two, four) = trial.two_and_four().await?;
    let before = |position: Position| Position::new(position.get().saturating_sub(1));
    let expected = [
        (Position::START, None),
        (before(two.position), None),
        (two.position, Some(&two)),
        (before(four.position), Some(&two)),
        (four.position, Some(&four)),
        (Position::MAX, Some(&four)),
    ];
    for (position, nearest) in expected {
        trial.finds("1", AsOf::Position(position), nearest).await?;
    }
    Ok(())
}

/// The newest snapshot at or before a time is found; events that were recorded at exactly that time count.
pub async fn the_nearest_snapshot_is_found_by_time(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(mut trial) = Trial::begin(factory).await? else { return Ok(()) };
    // Two events of one append have one time.
    trial.subject.append(&trial.stream, Expected::Any, notes([6, 7])?).await?;
    trial.events_again(7).await?;
    let mut kept = Vec::new();
    for version in [2, 4, 6, 7] {
        kept.push(trial.snapshot(version, "1", &format!("at {version}")));
    }
    for snapshot in &kept {
        trial.store(snapshot).await?;
    }
    let times: Vec<Timestamp> = trial.events.iter().map(|event| event.recorded_at).collect();
    ensure("time passes between two appends", times.first() < times.last(), || format!("{times:?}"))?;
    for time in times {
        let justly = time.as_micros().checked_sub(1).and_then(Timestamp::from_micros);
        for time in justly.into_iter().chain([time]) {
            let nearest = kept.iter().rfind(|snapshot| snapshot.recorded_at <= time);
            trial.finds("1", AsOf::Time(time), nearest).await?;
        }
    }
    trial.finds("1", AsOf::Time(Timestamp::MIN), None).await?;
    trial.finds("1", AsOf::Time(Timestamp::MAX), kept.last()).await
}

/// A snapshot of a version at which its stream has no event, such as 0, is refused, and does not affect later ones.
pub async fn a_snapshot_of_no_event_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(mut trial) = Trial::begin(factory).await? else { return Ok(()) };
    let five = trial.snapshot(5, "1", "five");
    for version in [0, 6, 1_000_000, Version::MAX.get()] {
        let mut ahead = five.clone();
        ahead.version = Version::new(version);
        trial.refuses("a snapshot of a version without an event", &ahead).await?;
    }
    trial.finds("1", AsOf::Newest, None).await?;
    let mut elsewhere = five.clone();
    elsewhere.stream = trial.subject.stream("none")?;
    trial.refuses("a snapshot of no stream", &elsewhere).await?;
    trial.store(&five).await?;
    // A refused snapshot is not found once the stream has an event at its version.
    trial.subject.fill(&trial.stream, 2).await?;
    trial.finds("1", AsOf::Newest, Some(&five)).await?;
    trial.events_again(7).await?;
    let six = trial.snapshot(6, "1", "six");
    trial.store(&six).await?;
    trial.finds("1", AsOf::Newest, Some(&six)).await
}

/// A snapshot whose position or time is not that of the event at its version is refused. The store neither trusts the caller
/// nor corrects the snapshot silently.
pub async fn a_snapshot_of_another_event_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let (honest, before) = (trial.snapshot(4, "1", "four"), trial.snapshot(3, "1", "three"));
    let foreign = trial.subject.log().await?.into_iter().find(|event| event.stream != trial.stream);
    let positions = [before.position, Position::START, Position::MAX].into_iter();
    for position in positions.chain(foreign.map(|event| event.position)) {
        let mut foreign = honest.clone();
        foreign.position = position;
        trial.refuses("a snapshot at a foreign position", &foreign).await?;
    }
    let later = honest.recorded_at.as_micros().checked_add(1).and_then(Timestamp::from_micros);
    for recorded_at in later.into_iter().chain([Timestamp::UNIX_EPOCH, Timestamp::MIN, Timestamp::MAX]) {
        let mut foreign = honest.clone();
        foreign.recorded_at = recorded_at;
        trial.refuses("a snapshot of a foreign time", &foreign).await?;
    }
    trial.finds("1", AsOf::Newest, None).await?;
    trial.store(&honest).await?;
    trial.finds("1", AsOf::Newest, Some(&honest)).await
}

/// A snapshot of another schema is not found, and each schema keeps its own snapshot of a version.
pub async fn a_snapshot_of_another_schema_is_not_found(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let old = trial.snapshot(4, "account 1", "old");
    trial.store(&old).await?;
    for foreign in ["account 2", "account", "", "account 1 "] {
        trial.finds(foreign, AsOf::Newest, None).await?;
    }
    for version in [2, 4, 5] {
        let new = trial.snapshot(version, "account 2", "new");
        trial.store(&new).await?;
        trial.finds("account 2", AsOf::Newest, Some(&new)).await?;
        trial.finds("account 1", AsOf::Newest, Some(&old)).await?;
    }
    Ok(())
}

/// The state of a snapshot comes back byte for byte, whatever it is.
pub async fn the_state_of_a_snapshot_comes_back(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let large = every_byte.repeat(4096);
    for (state, version) in [Vec::new(), every_byte, b"\xff\xfe{\"a\":1}\0".to_vec(), large].into_iter().zip(1..) {
        let mut snapshot = trial.snapshot(version, "1", "");
        snapshot.payload = state.into();
        trial.store(&snapshot).await?;
        let found = trial.snapshots()?.nearest(&trial.stream, "1", AsOf::Newest).await?;
        let seen = found.as_ref().map(|found| found.payload.len());
        ensure("the state comes back byte for byte", found.as_ref() == Some(&snapshot), || format!("{seen:?} bytes"))?;
    }
    Ok(())
}

/// Events come back the same whether there are snapshots or not.
pub async fn a_snapshot_never_changes_what_is_read(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    let subject = &trial.subject;
    let (before, frontier) = (subject.log().await?, subject.frontier().await?);
    trial.store(&trial.snapshot(4, "1", "four")).await?;
    ensure_eq("the log is as it was", &before, &subject.log().await?)?;
    ensure_eq("the stream is as it was", &trial.events, &subject.events(&trial.stream).await?)?;
    ensure_eq("the frontier is where it was", frontier, subject.frontier().await?)
}

/// A schema that is too long or contains a NUL is refused with a typed error, when a snapshot is stored and when it is looked
/// for. The longest schema and the empty one are accepted.
pub async fn a_schema_with_a_bad_name_is_refused(factory: &dyn Factory) -> Result<(), BrokenPromise> {
    let Some(trial) = Trial::begin(factory).await? else { return Ok(()) };
    for bad in ["a\0b", "\0", &"s".repeat(NAME_BYTES + 1)] {
        let what = bad.get(..bad.len().min(9));
        let stored = trial.snapshots()?.store(trial.snapshot(3, bad, "three")).await;
        let refused = matches!(stored, Err(SnapshotError::Limit(_)));
        ensure(&format!("storing with schema {what:?} is refused"), refused, || format!("{stored:?}"))?;
        let found = trial.snapshots()?.nearest(&trial.stream, bad, AsOf::Newest).await;
        let refused = matches!(found, Err(SnapshotError::Limit(_)));
        ensure(&format!("looking for schema {what:?} is refused"), refused, || format!("{found:?}"))?;
    }
    for good in ["", &"s".repeat(NAME_BYTES)] {
        let kept = trial.snapshot(3, good, "three");
        trial.store(&kept).await?;
        trial.finds(good, AsOf::Newest, Some(&kept)).await?;
    }
    Ok(())
}

fn declared(factory: &dyn Factory) -> bool {
    factory.operations().contains(&Operation::Snapshots)
}

fn offered(store: &dyn EventStore) -> Result<&dyn Snapshots, BrokenPromise> {
    store.snapshots().ok_or_else(|| BrokenPromise::new("the store offers snapshots, as its factory declares", "none"))
}

/// A stream of five events in a store that keeps snapshots, with events of another stream between them.
struct Trial {
    subject: Subject,
    stream: StreamId,
    events: Vec<StoredEvent>,
}

impl Trial {
    /// `None` where snapshots are not declared.
    async fn begin(factory: &dyn Factory) -> Result<Option<Self>, BrokenPromise> {
        if !declared(factory) {
            return Ok(None);
        }
        let subject = Subject::fresh(factory).await?;
        let (stream, between) = (subject.stream("snapshot")?, subject.stream("between")?);
        for _ in 0..5 {
            subject.fill(&stream, 1).await?;
            subject.fill(&between, 1).await?;
            // Time has to pass: events of one time cannot be told apart by it.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut trial = Self { subject, stream, events: Vec::new() };
        trial.events_again(5).await?;
        Ok(Some(trial))
    }

    /// Reads the events of the stream again, and checks that there are `count`.
    async fn events_again(&mut self, count: usize) -> Result<(), BrokenPromise> {
        self.events = self.subject.events(&self.stream).await?;
        ensure_eq("the stream has its events", count, self.events.len())
    }

    fn snapshots(&self) -> Result<&dyn Snapshots, BrokenPromise> {
        offered(&*self.subject.store)
    }

    /// A snapshot of the stored event at `version`.
    fn snapshot(&self, version: u64, schema: &str, state: &str) -> StoredSnapshot {
        let index = usize::try_from(version).map_or(0, |version| version.saturating_sub(1));
        StoredSnapshot::after(&self.events[index], schema, format!("\"{state}\""))
    }

    async fn store(&self, snapshot: &StoredSnapshot) -> Result<(), BrokenPromise> {
        Ok(self.snapshots()?.store(snapshot.clone()).await?)
    }

    /// Stores snapshots of versions 2 and 4, the newer one first.
    async fn two_and_four(&self) -> Result<(StoredSnapshot, StoredSnapshot), BrokenPromise> {
        let (two, four) = (self.snapshot(2, "1", "two"), self.snapshot(4, "1", "four"));
        self.store(&four).await?;
        self.store(&two).await?;
        Ok((two, four))
    }

    async fn finds(&self, schema: &str, at: AsOf, expected: Option<&StoredSnapshot>) -> Result<(), BrokenPromise> {
        let seen = self.snapshots()?.nearest(&self.stream, schema, at).await?;
        ensure_eq(&format!("the nearest snapshot of schema `{schema}` as of {at:?}"), expected, seen.as_ref())
    }

    async fn refuses(&self, what: &str, snapshot: &StoredSnapshot) -> Result<(), BrokenPromise> {
        let answer = self.snapshots()?.store(snapshot.clone()).await;
        let named = match &answer {
            Err(SnapshotError::NoSuchEvent { stream, version, position, recorded_at }) => {
                (stream, version, position, recorded_at)
                    == (&snapshot.stream, &snapshot.version, &snapshot.position, &snapshot.recorded_at)
            }
            _ => false,
        };
        ensure(&format!("{what} is refused: {snapshot:?}"), named, || format!("{answer:?}"))
    }
}
