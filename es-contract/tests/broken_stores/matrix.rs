//! Runs each broken store against the promises that must catch it.

use std::{collections::BTreeSet, env, time::Duration};

use es_contract::contract::{self, PROMISES, Promise, Rerun};
use futures_util::{StreamExt, stream};

use crate::{caught::caught, fault::Fault, store::BrokenStoreFactory};

/// The variable that names the fault to a child process.
const FAULT: &str = "BROKEN_STORE";
/// How long a promise waits for a broken store.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How long a promise may hang with a broken store before it counts as broken.
const HANGS: Duration = Duration::from_secs(30);
/// How often a promise about a race is tried: one run may miss the race.
const ATTEMPTS: usize = 5;

/// Whether `promise` is broken by a store with `fault`.
async fn is_broken(fault: Fault, promise: Promise) -> bool {
    for _ in 0..ATTEMPTS {
        let path = concat!(module_path!(), "::in_a_child_process");
        let rerun = Rerun::new(path).with_env(FAULT, format!("{fault:?}")).with_patience(PATIENCE);
        let factory = BrokenStoreFactory(fault);
        // Run in a task of its own: a promise may panic on an answer of a broken store.
        let check = async move { contract::run_on_this_runtime(rerun, &factory, promise.check).await.is_ok() };
        let kept = tokio::time::timeout(HANGS, tokio::spawn(check)).await;
        if !matches!(kept, Ok(Ok(true))) {
            return true;
        }
    }
    false
}

fn promise(name: &str) -> Promise {
    *PROMISES.iter().find(|promise| promise.name == name).unwrap_or_else(|| panic!("there is no promise `{name}`"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_fault_is_caught_in_the_promises_named_beside_it() {
    let pairs = caught().flat_map(|(fault, promises)| promises.iter().map(move |name| (fault, promise(name))));
    let missed: Vec<_> = stream::iter(pairs)
        .map(|(fault, promise)| async move { (!is_broken(fault, promise).await).then_some((fault, promise.name)) })
        .buffer_unordered(8)
        .filter_map(std::future::ready)
        .collect()
        .await;
    assert!(missed.is_empty(), "faults that a promise does not catch: {missed:#?}");
}

#[test]
fn every_promise_fails_for_at_least_one_fault() {
    let broken: BTreeSet<&str> = caught().flat_map(|(_, promises)| promises.iter().copied()).collect();
    let all: BTreeSet<&str> = PROMISES.iter().map(|promise| promise.name).collect();
    assert_eq!(all.difference(&broken).collect::<Vec<_>>(), Vec::<&&str>::new(), "promises that no fault breaks");
    assert_eq!(all.len(), PROMISES.len(), "each promise has a name of its own");
    assert!(all.len() >= 80 && caught().count() >= 25);
}

#[test]
fn no_fault_passes() {
    assert!(caught().all(|(_, promises)| !promises.is_empty()));
}

// Without a fault the wrapper keeps every promise.
es_contract::store_contract!(BrokenStoreFactory(Fault::None));

/// Runs the task of a child process, with the fault that its parent names.
#[test]
#[ignore = "run by the matrix, in a process of its own"]
fn in_a_child_process() {
    let name = env::var(FAULT).unwrap_or_default();
    let faults = caught().map(|(fault, _)| fault).chain([Fault::None]);
    let fault = faults.into_iter().find(|fault| format!("{fault:?}") == name).expect("the parent names a fault");
    contract::run(Rerun::new(""), &BrokenStoreFactory(fault), |_| Box::pin(async { Ok(()) })).unwrap();
}
