//! Load, decide, append one event.

use std::time::{Duration, Instant};

use es::prelude::*;

use crate::Ground;
use crate::bank::{Account, Deposit};
use crate::table::Row;

pub(crate) async fn one_task(ground: &Ground) -> Row {
    let count = ground.scaled(2_000);
    let accounts = ground.store.repository::<Account>();
    let ids: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..=ground.rounds {
        let began = Instant::now();
        for id in &ids {
            ground.raw.execute(0, id, 1).await;
        }
        raw.push(began.elapsed());
        let began = Instant::now();
        for id in &ids {
            accounts.execute(id, Deposit(1)).await.unwrap();
        }
        ours.push(began.elapsed());
    }
    // the first round makes the streams and warms up
    Row::rates(count, &raw[1..], &ours[1..], "at least 0.85 of raw")
}

pub(crate) async fn many_tasks(ground: &Ground) -> Row {
    const TASKS: usize = 64;
    let each = ground.scaled(20_000) / TASKS;
    let accounts = ground.store.repository::<Account>();
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for round in 0..=ground.rounds {
        let id = move |task: usize, number: usize| format!("{task}-{}", (number + round) % 80);
        raw.push(
            concurrently(TASKS, |task| async move {
                for number in 0..each {
                    ground.raw.execute_in_transaction(task, &id(task, number), 1).await;
                }
            })
            .await,
        );
        let accounts = &accounts;
        ours.push(
            concurrently(TASKS, |task| async move {
                for number in 0..each {
                    accounts.execute(&id(task, number), Deposit(1)).await.unwrap();
                }
            })
            .await,
        );
    }
    Row::rates(each * TASKS, &raw[1..], &ours[1..], "at least 1.8 times raw")
}

/// Runs as many futures at once as there are tasks.
pub(crate) async fn concurrently<F: Future<Output = ()>>(tasks: usize, work: impl Fn(usize) -> F) -> Duration {
    let began = Instant::now();
    futures_util::future::join_all((0..tasks).map(work)).await;
    began.elapsed()
}
