//! The latency of appends while a foreign transaction holds a stream that some of them wait for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use es_core::{AppendError, EventStore, Expected};
use es_postgres::PostgresStore;
use futures_util::future::join_all;

use crate::fixture::{Fixture, one, with_append};

/// By which factor the p99 latency of appends to other streams may grow.
const MAX_SLOWDOWN: f64 = 3.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_stream_does_not_slow_appends_to_other_streams() {
    let fixture = fixture().await;
    let mut times = Vec::new();
    // A busy machine can disturb either half of a measurement, so it is repeated.
    for _ in 0..5 {
        let now = slowdown_while_held(&fixture, 40).await;
        if now <= MAX_SLOWDOWN {
            return;
        }
        times.push(now);
    }
    panic!("p99 is {times:.1?} times the usual");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_waits_for_held_streams_is_caught() {
    let fixture = fixture().await;
    let waiting = with_append("IF wait THEN", "IF true THEN");
    fixture.database.run(&[&waiting]).unwrap();
    let times = slowdown_while_held(&fixture, 2).await;
    assert!(times > MAX_SLOWDOWN, "p99 is {times:.1} times the usual");
}

async fn fixture() -> Fixture {
    Fixture::with(|builder| builder.lock_timeout(Duration::from_millis(500))).await
}

/// The factor by which the p99 latency grows while a transaction holds a stream.
async fn slowdown_while_held(fixture: &Fixture, rounds: usize) -> f64 {
    // Warms up connections and plans.
    p99(&fixture.store, 4).await;
    let usual = p99(&fixture.store, rounds).await;
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    fixture.store.append_in(&transaction, one("X", Expected::Any)).await.unwrap();
    let held = p99(&fixture.store, rounds).await;
    transaction.commit().await.unwrap();
    held.as_secs_f64() / usual.as_secs_f64()
}

/// The p99 latency of appends to a hundred streams, while three tasks append to the stream X.
async fn p99(store: &PostgresStore, rounds: usize) -> Duration {
    let over = Arc::new(AtomicBool::new(false));
    let contenders: Vec<_> = (0..3)
        .map(|_| {
            let (store, over) = (store.clone(), Arc::clone(&over));
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    match store.append(one("X", Expected::Any).into()).await {
                        Ok(_) | Err(AppendError::Store(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    let others = (0..100).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut took = Vec::with_capacity(rounds);
            for _ in 0..rounds {
                let began = Instant::now();
                store.append(one(&number.to_string(), Expected::Any).into()).await.unwrap();
                took.push(began.elapsed());
            }
            took
        })
    });
    let mut took: Vec<Duration> = join_all(others).await.into_iter().flat_map(Result::unwrap).collect();
    over.store(true, Ordering::Relaxed);
    join_all(contenders).await.into_iter().for_each(Result::unwrap);
    took.sort_unstable();
    took[took.len() * 99 / 100]
}
