//! Reads: pages, filters, gaps and lost connections.

use std::time::Duration;

use es_core::{
    Append, Checkpoint, Direction, EventName, EventStore, Expected, Filter, NewEvent, Page, Position, SchemaVersion,
    StreamId, Version,
};
use futures_util::{StreamExt, TryStreamExt};
use uuid::Uuid;

use crate::fixture::{Fixture, all, event, one, stream};

async fn versions(fixture: &Fixture, from: Version, direction: Direction, limit: Option<usize>) -> Vec<u64> {
    let events = fixture.store.read_stream(&stream("1"), from, direction, limit);
    events.map_ok(|event| event.version.get()).try_collect().await.unwrap()
}

#[tokio::test]
async fn a_long_stream_is_read_in_pages_both_ways() {
    let fixture = Fixture::new().await;
    for _ in 0..5 {
        let events = (0..1000).map(|_| event("{}")).collect();
        fixture.store.append(Append::new(stream("1"), Expected::Any, events).into()).await.unwrap();
    }
    let forward = versions(&fixture, Version::FIRST, Direction::Forward, None).await;
    assert!(forward.into_iter().eq(1..=5000));
    let backward = versions(&fixture, Version::MAX, Direction::Backward, None).await;
    assert!(backward.into_iter().eq((1..=5000).rev()));
    let part = versions(&fixture, Version::new(4000), Direction::Backward, Some(700)).await;
    assert!(part.into_iter().eq((3301..=4000).rev()));
    assert!(versions(&fixture, Version::new(5001), Direction::Forward, None).await.is_empty());
    assert!(versions(&fixture, Version::FIRST, Direction::Forward, Some(0)).await.is_empty());
}

#[tokio::test]
async fn big_events_are_read_in_bounded_pages() {
    let fixture = Fixture::new().await;
    let big = format!("\"{}\"", "x".repeat(1_000_000));
    for _ in 0..10 {
        let events = (0..3).map(|_| event(&big)).collect();
        fixture.store.append(Append::new(stream("1"), Expected::Any, events).into()).await.unwrap();
    }
    let events = fixture.store.read_stream(&stream("1"), Version::FIRST, Direction::Forward, None);
    let lengths: Vec<usize> = events.map_ok(|event| event.payload.len()).try_collect().await.unwrap();
    assert_eq!(lengths, [big.len(); 30]);
}

/// Small events come first, so that the store then fetches many big ones in one statement, which the reader outlasts.
#[tokio::test]
async fn a_reader_slower_than_the_statement_timeout_gets_everything() {
    let fixture = Fixture::with(|builder| builder.statement_timeout(Duration::from_secs(2))).await;
    let events = (0..1_000).map(|_| event("{}")).collect();
    fixture.store.append(Append::new(stream("1"), Expected::Any, events).into()).await.unwrap();
    let big = format!("\"{}\"", "x".repeat(1_000_000));
    for _ in 0..15 {
        let events = (0..4).map(|_| event(&big)).collect();
        fixture.store.append(Append::new(stream("1"), Expected::Any, events).into()).await.unwrap();
    }
    let mut events = fixture.store.read_stream(&stream("1"), Version::FIRST, Direction::Forward, None);
    let mut versions = Vec::new();
    while let Some(event) = events.next().await {
        let event = event.unwrap();
        if event.payload.len() > 2 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        versions.push(event.version.get());
    }
    assert!(versions.into_iter().eq(1..=1_060));
}

/// Small events come first, so that the store then fetches a page of big ones in one statement, and delivers parts of it.
#[tokio::test]
async fn a_connection_lost_within_a_page_neither_repeats_nor_skips_events() {
    let fixture = Fixture::new().await;
    let big = format!("\"{}\"", "x".repeat(8_000));
    for payload in ["{}", "{}", "{}", &big, &big, &big] {
        let events = (0..1_000).map(|_| event(payload)).collect();
        fixture.store.append(Append::new(stream("1"), Expected::Any, events).into()).await.unwrap();
    }
    let mut events = fixture.store.read_stream(&stream("1"), Version::FIRST, Direction::Forward, Some(5_500));
    let mut versions = Vec::new();
    for _ in 0..3_100 {
        versions.push(events.next().await.unwrap().unwrap().version.get());
    }
    let client = fixture.client().await;
    let kill = "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'SELECT position, version%' AND state = 'active'";
    let within_a_page = async || {
        while client.query_one(kill, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), within_a_page()).await.unwrap();
    versions.extend(events.map_ok(|event| event.version.get()).try_collect::<Vec<_>>().await.unwrap());
    assert!(versions.iter().copied().eq(1..=5_500), "{} events", versions.len());
}

