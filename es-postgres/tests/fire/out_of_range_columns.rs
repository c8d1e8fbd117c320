//! Rows without a valid stream, metadata of another shape, and times out of range.

use std::sync::Arc;

use es_core::{
    Append, Checkpoint, Direction, EventStore, Expected, Filter, Metadata, ReadError, StoredEvent, StreamId, Timestamp,
    Version,
};
use futures_util::TryStreamExt;

use crate::{
    faults::lenient_reader::{Leniency, LenientReader},
    tools::{counter::load, damaged_log::DamagedLog, trial::connect},
};

/// Reads the events of counter `a`.
async fn counter(store: &dyn EventStore) -> Result<Vec<StoredEvent>, ReadError> {
    let stream = StreamId::new("counter", "a").unwrap();
    store.read_stream(&stream, Version::FIRST, Direction::Forward, None).try_collect().await
}

/// `decode` reports damaged metadata.
async fn metadata_is_reported(decode: fn(&StoredEvent) -> Result<Option<Metadata>, ReadError>) -> Result<(), String> {
    for meta in ["[1]", "7", "\"text\"", "{\"actor\":1}"] {
        let damaged = DamagedLog::with(&format!("UPDATE es.events SET metadata = '{meta}' WHERE $second")).await;
        let read =
            counter(&damaged.store).await.map_err(|error| format!("{meta} makes the stream unreadable: {error}"))?;
        match decode(&read[1]) {
            Err(ReadError::Damaged { version, .. }) if version == 2 => {}
            outcome => return Err(format!("{meta} is read as {outcome:?}")),
        }
        damaged.others_still_work(&(Arc::new(damaged.store.clone()) as _)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn metadata_of_another_shape_is_reported_when_decoded() {
    metadata_is_reported(StoredEvent::decode_metadata).await.unwrap();
}

/// Checks that the test above can fail: a reader that takes unreadable metadata for none.
#[tokio::test]
async fn a_metadata_reader_that_guesses_is_caught() {
    let nothing = |event: &StoredEvent| Ok(event.metadata.as_ref().and_then(|m| serde_json::from_slice(m).ok()));
    let caught = metadata_is_reported(nothing).await.unwrap_err();
    assert!(caught.contains("[1] is read as Ok(None)"), "{caught}");
}

/// `read_all` reports a damaged row, with its place if `named`.
async fn damage_is_reported(damage: &str, named: bool, leniency: Option<Leniency>) -> Result<(), String> {
    let damaged = DamagedLog::with(&format!("UPDATE es.events SET {damage} WHERE $second")).await;
    let store = read_by(&damaged, leniency).await;
    let reader = Arc::clone(&store);
    let all =
        tokio::spawn(
            async move { reader.read_all(Checkpoint::START, &Filter::all(), None).try_collect::<Vec<_>>().await },
        );
    match all.await.map_err(|panic| format!("reading panicked: {panic}"))? {
        Err(ReadError::Damaged { position, .. }) if named && position == 2 => {}
        Err(ReadError::Store(_)) if !named => {}
        Err(error) => return Err(format!("it was reported as {error:?}")),
        Ok(all) => return Err(format!("nothing was reported, and {} events were read", all.len())),
    }
    damaged.others_still_work(&store).await
}

async fn read_by(damaged: &DamagedLog, leniency: Option<Leniency>) -> Arc<dyn EventStore> {
    let store: Arc<dyn EventStore> = Arc::new(damaged.store.clone());
    match leniency {
        Some(leniency) => Arc::new(LenientReader::new(store, leniency, connect(&damaged.database.url()).await)),
        None => store,
    }
}

/// Rows without a valid stream, and whether the error can name their place.
const WITHOUT_STREAM: [(&str, bool); 4] = [
    ("version = -5", true),
    ("category = repeat('x', 513)", false),
    ("category = ''", false),
    ("id = repeat('x', 513)", false),
];

#[tokio::test]
async fn read_all_reports_rows_without_a_valid_stream() {
    for (damage, named) in WITHOUT_STREAM {
        damage_is_reported(damage, named, None).await.unwrap_or_else(|error| panic!("{damage}: {error}"));
    }
}

/// Checks that the test above can fail.
#[tokio::test]
async fn a_lenient_read_all_is_caught() {
    for (damage, named) in WITHOUT_STREAM {
        for (leniency, expected) in [
            (Leniency::Guesses, "nothing was reported, and 6 events"),
            (Leniency::SkipsRows, "nothing was reported, and 5 events"),
            (Leniency::StopsForever, "counter b"),
            (Leniency::Panics, "reading panicked"),
        ] {
            let caught = damage_is_reported(damage, named, Some(leniency)).await.expect_err(damage);
            assert!(caught.contains(expected), "{damage}, {leniency:?}: {caught}");
        }
    }
}

/// Times of the server, and the timestamps that a reader returns.
const TIMES: [(&str, Timestamp); 6] = [
    ("infinity", Timestamp::MAX),
    ("-infinity", Timestamp::MIN),
    ("294276-12-31 00:00 UTC", Timestamp::MAX),
    ("1969-12-31 23:59:59.999999 UTC", micros(-1)),
    ("9999-12-31 23:59:59.999998 UTC", micros(Timestamp::MAX.as_micros() - 1)),
    ("0001-01-01 00:00:00.000001 UTC", micros(Timestamp::MIN.as_micros() + 1)),
];

const fn micros(micros: i64) -> Timestamp {
    match Timestamp::from_micros(micros) {
        Some(time) => time,
        None => panic!("outside the range"),
    }
}

/// An extreme time is read as the nearest timestamp, and its stream still works.
async fn time_is_read((text, time): (&str, Timestamp), leniency: Option<Leniency>) -> Result<(), String> {
    let damaged = DamagedLog::with(&format!("UPDATE es.events SET recorded_at = '{text}' WHERE $second")).await;
    let store = read_by(&damaged, leniency).await;
    let sum = load(&store, "a").await?.map_err(|error| error.to_string())?;
    let read = counter(&*store).await.map_err(|error| error.to_string())?[1].recorded_at;
    if (sum, read) != (6, time) {
        return Err(format!("the time is read as {read:?}, and the sum is {sum}"));
    }
    let append = Append::assertion(StreamId::new("counter", "a").unwrap(), Expected::Exact(Version::new(3)));
    store.append(append.into()).await.map_err(|error| error.to_string())?;
    damaged.others_still_work(&store).await
}

#[tokio::test]
async fn extreme_times_are_read() {
    for time in TIMES {
        time_is_read(time, None).await.unwrap_or_else(|error| panic!("{}: {error}", time.0));
    }
}

/// Checks that the test above can fail: readers that invent a time, and readers that do not check its range.
#[tokio::test]
async fn a_time_reader_that_guesses_or_overflows_is_caught() {
    for time in TIMES {
        let caught = time_is_read(time, Some(Leniency::Guesses)).await.unwrap_err();
        assert!(caught.contains("the time is read as"), "{}: {caught}", time.0);
    }
    for time in &TIMES[..3] {
        let caught = time_is_read(*time, Some(Leniency::IgnoresRange)).await.unwrap_err();
        assert!(caught.contains("reading panicked"), "{}: {caught}", time.0);
    }
}
