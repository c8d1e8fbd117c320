//! Lost acknowledgements, cut connections, and a pooler without a free connection.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use es_core::{Append, AppendError, Direction, EventStore, Expected, StreamId, Version};
use es_postgres::{PostgresConnectError, PostgresError};
use futures_util::TryStreamExt;
use test_postgres::Database;
use tokio_postgres::NoTls;

use crate::{
    faults::faulty_store::{Fault, FaultyStore},
    tools::{
        proxy::{NetworkFault, Proxy, port},
        recovery,
        seed::{self, Random},
        trial::{Report, Trial, builder},
        workload::event,
    },
};

/// Injects each kind of fault in turn, into one of `times` appends on average.
fn each_fault_in_turn(mut random: Random, times: u64) -> impl FnMut() -> NetworkFault + Send + 'static {
    let late = NetworkFault::Delay(random.pause(Duration::from_millis(300)));
    let mut faults =
        [NetworkFault::CutBefore, NetworkFault::DropAcknowledgement, NetworkFault::CutWithin, late].into_iter().cycle();
    move || if random.one_in(times) { faults.next().unwrap() } else { NetworkFault::None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn network_faults_neither_lose_nor_duplicate_events() {
    let mut random = Random::new("network faults");
    let database = Database::fresh().unwrap();
    let url = database.url();
    let proxy = Proxy::in_front_of(port(&url)).await;
    let through = proxy.url(&url);
    let mut stores: Vec<Arc<dyn EventStore>> = Vec::new();
    for _ in 0..2 {
        let store = builder(&through).statement_timeout(Duration::from_secs(2));
        stores.push(Arc::new(store.connect().await.unwrap()));
    }
    proxy.plan(each_fault_in_turn(random.fork(), 5));
    let trial = Trial::start(&url, stores, 6, &mut random);
    let end = Instant::now() + seed::duration(Duration::from_secs(4));
    while Instant::now() < end || proxy.faults() < 8 {
        trial.wait_for_appends(10).await;
        tokio::time::sleep(random.pause(Duration::from_millis(200))).await;
        proxy.cut();
        if random.one_in(4) {
            proxy.refuse_connections(true);
            tokio::time::sleep(random.pause(Duration::from_millis(300))).await;
            proxy.refuse_connections(false);
        }
    }
    proxy.plan(|| NetworkFault::None);
    let report = trial.end().await.unwrap();
    println!("{} network faults; {report}", proxy.faults());
}

/// Checks that the test above can fail: stores that guess an outcome, and stores that do not recover.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_guesses_or_does_not_recover_is_caught() {
    let faults = [
        (Fault::GuessesRefused, "was refused and is stored"),
        (Fault::GuessesAppended, "is not what is stored"),
        (Fault::ResendsWithNewIds, "is stored and nobody sent it"),
        (Fault::NeverReconnects, "the store does not recover"),
        (Fault::NeverReleasesStreams, "is stuck"),
        (Fault::FreezesFrontier, "the frontier does not advance"),
        (Fault::LeaksSessions, "sessions of 28 are left"),
        (Fault::LeaksAfterDrop, "1 sessions of 0 are left"),
        (Fault::LeavesTransactionOpen, "1 open transactions"),
    ];
    futures_util::future::join_all(faults.map(|(fault, expected)| async move {
        let caught = one_network_fault(fault, &mut Random::new("guesses")).await.expect_err(expected);
        assert!(caught.contains(expected), "{fault:?}: {caught}");
    }))
    .await;
}

