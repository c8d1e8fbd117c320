//! Measures reading: one long stream, and the whole log.

use std::time::Instant;

use benches::{
    bank::{Account, AccountEvent},
    measure::{peak, peak_after_reset},
    table::Row,
};
use es::{EventStore, Expected, SqliteStore, prelude::*, sqlite::Synchronous};

use crate::{Setup, append::append, raw::Raw};

pub(crate) async fn rehydrate(setup: &Setup) -> Row {
    const EVENTS: i32 = 10_000;
    let id = "long".to_owned();
    let (by_hand, store) = setup.both("rehydrate", Synchronous::Full).await;
    for _ in 0..EVENTS / 1_000 {
        store.append(append(&id, Expected::Any, 1_000).into()).await.unwrap();
    }
    by_hand.in_transaction(|| (1..=EVENTS).for_each(|version| by_hand.insert(&id, version.into(), 1)));
    let accounts = store.repository::<Account>();
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..=setup.effort.rounds * 4 {
        let began = Instant::now();
        assert_eq!(by_hand.load(&id).0.balance, i64::from(EVENTS));
        raw.push(began.elapsed());
        let began = Instant::now();
        assert_eq!(accounts.load(&id).await.unwrap().balance, i64::from(EVENTS));
        ours.push(began.elapsed());
    }
    Row::rates(EVENTS.unsigned_abs() as usize, &raw[1..], &ours[1..], "at least 1.0 of raw")
}

pub(crate) async fn read_all(setup: &Setup) -> Row {
    let count = setup.filled().await.events;
    let expected = (count, count.cast_signed() as i64);
    let by_hand = Raw::open(&setup.path("filled-raw"), Synchronous::Full);
    let store = SqliteStore::open(setup.path("filled")).await.unwrap();
    let (mut raw, mut ours, mut grown) = (Vec::new(), Vec::new(), 0);
    for _ in 0..=setup.effort.rounds {
        let began = Instant::now();
        assert_eq!(by_hand.fold(), expected);
        raw.push(began.elapsed());
        let before = peak_after_reset();
        let began = Instant::now();
        assert_eq!(fold(&store).await, expected);
        ours.push(began.elapsed());
        grown = grown.max(peak().saturating_sub(before));
    }
    let mut row = Row::rates(count, &raw[1..], &ours[1..], "at least 1.0 of raw, below 32 MiB");
    row.ours = format!("{}, {:.1} MiB", row.ours, grown as f64 / 1024.0);
    row
}

async fn fold(store: &SqliteStore) -> (usize, i64) {
    let mut events = store.events::<AccountEvent>().read();
    let mut account = Account::default();
    let mut count = 0;
    while let Some(event) = events.next().await {
        account.apply_event(event.unwrap().event);
        count += 1;
    }
    (count, account.balance)
}
