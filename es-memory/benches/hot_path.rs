//! Load, decide and append in memory, against a bare `HashMap` that does the same serde work by hand.
//!
//! `cargo bench -p es-memory`

#![allow(missing_docs, reason = "criterion's macros write public functions")]
#![expect(clippy::unwrap_used, reason = "a bench stops at the first error")]

use std::{
    collections::HashMap,
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use es_core::{Aggregate, Event, EventStoreExt, Handle, IntoEvents, RepositoryExt, StoreRepository, apply};
use es_memory::MemoryStore;
use serde::{Deserialize, Serialize};

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.opened")]
struct Opened {
    owner: String,
    currency: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event(name = "account.deposited")]
struct Deposited {
    amount: i64,
    reference: String,
    counterparty: Option<String>,
}

#[derive(Aggregate, Default, Debug)]
#[aggregate(category = "account", id = String, events(Opened, Deposited))]
struct Account {
    owner: String,
    balance: i64,
}

#[apply]
impl Account {
    fn opened(&mut self, event: Opened) {
        self.owner = event.owner;
    }

    fn deposited(&mut self, event: Deposited) {
        self.balance += event.amount;
    }
}

#[derive(Clone)]
struct Deposit {
    amount: i64,
}

#[derive(Debug, thiserror::Error)]
#[error("the balance is too high")]
struct TooHigh;

impl Handle<Deposit> for Account {
    type Error = TooHigh;

    fn handle(&self, command: Deposit) -> Result<impl IntoEvents<Self>, TooHigh> {
        if self.balance > i64::MAX / 2 { Err(TooHigh) } else { Ok(deposited(command.amount)) }
    }
}

fn opened() -> Opened {
    Opened { owner: "Ada Lovelace".to_owned(), currency: "EUR".to_owned() }
}

fn deposited(amount: i64) -> Deposited {
    Deposited { amount, reference: "invoice 2026-4711".to_owned(), counterparty: Some("Analytical Engines".to_owned()) }
}

/// The events as written without a framework.
#[derive(Serialize, Deserialize)]
enum ByHand {
    #[serde(rename = "account.opened")]
    Opened(Opened),
    #[serde(rename = "account.deposited")]
    Deposited(Deposited),
}

type Log = HashMap<String, Vec<Vec<u8>>>;

fn by_hand(log: &mut Log, id: &str, command: &Deposit) {
    let Some(stored) = log.get_mut(id) else { return };
    let mut account = Account::default();
    for payload in &*stored {
        match serde_json::from_slice(payload).unwrap() {
            ByHand::Opened(event) => account.opened(event),
            ByHand::Deposited(event) => account.deposited(event),
        }
    }
    if account.balance <= i64::MAX / 2 {
        let payload = serde_json::to_vec(&ByHand::Deposited(deposited(command.amount))).unwrap();
        // The same serde work as `es`: it decodes each event again before it stores it, and returns the new state.
        match serde_json::from_slice(&payload).unwrap() {
            ByHand::Opened(event) => account.opened(event),
            ByHand::Deposited(event) => account.deposited(event),
        }
        stored.push(payload);
    }
    black_box(account);
}

/// How many streams get one command each before new streams replace them, so that their length stays as given.
const STREAMS: usize = 1_000;

fn ids() -> Vec<String> {
    (0..STREAMS).map(|number| format!("account-{number}")).collect()
}

async fn filled(events: usize) -> StoreRepository<Account, MemoryStore> {
    let accounts = MemoryStore::new().repository::<Account>();
    for id in ids() {
        let deposits: Vec<_> = (1..events).map(|_| deposited(5)).collect();
        accounts.update(&id, |_| (opened(), deposits.clone())).await.unwrap();
    }
    accounts
}

fn filled_by_hand(events: usize) -> Log {
    let payload = |event: &ByHand| serde_json::to_vec(event).unwrap();
    let stream = || {
        let deposits = (1..events).map(|_| payload(&ByHand::Deposited(deposited(5))));
        std::iter::once(payload(&ByHand::Opened(opened()))).chain(deposits).collect()
    };
    ids().into_iter().map(|id| (id, stream())).collect()
}

/// Times `iterations` iterations in rounds, each of which runs one for each of at most [`STREAMS`] ids.
fn in_rounds(iterations: u64, mut round: impl FnMut(&[String]) -> Duration) -> Duration {
    let (ids, mut left, mut time) = (ids(), iterations, Duration::ZERO);
    while left > 0 {
        let count = left.min(STREAMS as u64);
        time += round(&ids[..usize::try_from(count).unwrap()]);
        left -= count;
    }
    time
}

fn hot_path(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut group = criterion.benchmark_group("load, decide, append");
    for events in [1, 10, 100] {
        group.bench_function(BenchmarkId::new("by hand", events), |bencher| {
            bencher.iter_custom(|iterations| {
                in_rounds(iterations, |ids| {
                    let mut log = filled_by_hand(events);
                    let start = Instant::now();
                    for id in ids {
                        by_hand(&mut log, id, &Deposit { amount: 5 });
                    }
                    start.elapsed()
                })
            });
        });
        group.bench_function(BenchmarkId::new("es", events), |bencher| {
            bencher.iter_custom(|iterations| {
                in_rounds(iterations, |ids| {
                    runtime.block_on(async {
                        let accounts = filled(events).await;
                        let start = Instant::now();
                        for id in ids {
                            black_box(accounts.execute(id, Deposit { amount: 5 }).await.unwrap());
                        }
                        start.elapsed()
                    })
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, hot_path);
criterion_main!(benches);
