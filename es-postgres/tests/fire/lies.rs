//! Acknowledgements that are swallowed, connections that are cut, and poolers without room.

use std::sync::Arc;
use std::time::{Duration, Instant};

use es_core::{Append, AppendError, Direction, EventStore, Expected, StreamId, Version};
use es_postgres::{PostgresConnectError, PostgresError};
use futures_util::TryStreamExt;
use test_postgres::Database;

use crate::faults::broken::{Broken, Fault};
use crate::tools::healing;
use crate::tools::proxy::{Lie, Proxy, port};
use crate::tools::seed::{self, Chance};
use crate::tools::trial::{Report, Trial, builder};
use crate::tools::workload::event;

/// Each kind of lie in turn, once in `times` appends.
fn in_turn(mut chance: Chance, times: u64) -> impl FnMut() -> Lie + Send + 'static {
    let late = Lie::Delay(chance.pause(Duration::from_millis(300)));
    let mut lies = [Lie::CutBefore, Lie::SwallowAcknowledgement, Lie::CutWithin, late].into_iter().cycle();
    move || if chance.once_in(times) { lies.next().unwrap() } else { Lie::Nothing }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swallowed_acknowledgements_and_cut_connections_lose_and_double_nothing() {
    let mut chance = Chance::new("lies");
    let database = Database::fresh().unwrap();
    let url = database.url();
    let proxy = Proxy::before(port(&url)).await;
    let through = proxy.url(&url);
    let mut stores: Vec<Arc<dyn EventStore>> = Vec::new();
    for _ in 0..2 {
        let store = builder(&through).statement_timeout(Duration::from_secs(2));
        stores.push(Arc::new(store.connect().await.unwrap()));
    }
    proxy.plan(in_turn(chance.fork(), 5));
    let trial = Trial::start(&url, stores, 6, &mut chance);
    let end = Instant::now() + seed::duration(Duration::from_secs(4));
    while Instant::now() < end || proxy.lies() < 8 {
        trial.goes_on(10).await;
        tokio::time::sleep(chance.pause(Duration::from_millis(200))).await;
        proxy.cut();
        if chance.once_in(4) {
            proxy.refuse(true);
            tokio::time::sleep(chance.pause(Duration::from_millis(300))).await;
            proxy.refuse(false);
        }
    }
    proxy.plan(|| Lie::Nothing);
    let report = trial.end().await.unwrap();
    println!("{} lies; {report}", proxy.lies());
}

/// What the test above is for: stores that guess instead of asking, and stores that do not heal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_guesses_or_does_not_heal_is_caught() {
    let faults = [
        (Fault::GuessesRefused, "was refused and is stored"),
        (Fault::GuessesDone, "is not what is stored"),
        (Fault::SendsAnew, "is stored and nobody sent it"),
        (Fault::StaysDown, "the store does not heal"),
        (Fault::KeepsStreams, "is stuck"),
        (Fault::StandsStill, "the frontier does not move any more"),
        (Fault::Leaks, "sessions of 28 are left"),
        (Fault::LeavesBehind, "1 sessions of 0 are left"),
        (Fault::LeavesOpen, "1 open transactions"),
    ];
    futures_util::future::join_all(faults.map(|(fault, as_what)| async move {
        let caught = one_lie(fault, &mut Chance::new("guesses")).await.expect_err(as_what);
        assert!(caught.contains(as_what), "{fault:?} is caught as {caught}");
    }))
    .await;
}

/// What comes of it when a store with this fault is lied to once.
async fn one_lie(fault: Fault, chance: &mut Chance) -> Result<Report, String> {
    let database = Database::fresh().unwrap();
    let url = database.url();
    let proxy = Proxy::before(port(&url)).await;
    // it gives up at once, so that there is something to guess
    let store = builder(&proxy.url(&url)).retry_for(Duration::ZERO).connect().await.unwrap();
    let broken = Broken::new(store, fault, &url);
    let trial = Trial::start(&url, vec![Arc::new(broken)], 3, chance).patience(Duration::from_secs(10));
    trial.goes_on(10).await;
    // of an append that is stored whatever the others do, to a stream of theirs: of one that conflicts, it is true that
    // nothing was appended
    proxy.once_to("lied-to", Lie::SwallowAcknowledgement);
    let told = trial.append(&["0", "lied-to"]).await;
    assert_eq!((proxy.lies(), told.is_ok()), (1, fault != Fault::GuessesRefused), "{fault:?}: {told:?}");
    trial.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_without_room_stops_appends_and_reads_for_no_longer_than_their_time() {
    let database = Database::fresh().unwrap();
    let url = database.url();
    let proxy = Proxy::before(port(&url)).await;
    let limit = Duration::from_millis(300);
    let store = builder(&proxy.url(&url)).connect_timeout(limit).retry_for(limit).connect().await.unwrap();
    let stream = StreamId::new("fire", "1").unwrap();
    let append = || store.append(Append::new(stream.clone(), Expected::Any, vec![event()]).into());
    append().await.unwrap();
    proxy.fill(true);
    proxy.cut();
    let patience = Duration::from_secs(20);
    let read = || {
        tokio::time::timeout(
            patience,
            store.read_stream(&stream, Version::NONE, Direction::Forward, None).try_collect::<Vec<_>>(),
        )
    };
    tokio::time::timeout(patience, append()).await.expect("an append hangs").unwrap_err();
    assert!(read().await.expect("a read hangs").is_err());
    // nobody has a session to begin with
    let anew = builder(&proxy.url(&url)).connect_timeout(limit).connect();
    let error = tokio::time::timeout(patience, anew).await.expect("the start hangs").unwrap_err();
    assert!(matches!(error, PostgresConnectError::Server(PostgresError::Silent(time)) if time == limit), "{error}");
    proxy.fill(false);
    proxy.cut();
    healing::left_nothing(Arc::new(store), &url).await.unwrap();
}

/// Sent, stored and not heard of: when the stream is held by then, nobody can tell, and nobody may say it was refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_whose_answer_was_lost_is_not_refused_because_its_stream_is_held() {
    let database = Database::fresh().unwrap();
    let url = database.url();
    let proxy = Proxy::before(port(&url)).await;
    let store = builder(&proxy.url(&url)).lock_timeout(Duration::from_millis(300)).connect().await.unwrap();
    let direct = builder(&url).connect().await.unwrap();
    let stream = StreamId::new("account", "held").unwrap();
    let append = |expected| vec![Append::new(stream.clone(), expected, vec![event()])];
    store.append(append(Expected::NoStream).into()).await.unwrap();
    let count = async || {
        let events = direct.read_stream(&stream, Version::FIRST, Direction::Forward, None);
        events.try_collect::<Vec<_>>().await.unwrap().len()
    };
    let (mut client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    proxy.refuse(true);
    proxy.once(Lie::SwallowAcknowledgement);
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
    proxy.refuse(false);
    let answer = answer.await.unwrap();
    transaction.rollback().await.unwrap();
    let Err(AppendError::Unknown(unknown)) = answer else { panic!("{answer:?}") };
    assert!(store.resolve(*unknown).await.unwrap()[0].repeated);
    assert_eq!(count().await, 2);
}