/// The log spans several windows, has a gap wider than one, and events so big that a window takes several pages.
#[tokio::test]
async fn a_long_log_is_read_completely_despite_gaps_and_lost_connections() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await;
    let big = format!("\"{}\"", "x".repeat(8_000));
    let mut wanted = Vec::new();
    for payload in ["{}", "{}", "{}", "gap", "{}", &big, &big, "gap", "{}", "{}"] {
        if payload == "gap" {
            client.execute("SELECT count(nextval('es.position')) FROM generate_series(1, 20000)", &[]).await.unwrap();
            continue;
        }
        let events = (0..1_000).map(|_| event(payload)).collect();
        let appended = fixture.store.append(Append::new(stream("1"), Expected::Any, events).into()).await.unwrap();
        wanted.extend(appended[0].positions.clone());
    }
    let mut events = fixture.store.read_all(Checkpoint::START, &Filter::all(), None);
    let mut read = Vec::new();
    while let Some(event) = events.next().await {
        read.push(event.unwrap().position);
        if read.len() % 1_500 == 0 {
            let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid()";
            client.execute(kill, &[]).await.unwrap();
        }
    }
    assert!(read == wanted, "{} of {} events", read.len(), wanted.len());
}

/// Filters that accept most, few and none of the events: their windows of positions are read concurrently.
#[tokio::test]
async fn filtered_windows_skip_and_repeat_no_event() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await;
    let big = format!("\"{}\"", "x".repeat(8_000));
    for (number, payload) in [(1, "{}"), (2, "{}"), (3, &*big), (4, "{}"), (5, "{}")] {
        for (category, name, count) in [("a", "x", 950), ("b", "x", 30), ("a", "y", 15), ("b", "rare", 5)] {
            for stream in 0..3 {
                let event = || {
                    let name = EventName::from_static(name).unwrap();
                    NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, payload.to_owned()).unwrap()
                };
                let stream = StreamId::new(category, format!("{number}-{stream}")).unwrap();
                let events = (0..count).map(|_| event()).collect();
                fixture.store.append(Append::new(stream, Expected::Any, events).into()).await.unwrap();
            }
        }
        client.execute("SELECT count(nextval('es.position')) FROM generate_series(1, 15000)", &[]).await.unwrap();
    }
    let (log, slices) = (all(&fixture.store).await, 0..=500);
    for filter in [
        Filter::all().name("x"),
        Filter::all().name("rare"),
        Filter::all().name("absent"),
        Filter::all().slices(slices.clone()),
        Filter::all().category("a").name("x").name("y"),
        Filter::all().category("b").name("rare"),
        Filter::all().category("b").slices(slices.clone()),
        Filter::all().category("a").category("b").name("y").name("rare"),
        Filter::all().category("a").category("b").name("x").slices(slices.clone()),
        Filter::all().category("a").name("x").slices(slices),
    ] {
        let pages = fixture.store.read_pages(Checkpoint::START, Direction::Forward, &filter, None);
        let pages: Vec<Page> = pages.try_collect().await.unwrap();
        let read: Vec<_> = pages.iter().flat_map(|page| &page.events).collect();
        let wanted: Vec<_> = log
            .iter()
            .filter(|event| {
                let (first, last) = filter.slice_range().unwrap_or((0, u16::MAX));
                filter.categories().is_none_or(|mut all| all.any(|category| category == event.stream.category()))
                    && filter.names().is_none_or(|mut all| all.any(|name| name == event.name.as_str()))
                    && (first..=last).contains(&event.stream.slice())
            })
            .collect();
        assert!(read == wanted, "{filter:?}: {} of {} events", read.len(), wanted.len());
        assert!(pages.is_sorted_by(|page, next| page.up_to <= next.up_to), "{filter:?}");
        assert!(pages.last().unwrap().is_live(), "{filter:?}");
    }
}

#[tokio::test]
async fn several_categories_are_read_in_position_order() {
    let fixture = Fixture::new().await;
    let mut wanted = Vec::new();
    for number in 0..600 {
        let category = ["a", "b", "c"][number % 3];
        let stream = StreamId::new(category, "1").unwrap();
        let appended =
            fixture.store.append(Append::new(stream, Expected::Any, vec![event("{}")]).into()).await.unwrap();
        if category != "c" {
            wanted.extend(appended[0].positions.clone());
        }
    }
    let filter = Filter::all().category("b").category("a").category("nothing");
    let read: Vec<Position> = fixture
        .store
        .read_all(Checkpoint::START, &filter, None)
        .map_ok(|event| event.position)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(read, wanted);
}

#[tokio::test]
async fn events_above_the_frontier_are_not_read() {
    let fixture = Fixture::new().await;
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    transaction.execute("SELECT es.fence()", &[]).await.unwrap();
    let held = fixture.store.frontier().await.unwrap().position();
    fixture.store.append(one("1", Expected::NoStream).into()).await.unwrap();
    assert_eq!(fixture.store.frontier().await.unwrap().position(), held);
    assert!(all(&fixture.store).await.is_empty());
    transaction.commit().await.unwrap();
    assert_eq!(all(&fixture.store).await.len(), 1);
}
