//! Acknowledgements that are swallowed, connections that are cut, and servers that fall silent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use es_core::{Append, AppendError, EventStore, Expected, StreamId};
use test_postgres::Database;

use crate::broken::{Broken, Fault};
use crate::ledger::{self, Ledger};
use crate::proxy::{Lie, Proxy};
use crate::seed::{self, Chance};
use crate::trial::{Trial, builder};
use crate::workload::event;

fn port(url: &str) -> u16 {
    let config: tokio_postgres::Config = url.parse().unwrap();
    config.get_ports()[0]
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
    let mut lies = chance.fork();
    proxy.plan(move || match lies.below(24) {
        0 => Lie::CutBefore,
        1 => Lie::CutWithin,
        2 | 3 => Lie::SwallowAcknowledgement,
        _ => Lie::Nothing,
    });
    let trial = Trial::start(&url, stores, 6, &mut chance);
    let end = Instant::now() + seed::duration(Duration::from_secs(4));
    while Instant::now() < end {
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
    assert!(proxy.lies() > 5, "{}", proxy.lies());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swallowed_acknowledgement_is_learnt_by_sending_the_same_ids_again() {
    let database = Database::fresh().unwrap();
    let url = database.url();
    let proxy = Proxy::before(port(&url)).await;
    let store = builder(&proxy.url(&url)).connect().await.unwrap();
    let append = || Append::new(StreamId::new("fire", "1").unwrap(), Expected::Any, vec![event(), event()]);
    for (round, lie) in [Lie::SwallowAcknowledgement, Lie::CutBefore, Lie::CutWithin].into_iter().enumerate() {
        proxy.once(lie);
        let answer = store.append(vec![append()]).await.unwrap();
        assert_eq!(answer[0].repeated, lie == Lie::SwallowAcknowledgement, "{lie:?}");
        assert_eq!(answer[0].version, 2 * (round as u64 + 1), "{lie:?}");
    }
    assert_eq!(proxy.lies(), 3);
    assert_eq!(ledger::rows(&url).await.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_never_comes_is_unknown_and_is_resolved() {
    let database = Database::fresh().unwrap();
    let url = database.url();
    let proxy = Proxy::before(port(&url)).await;
    let store = builder(&proxy.url(&url)).persistence(Duration::from_millis(300)).connect().await.unwrap();
    let append = Append::new(StreamId::new("fire", "1").unwrap(), Expected::NoStream, vec![event()]);
    store.append(vec![Append::new(StreamId::new("fire", "0").unwrap(), Expected::Any, vec![event()])]).await.unwrap();
    // the server appends, and is never heard of again until it is let in
    proxy.once(Lie::SwallowAcknowledgement);
    proxy.refuse(true);
    let Err(AppendError::Unknown(unknown)) = store.append(vec![append]).await else { panic!("the outcome is known") };
    // still nobody there: what is not known does not become `nothing was appended`
    let Err(AppendError::Unknown(unknown)) = store.resolve(*unknown).await else { panic!("the outcome is known") };
    assert_eq!(ledger::rows(&url).await.len(), 2);
    proxy.refuse(false);
    let answer = store.resolve(*unknown).await.unwrap();
    assert!(answer[0].repeated);
    assert_eq!(ledger::rows(&url).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_stops_the_writer_for_no_longer_than_its_time_out() {
    let database = Database::fresh().unwrap();
    let url = database.url();
    let proxy = Proxy::before(port(&url)).await;
    let store = builder(&proxy.url(&url)).statement_timeout(Duration::from_millis(200)).connect().await.unwrap();
    proxy.once(Lie::Silence);
    let append = |id: &str| Append::new(StreamId::new("fire", id).unwrap(), Expected::NoStream, vec![event()]);
    let (first, second) = tokio::time::timeout(Duration::from_secs(30), async {
        tokio::join!(store.append(vec![append("1")]), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            store.append(vec![append("2")]).await
        })
    })
    .await
    .expect("the writer is stuck");
    assert!(first.unwrap()[0].repeated);
    assert!(!second.unwrap()[0].repeated);
    assert_eq!(ledger::rows(&url).await.len(), 2);
}

/// What the tests above are for: stores that guess instead of asking.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_guesses_is_caught() {
    for (fault, caught_as) in [
        (Fault::GuessesRefused, "answered as refused, and is there"),
        (Fault::SendsAnew, "stands elsewhere than was answered"),
    ] {
        let database = Database::fresh().unwrap();
        let url = database.url();
        let proxy = Proxy::before(port(&url)).await;
        // it gives up at once, so that there is something to guess
        let store = builder(&proxy.url(&url)).persistence(Duration::ZERO).connect().await.unwrap();
        let broken = Broken { store: Arc::new(store), fault };
        let ledger = Ledger::default();
        for lie in [Lie::Nothing, Lie::SwallowAcknowledgement] {
            proxy.once(lie);
            let append = Append::new(StreamId::new("fire", "1").unwrap(), Expected::Any, vec![event(), event()]);
            drop(ledger.append(&broken, vec![append]).await);
        }
        let caught = ledger.check(&ledger::rows(&url).await).unwrap_err();
        assert!(caught.contains(caught_as), "{caught}");
    }
}
