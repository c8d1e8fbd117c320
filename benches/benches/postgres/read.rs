//! Measures reading: one long stream, and the whole log.

use std::time::Instant;

use benches::{
    bank::{Account, AccountEvent, CATEGORY, Deposited},
    measure::{peak, peak_after_reset},
    table::Row,
};
use es::{Append, EventName, EventStore, Expected, NewEvent, SchemaVersion, StreamId, prelude::*};
use uuid::Uuid;

use crate::{Setup, append::fill};

pub(crate) async fn rehydrate(setup: &Setup) -> Row {
    let id = "long".to_owned();
    for _ in 0..10 {
        let event = |_| {
            let payload = serde_json::to_vec(&Deposited::sample(1)).unwrap();
            let name = EventName::from_static("account.deposited").unwrap();
            NewEvent::from_json(Uuid::now_v7(), name, SchemaVersion::FIRST, payload).unwrap()
        };
        let stream = StreamId::new(CATEGORY, &id).unwrap();
        setup.store.append(Append::new(stream, Expected::Any, (0..1_000).map(event).collect()).into()).await.unwrap();
    }
    copy_to_raw(setup).await;
    let accounts = setup.store.repository::<Account>();
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..=setup.effort.rounds * 4 {
        let began = Instant::now();
        assert_eq!(setup.raw.load(&id).await.balance, 10_000);
        raw.push(began.elapsed());
        let began = Instant::now();
        assert_eq!(accounts.load(&id).await.unwrap().balance, 10_000);
        ours.push(began.elapsed());
    }
    Row::rates(10_000, &raw[1..], &ours[1..], "at least 0.9 of raw")
}

pub(crate) async fn read_all(setup: &Setup) -> Row {
    let count = setup.effort.scaled(1_000_000);
    fill(setup, count).await;
    copy_to_raw(setup).await;
    let (mut raw, mut ours, mut grown) = (Vec::new(), Vec::new(), 0);
    for _ in 0..=setup.effort.rounds.min(5) {
        let began = Instant::now();
        assert_eq!(setup.raw.fold().await, (count, count.cast_signed() as i64));
        raw.push(began.elapsed());
        let before = peak_after_reset();
        let began = Instant::now();
        assert_eq!(fold(setup).await, (count, count.cast_signed() as i64));
        ours.push(began.elapsed());
        grown = grown.max(peak().saturating_sub(before));
    }
    let mut row = Row::rates(count, &raw[1..], &ours[1..], "at least 0.85 of raw, peak memory under 32 MiB");
    row.ours = format!("{}, {:.1} MiB", row.ours, grown as f64 / 1024.0);
    row
}

async fn fold(setup: &Setup) -> (usize, i64) {
    let mut events = setup.store.events::<AccountEvent>().read();
    let mut account = Account::default();
    let mut count = 0;
    while let Some(event) = events.next().await {
        account.apply_event(event.unwrap().event);
        count += 1;
    }
    (count, account.balance)
}

async fn copy_to_raw(setup: &Setup) {
    let copy = "INSERT INTO raw.events (category, id, version, event_id, type, data)
                SELECT category, id, version, event_id, name, payload FROM es.events ORDER BY position";
    let client = setup.raw.client().await;
    client.batch_execute(copy).await.unwrap();
    client.batch_execute("VACUUM ANALYZE raw.events").await.unwrap();
}