/// Runs a trial of a store with this fault that loses one acknowledgement.
async fn one_network_fault(fault: Fault, random: &mut Random) -> Result<Report, String> {
    let database = Database::fresh().unwrap();
    let url = database.url();
    let proxy = Proxy::in_front_of(port(&url)).await;
    // The store does not retry, so that the outcome is unknown to the faulty wrapper.
    let store = builder(&proxy.url(&url)).retry_for(Duration::ZERO).connect().await.unwrap();
    let broken = FaultyStore::new(store, fault, &url);
    let trial = Trial::start(&url, vec![Arc::new(broken)], 3, random).recovery_limit(Duration::from_secs(10));
    trial.wait_for_appends(10).await;
    // The acknowledgement of an append that cannot conflict, since for a conflict `nothing was appended` is true.
    // It also appends to a stream that the other writers use.
    proxy.once_for("disturbed", NetworkFault::DropAcknowledgement);
    let answer = trial.append(&["0", "disturbed"]).await;
    assert_eq!((proxy.faults(), answer.is_ok()), (1, fault != Fault::GuessesRefused), "{fault:?}: {answer:?}");
    trial.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_pooler_blocks_appends_and_reads_no_longer_than_their_timeout() {
    let database = Database::fresh().unwrap();
    let url = database.url();
    let proxy = Proxy::in_front_of(port(&url)).await;
    let limit = Duration::from_millis(300);
    let store = builder(&proxy.url(&url)).connect_timeout(limit).retry_for(limit).connect().await.unwrap();
    let stream = StreamId::new("fire", "1").unwrap();
    let append = || store.append(Append::new(stream.clone(), Expected::Any, vec![event()]).into());
    append().await.unwrap();
    proxy.stall_connections(true);
    proxy.cut();
    let hangs_after = Duration::from_secs(20);
    let read = || {
        tokio::time::timeout(
            hangs_after,
            store.read_stream(&stream, Version::NONE, Direction::Forward, None).try_collect::<Vec<_>>(),
        )
    };
    tokio::time::timeout(hangs_after, append()).await.expect("an append hangs").unwrap_err();
    assert!(read().await.expect("a read hangs").is_err());
    // A new store cannot get a session at all.
    let anew = builder(&proxy.url(&url)).connect_timeout(limit).connect();
    let error = tokio::time::timeout(hangs_after, anew).await.expect("the start hangs").unwrap_err();
    assert!(matches!(error, PostgresConnectError::Server(PostgresError::Silent(time)) if time == limit), "{error}");
    proxy.stall_connections(false);
    proxy.cut();
    recovery::recovers_and_leaves_nothing(Arc::new(store), &url).await.unwrap();
}

/// An append is stored and its answer is lost. While another transaction holds the stream, the outcome stays unknown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_stays_unknown_while_the_stream_is_held() {
    let database = Database::fresh().unwrap();
    let url = database.url();
    let proxy = Proxy::in_front_of(port(&url)).await;
    let store = builder(&proxy.url(&url)).lock_timeout(Duration::from_millis(300)).connect().await.unwrap();
    let direct = builder(&url).connect().await.unwrap();
    let stream = StreamId::new("account", "held").unwrap();
    let append = |expected| vec![Append::new(stream.clone(), expected, vec![event()])];
    store.append(append(Expected::NoStream).into()).await.unwrap();
    let count = async || {
        let events = direct.read_stream(&stream, Version::FIRST, Direction::Forward, None);
        events.try_collect::<Vec<_>>().await.unwrap().len()
    };
    let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    proxy.refuse_connections(true);
    proxy.once(NetworkFault::DropAcknowledgement);
    let sent = append(Expected::Any);
    let answer = tokio::spawn({
        let (store, sent) = (store.clone(), sent.clone());
        async move { store.append(sent.into()).await }
    });
    while count().await < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let transaction = client.transaction().await.unwrap();
    direct.append_in(&transaction, append(Expected::Any)).await.unwrap();
    proxy.refuse_connections(false);
    let answer = answer.await.unwrap();
    transaction.rollback().await.unwrap();
    let Err(AppendError::Unknown(unknown)) = answer else { panic!("{answer:?}") };
    assert!(store.resolve(*unknown).await.unwrap()[0].repeated);
    assert_eq!(count().await, 2);
}
