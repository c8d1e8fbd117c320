//! Writers whose transactions pause, roll back, and return to savepoints.

use std::{
    process::{Child as Process, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use es_core::{Append, AppendError, EventName, EventStore, Expected, NewEvent, SchemaVersion, StreamId};
use es_postgres::PostgresStore;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls, Transaction};
use uuid::Uuid;

/// What takes the fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fence {
    /// The function that appends.
    ByFunction,
    /// The client, once per transaction, as remembered by a flag.
    ByClient,
}

pub(crate) struct Writers {
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Writers {
    pub(crate) fn start(store: &PostgresStore, url: &str, fence: Fence, count: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seed = Uuid::now_v7().as_u64_pair().1;
        println!("seed {seed}");
        let tasks = (0..count).map(|number| {
            let (store, stop, url) = (store.clone(), Arc::clone(&stop), url.to_owned());
            tokio::spawn(async move {
                let mut client = connect(&url).await;
                let mut random = Random(seed ^ (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
                while !stop.load(Ordering::Relaxed) {
                    // Every third writer appends through the coalescing writer, as applications do.
                    random.pause(10).await;
                    if number % 3 == 0 && fence == Fence::ByFunction {
                        store.append(append(&mut random).into()).await.unwrap();
                    } else {
                        transaction(&store, &mut client, fence, &mut random).await;
                    }
                }
            })
        });
        Self { tasks: tasks.collect(), stop }
    }

    pub(crate) async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

async fn transaction(store: &PostgresStore, client: &mut Client, fence: Fence, random: &mut Random) {
    let mut transaction = client.transaction().await.unwrap();
    let mut fenced = false;
    if random.one_in(2) {
        let savepoint = transaction.transaction().await.unwrap();
        let succeeded = write(store, &savepoint, fence, &mut fenced, random).await;
        random.pause(3).await;
        if succeeded && random.one_in(2) {
            savepoint.commit().await.unwrap();
        } else {
            savepoint.rollback().await.unwrap();
        }
    }
    let succeeded = write(store, &transaction, fence, &mut fenced, random).await;
    // A transaction without a fence is skipped if the others, begun after it drew, end before it. On a busy machine they take
    // long, so some pauses outlast them.
    let longest = if fence == Fence::ByClient && random.one_in(4) { 500 } else { 20 };
    random.pause(longest).await;
    if succeeded && !random.one_in(4) {
        transaction.commit().await.unwrap();
    } else {
        transaction.rollback().await.unwrap();
    }
}

/// Appends; `false` means that the transaction has failed.
async fn write(
    store: &PostgresStore,
    transaction: &Transaction<'_>,
    fence: Fence,
    fenced: &mut bool,
    random: &mut Random,
) -> bool {
    if fence == Fence::ByClient && !*fenced {
        transaction.execute("SELECT es.late_fence()", &[]).await.unwrap();
        *fenced = true;
    }
    match store.append_in(transaction, append(random)).await {
        Ok(_) => true,
        // In a deadlock of two transactions the server aborts one of them.
        Err(AppendError::Store(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

fn append(random: &mut Random) -> Vec<Append> {
    let name = EventName::from_static("tortured").unwrap();
    let count = 1 + random.below(3);
    let event = |_| NewEvent::from_json(Uuid::now_v7(), name.clone(), SchemaVersion::FIRST, "{}").unwrap();
    let stream = StreamId::new("torture", random.below(200).to_string()).unwrap();
    vec![Append::new(stream, Expected::Any, (0..count).map(event).collect())]
}

/// Pseudo-random numbers that a seed repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    async fn pause(&mut self, most: u64) {
        tokio::time::sleep(Duration::from_millis(self.below(most + 1))).await;
    }
}

pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A second process that writes.
pub(crate) struct Child(Process);

impl Child {
    pub(crate) fn start(url: &str, time: Duration) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["child", "--exact", "--ignored"]).env("ES_TORTURE_URL", url);
        command.env("ES_TORTURE_MILLIS", time.as_millis().to_string()).stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }

    pub(crate) fn wait(mut self) {
        assert!(self.0.wait().unwrap().success(), "the second process failed");
    }

    /// In the second process: the database to write to, and for how long.
    pub(crate) fn arguments() -> Option<(String, Duration)> {
        let millis = std::env::var("ES_TORTURE_MILLIS").ok()?.parse().ok()?;
        Some((std::env::var("ES_TORTURE_URL").ok()?, Duration::from_millis(millis)))
    }
}
