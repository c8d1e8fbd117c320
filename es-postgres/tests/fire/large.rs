//! Appends that are bigger than a batch: nobody else waits for their transfer, however slow it is.

use std::sync::Arc;
use std::time::Duration;

use es_core::{Append, AppendError, Appended, EventStore, Expected, NewEvent, StreamId};
use es_postgres::{PostgresBuilder, PostgresStore};
use futures_util::future::join_all;
use test_postgres::Database;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::tools::healing::{self, PATIENCE};
use crate::tools::proxy::{Lie, Proxy, port};
use crate::tools::trial::builder;
use crate::tools::workload::named;

const MIB: usize = 1024 * 1024;

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

/// A store before which half of an append to the stream `slow-link` has arrived, and no more of it yet.
struct Slow {
    store: Arc<PostgresStore>,
    proxy: Proxy,
    database: Database,
    large: JoinHandle<Vec<Appended>>,
}

impl Slow {
    async fn new(mebibytes: usize, set_up: impl FnOnce(PostgresBuilder) -> PostgresBuilder) -> Self {
        let database = Database::fresh().unwrap();
        let proxy = Proxy::before(port(&database.url())).await;
        let store = Arc::new(set_up(builder(&proxy.url(&database.url()))).connect().await.unwrap());
        proxy.once_to("slow-link", Lie::HalfAtFirst);
        let large = Self::append(&store, "slow-link", mebibytes);
        while proxy.lies() == 0 {
            assert!(!large.is_finished());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Self { store, proxy, database, large }
    }

    fn append(store: &Arc<PostgresStore>, id: &str, mebibytes: usize) -> JoinHandle<Vec<Appended>> {
        let (store, append) = (Arc::clone(store), append(id, mebibytes));
        tokio::spawn(async move { store.append(append.into()).await.unwrap() })
    }

    /// Appends, large ones too, to a hundred other streams, and reads them.
    async fn others(&self) {
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
async fn appends_go_through_while_a_large_one_is_on_its_way() {
    let slow = Slow::new(60, |store| store).await;
    tokio::time::timeout(PATIENCE, slow.others()).await.expect("others wait for the transfer");
    // who follows on its stream comes after it
    let behind = Slow::append(&slow.store, "slow-link", 0);
    tokio::time::timeout(PATIENCE, slow.others()).await.expect("others wait for the transfer");
    assert!(!slow.large.is_finished() && !behind.is_finished());
    slow.proxy.let_through();
    let versions = (slow.large.await.unwrap()[0].version.get(), behind.await.unwrap()[0].version.get());
    assert_eq!(versions, (60, 61));
    let url = slow.database.url();
    healing::left_nothing(slow.store, &url).await.unwrap();
}

/// What the test above is for: a writer that sends a large append over the connection of all others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_append_in_the_batches_of_others_is_caught() {
    let slow = Slow::new(60, |store| store.batch_limits(usize::MAX, 1_000, 1_000)).await;
    assert!(tokio::time::timeout(Duration::from_secs(1), slow.others()).await.is_err());
    slow.proxy.let_through();
    slow.large.await.unwrap();
}

/// A server that takes longer than the statement's time to store what is large.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_append_has_longer_on_the_server() {
    let slow = Slow::new(3, |store| {
        store.batch_limits(1, 1, 1).statement_timeout(Duration::from_millis(500)).retry_for(Duration::ZERO)
    })
    .await;
    let delays = "CREATE FUNCTION es.delay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  PERFORM pg_sleep(1); RETURN NULL; END $$";
    let trigger = "CREATE TRIGGER delay AFTER INSERT ON es.events FOR EACH STATEMENT EXECUTE FUNCTION es.delay()";
    slow.database.run(&[delays, trigger]).unwrap();
    slow.proxy.let_through();
    assert_eq!(slow.large.await.unwrap()[0].version, 3);
    // which a small one has not
    let small = slow.store.append(append("1", 0).into()).await;
    assert!(matches!(small, Err(AppendError::Store(_))), "{small:?}");
}

/// The server has a second for the statement and the store waits 5 s more: both begin when all of it has arrived.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_takes_longer_than_a_statement_may_is_no_lost_answer() {
    let slow = Slow::new(3, |store| {
        store.batch_limits(1, 1, 1).statement_timeout(Duration::from_secs(1)).retry_for(Duration::ZERO)
    })
    .await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    slow.proxy.let_through();
    assert_eq!(slow.large.await.unwrap()[0].version, 3);
}
