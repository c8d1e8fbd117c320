//! Snapshots in a restored log, whose events may be lost or replaced.

use es_core::{AsOf, Direction, EventStore, Expected, SnapshotError, StoredSnapshot, Timestamp, Version};
use futures_util::TryStreamExt;

use crate::fixture::{Fixture, one, stream};

/// Three events, and a snapshot with the state `kept` after each.
async fn three_snapshots(fixture: &Fixture) -> Vec<StoredSnapshot> {
    for _ in 0..3 {
        fixture.store.append(one("1", Expected::Any).into()).await.unwrap();
    }
    let events = fixture.store.read_stream(&stream("1"), Version::FIRST, Direction::Forward, None);
    let events: Vec<_> = events.try_collect().await.unwrap();
    let snapshots: Vec<_> = events.iter().map(|event| StoredSnapshot::after(event, "s", "kept")).collect();
    for snapshot in &snapshots {
        fixture.store.snapshots().unwrap().store(snapshot.clone()).await.unwrap();
    }
    snapshots
}

async fn nearest(fixture: &Fixture, at: AsOf) -> Option<StoredSnapshot> {
    fixture.store.snapshots().unwrap().nearest(&stream("1"), "s", at).await.unwrap()
}

#[tokio::test]
async fn a_snapshot_of_a_lost_event_is_ignored_and_replaced() {
    for elsewhere in ["position = position + 1000", "recorded_at = recorded_at + interval '1 microsecond'"] {
        let fixture = Fixture::new().await;
        let kept = three_snapshots(&fixture).await;
        let restored = format!("UPDATE es.snapshots SET {elsewhere}, payload = 'lost' WHERE version = 3");
        fixture.client().await.batch_execute(&restored).await.unwrap();
        assert_eq!(nearest(&fixture, AsOf::Newest).await.as_ref(), Some(&kept[1]), "{elsewhere}");
        let mut again = kept[2].clone();
        again.payload = "folded anew".into();
        fixture.store.snapshots().unwrap().store(again.clone()).await.unwrap();
        assert_eq!(nearest(&fixture, AsOf::Newest).await, Some(again), "{elsewhere}");
    }
}

#[tokio::test]
async fn a_snapshot_ahead_of_its_stream_is_never_found() {
    let fixture = Fixture::new().await;
    let kept = three_snapshots(&fixture).await;
    let ahead = "INSERT INTO es.snapshots (category, id, schema, version, position, recorded_at, payload)
                 SELECT category, id, schema, version + 2, position + 2, recorded_at, 'lost' FROM es.snapshots
                 WHERE version > 1";
    fixture.client().await.batch_execute(ahead).await.unwrap();
    for _ in 0..3 {
        for at in [AsOf::Newest, AsOf::Version(Version::MAX), AsOf::Time(Timestamp::MAX)] {
            assert_eq!(nearest(&fixture, at).await.as_ref(), Some(&kept[2]), "{at:?}");
        }
        fixture.store.append(one("1", Expected::Any).into()).await.unwrap();
    }
}

#[tokio::test]
async fn concurrent_snapshots_of_one_version_are_stored_once() {
    let fixture = Fixture::new().await;
    let kept = three_snapshots(&fixture).await;
    let others: Vec<_> = (0..8)
        .map(|number| {
            let mut other = kept[0].clone();
            (other.schema, other.payload) = ("of several".into(), number.to_string().into());
            other
        })
        .collect();
    let snapshots = fixture.store.snapshots().unwrap();
    let answers = futures_util::future::join_all(others.iter().map(|one| snapshots.store(one.clone()))).await;
    answers.into_iter().collect::<Result<Vec<()>, SnapshotError>>().unwrap();
    let count = "SELECT count(*) FROM es.snapshots WHERE schema = 'of several'";
    assert_eq!(fixture.client().await.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 1);
    let found = snapshots.nearest(&stream("1"), "of several", AsOf::Newest).await.unwrap();
    assert!(others.iter().any(|one| Some(one) == found.as_ref()), "{found:?}");
}
