//! What the other processes do.

use std::{
    fs,
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use es_core::{Checkpoint, EventStore, Expected, Filter, Timestamp};
use es_sqlite::{
    SqliteStore,
    rusqlite::{Connection, TransactionBehavior},
};
use futures_util::StreamExt;
use uuid::Uuid;

use crate::{
    follow::{append_always, follow},
    process::{Process, role, say},
    record::{append, append_at_random},
};

/// Starts a process with this role on the file at `path`.
pub(crate) fn start(role: &str, path: &std::path::Path) -> Process {
    Process::start("child::entry", role, path, &[])
}

/// Where the other processes begin. Does nothing in the process that runs the tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entry() {
    let Some((role, path)) = role() else { return };
    match role.as_str() {
        "write" => write(&path, true).await,
        "write until told" => write(&path, false).await,
        "follow" => keep_read_model(&path).await,
        "count" => count(&path).await,
        "hold" => hold(&path).await,
        "hold a transaction" => hold_transaction(&path),
        "append when told" => append_when_told(&path).await,
        "watch" => watch(&path).await,
        other => panic!("no such role: {other}"),
    }
}

/// Waits for a line of the parent. Blocks the thread.
fn told() {
    std::io::stdin().read_exact(&mut [0]).unwrap();
}

async fn until_told() {
    tokio::task::spawn_blocking(told).await.unwrap();
}

/// Four tasks append and one subscribes, for ever or until the parent says so.
async fn write(path: &str, for_ever: bool) {
    let store = SqliteStore::open(path).await.unwrap();
    let seen = Arc::new(AtomicU64::new(0));
    let subscription = tokio::spawn(subscribe(store.clone(), Arc::clone(&seen)));
    let tasks: Vec<_> = (0..4).map(|_| tokio::spawn(append_at_random(store.clone()))).collect();
    if for_ever {
        for task in tasks {
            task.await.unwrap();
        }
        return;
    }
    until_told().await;
    for task in tasks {
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }
    // Other processes append meanwhile, so this is what the subscription must reach and not where it ends.
    let last = store.frontier().await.unwrap().position().get();
    while seen.load(Ordering::SeqCst) < last {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    subscription.abort();
    assert!(subscription.await.unwrap_err().is_cancelled());
}

/// Appends, and keeps a read model of what is appended.
async fn keep_read_model(path: &str) {
    let store = SqliteStore::open(path).await.unwrap();
    let appends = tokio::spawn(append_always(store.clone()));
    follow(store).await;
    appends.await.unwrap();
}

async fn subscribe(store: SqliteStore, last: Arc<AtomicU64>) {
    let from = store.frontier().await.unwrap();
    let mut events = store.subscribe(from, &Filter::all());
    while let Some(event) = events.next().await {
        let event = event.unwrap();
        say(&format!("seen {} {}", event.position, event.id));
        last.store(event.position.get(), Ordering::SeqCst);
    }
}

/// 32 tasks append, each to a stream of its own, until the parent says so; then says how many appends were acknowledged.
async fn count(path: &str) {
    let store = SqliteStore::builder(path).lock_timeout(Duration::from_secs(20)).open().await.unwrap();
    let (count, ends) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let tasks = (0..32).map(|_| {
        let (store, count, ends) = (store.clone(), Arc::clone(&count), Arc::clone(&ends));
        tokio::spawn(async move {
            let id = Uuid::now_v7().to_string();
            while !ends.load(Ordering::SeqCst) {
                store.append(append(&id, Expected::Any, 1).into()).await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    say("works");
    until_told().await;
    let before = count.load(Ordering::SeqCst);
    until_told().await;
    say(&(count.load(Ordering::SeqCst) - before).to_string());
    ends.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.unwrap();
    }
}

/// Appends, and waits within the transaction, which asks for the time, until the parent says so. Then appends once more.
async fn hold(path: &str) {
    let has_waited = AtomicBool::new(false);
    let clock = move || {
        if !has_waited.swap(true, Ordering::SeqCst) {
            say("holds");
            told();
        }
        Timestamp::now()
    };
    let store = SqliteStore::builder(path).clock(clock).open().await.unwrap();
    for _ in 0..2 {
        let answer = store.append(append("held", Expected::Any, 1).into()).await.unwrap();
        say(&format!("appended {}", answer[0].positions[0]));
    }
    until_told().await;
}

/// Appends in a transaction of its own, and commits it when the parent says so.
fn hold_transaction(path: &str) {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let store = runtime.block_on(SqliteStore::open(path)).unwrap();
        let mut mine = Connection::open(path).unwrap();
        let transaction = mine.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        store.append_in(&transaction, &append("held", Expected::Any, 1).into()).unwrap();
        say("holds");
        told();
        transaction.commit().unwrap();
        say("committed");
        told();
    });
}

/// Appends an event each time that the parent says so.
async fn append_when_told(path: &str) {
    let store = SqliteStore::open(path).await.unwrap();
    say("works");
    loop {
        until_told().await;
        store.append(append("told", Expected::Any, 1).into()).await.unwrap();
    }
}

/// Counts how often the thread that looks at the file runs: while nobody waits, while somebody waits, and again while nobody
/// does.
async fn watch(path: &str) {
    const TIME: Duration = Duration::from_millis(400);
    let store = SqliteStore::open(path).await.unwrap();
    let frontier = store.frontier().await.unwrap();
    // A thread has its name once it runs.
    while watchers().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for waits in [false, true, false] {
        let before = runs_of_watcher();
        if waits {
            let waited = tokio::time::timeout(TIME, store.changed(frontier)).await;
            assert!(waited.is_err(), "{waited:?}");
        } else {
            tokio::time::sleep(TIME).await;
        }
        say(&(runs_of_watcher() - before).to_string());
        // The thread may be in its last look.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(store.frontier().await.unwrap().position(), Checkpoint::START.position());
}

/// How often the thread has given up the processor to wait.
fn runs_of_watcher() -> u64 {
    let found = watchers();
    assert_eq!(found.len(), 1, "one thread looks at the file");
    found[0]
}

/// For each thread that looks at the file, how often it has given up the processor.
fn watchers() -> Vec<u64> {
    let mut found = Vec::new();
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let task = task.unwrap().path();
        // A thread may have ended by now.
        if fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == "es-sqlite-watch") {
            let status = fs::read_to_string(task.join("status")).unwrap();
            let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            found.push(count.unwrap().trim().parse().unwrap());
        }
    }
    found
}
