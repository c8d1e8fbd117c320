//! What appends take while somebody else's transaction holds a stream that others want, too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use es_core::{AppendError, EventStore, Expected};
use es_postgres::PostgresStore;
use futures_util::future::join_all;

use crate::fixture::{Fixture, one, with_append};

/// How many times their usual p99 the appends to other streams may take.
const TIMES: f64 = 3.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_stream_is_held_appends_to_a_hundred_others_take_as_long_as_usual() {
    let fixture = fixture().await;
    let mut times = Vec::new();
    // a machine that is busy with something else slows one half of a measurement or the other
    for _ in 0..5 {
        let now = held_to_usual(&fixture, 40).await;
        if now <= TIMES {
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
    let times = held_to_usual(&fixture, 2).await;
    assert!(times > TIMES, "p99 is {times:.1} times the usual");
}

async fn fixture() -> Fixture {
    Fixture::with(|builder| builder.lock_timeout(Duration::from_millis(500))).await
}

/// How many times as long as usual appends take while a transaction holds a stream.
async fn held_to_usual(fixture: &Fixture, rounds: usize) -> f64 {
    // connections and plans of their own are not what is measured
    p99(&fixture.store, 4).await;
    let usual = p99(&fixture.store, rounds).await;
    let mut client = fixture.client().await;
    let transaction = client.transaction().await.unwrap();
    fixture.store.append_in(&transaction, one("X", Expected::Any)).await.unwrap();
    let held = p99(&fixture.store, rounds).await;
    transaction.commit().await.unwrap();
    held.as_secs_f64() / usual.as_secs_f64()
}

/// Within what time 99 of 100 appends to a hundred streams were answered, while some more want the stream X.
async fn p99(store: &PostgresStore, rounds: usize) -> Duration {
    let over = Arc::new(AtomicBool::new(false));
    let suitors: Vec<_> = (0..3)
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
    join_all(suitors).await.into_iter().for_each(Result::unwrap);
    took.sort_unstable();
    took[took.len() * 99 / 100]
}
