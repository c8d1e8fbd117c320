//! Appends that are bigger than a batch do not block other appends, however slow their transfer is.

use std::{sync::Arc, time::Duration};

use es_core::{Append, AppendError, Appended, EventStore, Expected, NewEvent, StreamId};
use es_postgres::{BatchLimits, PostgresBuilder, PostgresStore};
use futures_util::future::join_all;
use test_postgres::Database;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::tools::{
    proxy::{NetworkFault, Proxy, port},
    recovery::{self, TIMEOUT},
    trial::builder,
    workload::named,
};

const MIB: usize = 1024 * 1024;

/// Batches of one small append.
fn one_each() -> BatchLimits {
    BatchLimits::new().with_bytes(1).with_events(1).with_streams(1)
}

fn append(id: &str, mebibytes: usize) -> Vec<Append> {
    let events: Vec<NewEvent> = match mebibytes {
        0 => vec![named("large.small", "1").unwrap()],
        count => {
            let one = named("large.large", &format!("\"{}\"", "x".repeat(MIB - 2))).unwrap();
            (0..count).map(|_| one.clone().with_id(Uuid::now_v7())).collect()
        }
    };
    vec![Append::new(StreamId::new("large", id).unwrap(), Expected::Any, events)]
}

/// A store whose append to the stream `slow-link` has been transferred by half, until the proxy releases the rest.
struct SlowTransfer {
    store: Arc<PostgresStore>,
    proxy: Proxy,
    database: Database,
    large: JoinHandle<Vec<Appended>>,
}

impl SlowTransfer {
    async fn new(mebibytes: usize, set_up: impl FnOnce(PostgresBuilder) -> PostgresBuilder) -> Self {
        let database = Database::fresh().unwrap();
        let proxy = Proxy::in_front_of(port(&database.url())).await;
        let store = Arc::new(set_up(builder(&proxy.url(&database.url()))).connect().await.unwrap());
        proxy.once_for("slow-link", NetworkFault::HoldSecondHalf);
        let large = Self::append(&store, "slow-link", mebibytes);
        while proxy.faults() == 0 {
            assert!(!large.is_finished());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Self { store, proxy, database, large }
    }

    fn append(store: &Arc<PostgresStore>, id: &str, mebibytes: usize) -> JoinHandle<Vec<Appended>> {
        let (store, append) = (Arc::clone(store), append(id, mebibytes));
        tokio::spawn(async move { store.append(append.into()).await.unwrap() })
    }

    /// Appends to other streams, large events too, and waits until readers can see them.
    async fn other_appends(&self) {
        let small = (0..100).map(|number| Self::append(&self.store, &number.to_string(), 0));
        let all = small.chain((0..2).map(|number| Self::append(&self.store, &format!("large-{number}"), 5)));
        let done = join_all(all).await.into_iter().flat_map(Result::unwrap);
        let last = done.filter_map(|appended| appended.positions.last().copied()).max().unwrap();
        while self.store.frontier().await.unwrap().position() < last {
            self.store.changed(self.store.frontier().await.unwrap()).await.unwrap().position();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_are_not_blocked_by_a_large_transfer() {
    let slow = SlowTransfer::new(60, |store| store).await;
    tokio::time::timeout(TIMEOUT, slow.other_appends()).await.expect("other appends wait for the transfer");
    // A later append to the same stream waits for the large one.
    let behind = SlowTransfer::append(&slow.store, "slow-link", 0);
    tokio::time::timeout(TIMEOUT, slow.other_appends()).await.expect("other appends wait for the transfer");
    assert!(!slow.large.is_finished() && !behind.is_finished());
    slow.proxy.release();
    let versions = (slow.large.await.unwrap()[0].version.get(), behind.await.unwrap()[0].version.get());
    assert_eq!(versions, (60, 61));
    let url = slow.database.url();
    recovery::recovers_and_leaves_nothing(slow.store, &url).await.unwrap();
}

/// Checks that the test above can fail: a writer that sends a large append over the shared connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_append_in_a_shared_batch_is_caught() {
    let slow =
        SlowTransfer::new(60, |store| store.batch_limits(BatchLimits::new().with_bytes(usize::MAX).with_events(1_000)))
            .await;
    assert!(tokio::time::timeout(Duration::from_secs(1), slow.other_appends()).await.is_err());
    slow.proxy.release();
    slow.large.await.unwrap();
}

/// The server takes longer than the statement timeout to store a large append.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_append_gets_a_longer_statement_timeout() {
    let slow = SlowTransfer::new(3, |store| {
        store.batch_limits(one_each()).statement_timeout(Duration::from_millis(500)).retry_for(Duration::ZERO)
    })
    .await;
    let delays = "CREATE FUNCTION es.delay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  PERFORM pg_sleep(1); RETURN NULL; END $$";
    let trigger = "CREATE TRIGGER delay AFTER INSERT ON es.events FOR EACH STATEMENT EXECUTE FUNCTION es.delay()";
    slow.database.run(&[delays, trigger]).unwrap();
    slow.proxy.release();
    assert_eq!(slow.large.await.unwrap()[0].version, 3);
    // A small append does not get more time.
    let small = slow.store.append(append("1", 0).into()).await;
    assert!(matches!(small, Err(AppendError::Store(_))), "{small:?}");
}

/// The server's statement timeout and the store's 5 s beyond it both start when the whole append has arrived.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_transfer_does_not_count_against_the_statement_timeout() {
    let slow = SlowTransfer::new(3, |store| {
        store.batch_limits(one_each()).statement_timeout(Duration::from_secs(1)).retry_for(Duration::ZERO)
    })
    .await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    slow.proxy.release();
    assert_eq!(slow.large.await.unwrap()[0].version, 3);
}
