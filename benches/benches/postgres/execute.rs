//! Measures commands: load, decide, append one event.

use std::time::Instant;

use benches::{
    bank::{Account, Deposit},
    measure::concurrently,
    table::Row,
};
use es::prelude::*;

use crate::Setup;

pub(crate) async fn one_task(setup: &Setup) -> Row {
    let count = setup.effort.scaled(2_000);
    let accounts = setup.store.repository::<Account>();
    let ids: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..=setup.effort.rounds {
        let began = Instant::now();
        for id in &ids {
            setup.raw.execute(0, id, 1).await;
        }
        raw.push(began.elapsed());
        let began = Instant::now();
        for id in &ids {
            accounts.execute(id, Deposit(1)).await.unwrap();
        }
        ours.push(began.elapsed());
    }
    // The first round creates the streams and warms up.
    Row::rates(count, &raw[1..], &ours[1..], "at least 0.85 of raw")
}

pub(crate) async fn many_tasks(setup: &Setup) -> Row {
    const TASKS: usize = 64;
    let each = setup.effort.scaled(20_000) / TASKS;
    let accounts = setup.store.repository::<Account>();
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for round in 0..=setup.effort.rounds {
        let id = move |task: usize, number: usize| format!("{task}-{}", (number + round) % 80);
        raw.push(
            concurrently(TASKS, |task| async move {
                for number in 0..each {
                    setup.raw.execute_in_transaction(task, &id(task, number), 1).await;
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
