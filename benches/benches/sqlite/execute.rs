//! Measures commands: load, decide, append one event.

use std::time::Instant;

use benches::{
    bank::{Account, Deposit},
    table::Row,
};
use es::{EventStore, Expected, prelude::*, sqlite::Synchronous};

use crate::{Setup, append::append, cpu::CpuTimes};

pub(crate) async fn one_task(setup: &Setup) -> Row {
    let count = setup.effort.scaled(2_000);
    let (by_hand, store) = setup.both("execute", Synchronous::LosesLastEventsOnPowerLoss).await;
    let accounts = store.repository::<Account>();
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    let (mut raw_cpu, mut our_cpu) = (CpuTimes::default(), CpuTimes::default());
    for round in 0..=setup.effort.rounds {
        // The first round warms up.
        if round == 1 {
            (raw_cpu, our_cpu) = (CpuTimes::default(), CpuTimes::default());
        }
        let ids: Vec<String> = (0..count).map(|number| format!("{round}-{number}")).collect();
        by_hand
            .in_transaction(|| ids.iter().for_each(|id| (1..=10).for_each(|version| by_hand.insert(id, version, 1))));
        for ids in ids.chunks(100) {
            let appends = ids.iter().map(|id| append(id, Expected::NoStream, 10));
            store.append(es::AppendRequest::new(appends)).await.unwrap();
        }
        let (before, began) = (CpuTimes::now(), Instant::now());
        for id in &ids {
            by_hand.execute(id, 1);
        }
        raw.push(began.elapsed());
        raw_cpu.add_since(&before);
        let (before, began) = (CpuTimes::now(), Instant::now());
        for id in &ids {
            accounts.execute(id, Deposit(1)).await.unwrap();
        }
        ours.push(began.elapsed());
        our_cpu.add_since(&before);
    }
    let commands = count * setup.effort.rounds;
    let mut row = Row::rates(count, &raw[1..], &ours[1..], "at least 0.7 of raw, 100 µs of CPU");
    row.baseline = format!("{}, {:.0} µs of CPU", row.baseline, raw_cpu.per(commands));
    row.ours = format!("{}, {:.0} µs of CPU ({})", row.ours, our_cpu.per(commands), our_cpu.each_per(commands));
    row
}
